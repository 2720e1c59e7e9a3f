"""The webhook inbox: deliveries are stored raw, then read item by item, so that one bad item spoils nothing (I5).

A worker claims a delivery by a lease, so no two read it at once, and each handler of each item has a transaction of its
own. Handlers are idempotent, so a delivery may be read again at any time: after a crash, twice sent, or by a person.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from traceback import walk_tb
from typing import Any

import structlog
from django.conf import settings
from django.db import IntegrityError, InterfaceError, OperationalError, connection, transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from providers.clock import ClockTimestamp
from providers.contracts import BadItem, Event, UnreadableWebhook, WebhookRequest
from providers.credentials import CredentialsError
from providers.delivery_keys import item_keys
from providers.events import CannotHandle, Handler, handlers_for
from providers.models import ProviderAccount, WebhookDelivery
from providers.registry import adapter_for
from providers.wake import wake_inbox_soon
from providers.webhook_accounts import WebhookAccount

log = structlog.get_logger(__name__)

#: Longer than any one item takes: it is renewed between them. A dead worker's delivery waits this long.
LEASE = timedelta(seconds=60)
#: A delivery whose worker died this often is left to a person.
MOST_RUNS = 5
#: Tries of one handler when another transaction was in its way.
TRIES = 3
#: Often enough for "are webhooks arriving?", seldom enough not to have every delivery wait for one row.
TOUCH_AFTER = timedelta(seconds=10)
MOST_PROBLEMS = 200

_KEPT_HEADERS = frozenset({"content-type", "content-encoding", "date", "user-agent"})
_KEPT_WORDS = ("signature", "timestamp")
# Deadlock, serialization failure, lock timeout: the same statement works when it is tried again.
_PASSING_STATES = frozenset({"40P01", "40001", "55P03"})


class DeliveryBusy(Exception):
    """A worker is reading the delivery right now."""


@dataclass(slots=True)
class _Run:
    """One reading of one delivery: how many items it had, and what was wrong with which."""

    delivery: WebhookDelivery
    items: int = 0
    good: int = 0
    problems: list[dict[str, str]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    renewed: float = field(default_factory=time.monotonic)

    def problem(self, position: str, error: str) -> None:
        self.problems.append({"position": position[:200], "error": error[:300]})

    @property
    def state(self) -> str:
        if not self.problems:
            return WebhookDelivery.State.PROCESSED
        return WebhookDelivery.State.PARTIAL if self.good else WebhookDelivery.State.FAILED


def delivery_store(*, account: WebhookAccount, body: bytes, headers: Mapping[str, str], query: str = "") -> int | None:
    """Keep a verified request as it came and have a worker woken once it is committed. Header names in lower case.

    Returns the delivery's id; None, and nothing is kept, when the account is no longer what `account` says.
    """
    values = (account.pk, account.provider, account.key, account.credentials)
    values += (timezone.now(), body, json.dumps(_kept(headers)), query.replace("\x00", "")[:2000])
    stored = _store(values)
    if stored is None:
        return None
    delivery_id, is_to_be_noted = stored
    if is_to_be_noted:
        _touch(account.pk)
    transaction.on_commit(wake_inbox_soon)
    return delivery_id


def handshake_note(account_id: int) -> None:
    """The provider has just confirmed the address of the account's webhook."""
    ProviderAccount.objects.filter(pk=account_id).update(handshake_at=Now())


def delivery_process(delivery_id: int) -> WebhookDelivery | None:
    """Read a waiting delivery and hand its events on. None: it is being read elsewhere, or was read already."""
    delivery = _claim(Q(pk=delivery_id, state=WebhookDelivery.State.RECEIVED))
    return None if delivery is None else _process(delivery)


def deliveries_process_waiting(limit: int = 200) -> int:
    """Read up to `limit` waiting deliveries, oldest first; returns how many. For workers and for beat."""
    for done in range(limit):
        delivery = _claim(Q(state=WebhookDelivery.State.RECEIVED))
        if delivery is None:
            return done
        _process(delivery)
    return limit


def delivery_replay(*, delivery_id: int) -> WebhookDelivery:
    """Read a delivery again, whatever came of it before; what was applied already is not applied twice.

    Raises DeliveryBusy while a worker reads it, WebhookDelivery.DoesNotExist when it has expired.
    """
    delivery = _claim(Q(pk=delivery_id))
    if delivery is None:
        WebhookDelivery.objects.get(pk=delivery_id)
        raise DeliveryBusy
    return _process(delivery)


# --- storing ---------------------------------------------------------------------------------------------------------


def _kept(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers an adapter may need to read the body; never cookies, keys or addresses."""
    return {
        name: value.replace("\x00", "")[:1000]
        for name, value in headers.items()
        if name in _KEPT_HEADERS or any(word in name for word in _KEPT_WORDS)
    }


_STORE = """
    WITH account AS (
        SELECT id, COALESCE(last_webhook_at < statement_timestamp() - %s, TRUE) AS is_to_be_noted
        FROM providers_provideraccount
        WHERE id = %s AND provider = %s AND webhook_key = %s AND credentials = %s
    ), stored AS (
        INSERT INTO providers_webhookdelivery
            (account_id, received_at, body, headers, query, state, runs, items, problems, keys)
        SELECT id, %s, %s, %s, %s, 'received', 0, 0, '[]', '{}' FROM account
        RETURNING id
    )
    SELECT stored.id, account.is_to_be_noted FROM stored, account
"""


def _store(values: Sequence[Any]) -> tuple[int, bool] | None:
    """One statement, and in autocommit one commit: the delivery's id and whether the account's moment is to be noted."""
    # A round trip less than asking first whether the connection lives; a dead one shows here, and is replaced.
    connection.health_check_done = True
    try:
        return _store_once(values)
    except (OperationalError, InterfaceError):
        if connection.in_atomic_block or connection.is_usable():
            raise
        connection.close()
        # If the lost connection did store it, it is there twice, which changes nothing.
        return _store_once(values)


def _store_once(values: Sequence[Any]) -> tuple[int, bool] | None:
    with connection.cursor() as cursor:
        cursor.execute(_STORE, [TOUCH_AFTER, *values])
        row: tuple[int, bool] | None = cursor.fetchone()
    return row


def _touch(account_id: int) -> None:
    account = ProviderAccount.objects.filter(pk=account_id)
    account.filter(Q(last_webhook_at=None) | Q(last_webhook_at__lt=Now() - TOUCH_AFTER)).update(last_webhook_at=Now())


# --- claiming --------------------------------------------------------------------------------------------------------


def _claim(wanted: Q) -> WebhookDelivery | None:
    """The oldest wanted delivery that nobody is reading, claimed and committed; None when there is none."""
    with transaction.atomic():
        rows = WebhookDelivery.objects.select_for_update(skip_locked=True, of=("self",)).select_related("account")
        free = Q(claimed_until=None) | Q(claimed_until__lte=ClockTimestamp())
        delivery = rows.filter(wanted, free).order_by("pk").first()
        if delivery is None:
            return None
        delivery.runs += 1
        WebhookDelivery.objects.filter(pk=delivery.pk).update(
            runs=delivery.runs, claimed_until=ClockTimestamp() + LEASE
        )
    return delivery


def _renew(run: _Run) -> bool:
    """Keep the lease while a long delivery is read. False: it was lost, and somebody else reads the delivery now."""
    if time.monotonic() - run.renewed < LEASE.total_seconds() / 4:
        return True
    run.renewed = time.monotonic()
    mine = WebhookDelivery.objects.filter(pk=run.delivery.pk, runs=run.delivery.runs)
    return bool(mine.update(claimed_until=ClockTimestamp() + LEASE))


def _finish(run: _Run) -> None:
    WebhookDelivery.objects.filter(pk=run.delivery.pk, runs=run.delivery.runs).update(
        state=run.state,
        items=run.items,
        problems=run.problems[:MOST_PROBLEMS],
        keys=run.keys,
        processed_at=ClockTimestamp(),
        claimed_until=None,
    )
    run.delivery.refresh_from_db()


# --- reading ---------------------------------------------------------------------------------------------------------


def _process(delivery: WebhookDelivery) -> WebhookDelivery:
    run = _Run(delivery)
    if delivery.state == WebhookDelivery.State.RECEIVED and delivery.runs > MOST_RUNS:
        run.problem("", f"Reading it was broken off {MOST_RUNS} times.")
    else:
        for position, item in enumerate(_parsed(run)):
            if not _renew(run):
                return delivery
            _item(run, f"item[{position}]", item)
    _finish(run)
    if run.problems:
        log.warning("webhook_problems", delivery_id=delivery.pk, state=run.state, problems=len(run.problems))
    return delivery


def delivery_parse(delivery: WebhookDelivery) -> list[Event | BadItem]:
    """What the delivery says. Raises UnreadableWebhook, CredentialsError, and whatever a faulty adapter raises."""
    adapter = adapter_for(delivery.account.config())
    url = f"{delivery.account.webhook_url}?{delivery.query}" if delivery.query else delivery.account.webhook_url
    body, received_at = bytes(delivery.body), delivery.received_at
    return adapter.parse_webhook(WebhookRequest(body, delivery.headers, url, received_at))


def _parsed(run: _Run) -> list[Event | BadItem]:
    delivery = run.delivery
    try:
        items = delivery_parse(delivery)
    except (UnreadableWebhook, CredentialsError) as error:
        run.problem("", str(error))
        return []
    except Exception as error:
        log.error("webhook_adapter_failed", delivery_id=delivery.pk, error=_where(error))
        run.problem("", f"The adapter failed: {_where(error)}")
        return []
    run.items, run.keys = len(items), item_keys(items)
    return items


def _item(run: _Run, position: str, item: Event | BadItem) -> None:
    if isinstance(item, BadItem):
        run.problem(item.position or position, item.error)
        return
    failed = False
    for handler in handlers_for(item):
        error = _handled(handler, run.delivery.account_id, item)
        if error:
            failed = True
            run.problem(position, f"{type(item).__name__}: {error}")
    run.good += not failed


def _handled(handler: Handler, account_id: int, event: Event) -> str:
    """Run one handler in a transaction of its own; returns what went wrong, without personal data, or "".

    A lost connection goes through: the delivery stays as it is and is read again when its lease has run out.
    """
    attempt = 0
    while True:
        attempt += 1
        try:
            with transaction.atomic():
                handler(account_id, event)
        except CannotHandle as problem:
            return str(problem)
        except Exception as error:
            if _connection_is_lost(error):
                raise
            if attempt == TRIES or not _passes(error):
                log.error("webhook_handler_failed", event_type=type(event).__name__, error=_where(error))
                return _where(error)
        else:
            return ""


def _connection_is_lost(error: Exception) -> bool:
    return isinstance(error, InterfaceError | OperationalError) and not connection.is_usable()


def _passes(error: Exception) -> bool:
    """Whether another transaction was in the way: two deliveries may make the same customer at the same moment."""
    if isinstance(error, IntegrityError):
        return True
    return isinstance(error, OperationalError) and getattr(error.__cause__, "sqlstate", None) in _PASSING_STATES


def _where(error: Exception) -> str:
    """The error's class and the line of ours it came from. Never its text, which may quote a person's data."""
    frames = [(Path(frame.f_code.co_filename), line) for frame, line in walk_tb(error.__traceback__)]
    ours = [
        f"{path.relative_to(settings.BASE_DIR)}:{line}"
        for path, line in frames
        if path.is_relative_to(settings.BASE_DIR) and "site-packages" not in path.parts
    ]
    return f"{type(error).__name__} ({ours[-1] if ours else 'outside the portal'})"
