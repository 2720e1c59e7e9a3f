"""The webhook inbox: deliveries are stored raw, then read item by item, so that one bad item spoils nothing (I5).

A worker claims a delivery by a lease, so no two read it at once, and each handler of each item has a transaction of its
own. Handlers are idempotent, so a delivery may be read again at any time: after a crash, twice sent, or by a person.

This is one delivery; `providers.inbox_batch` reads many at once, and comes back here for whatever is unusual.
"""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from traceback import walk_tb

import structlog
from django.conf import settings
from django.db import IntegrityError, InterfaceError, OperationalError, connection, transaction
from django.db.models import Q

from providers.clock import ClockTimestamp
from providers.contracts import BadItem, Event, Provider, UnreadableWebhook, WebhookRequest
from providers.credentials import CredentialsError
from providers.delivery_keys import item_keys
from providers.events import CannotHandle, Handler, handlers_for
from providers.models import WebhookDelivery
from providers.registry import adapter_for

log = structlog.get_logger(__name__)

#: Longer than any one item takes: it is renewed between them. A dead worker's delivery waits this long.
LEASE = timedelta(seconds=60)
#: A delivery whose worker died this often is left to a person.
MOST_RUNS = 5
#: Tries of one handler when another transaction was in its way.
TRIES = 3
MOST_PROBLEMS = 200

# Deadlock, serialization failure, lock timeout: the same statement works when it is tried again.
_PASSING_STATES = frozenset({"40P01", "40001", "55P03"})


class DeliveryBusy(Exception):
    """A worker is reading the delivery right now."""


@dataclass(slots=True)
class Run:
    """One reading of one delivery: how many items it had, and what was wrong with which."""

    delivery: WebhookDelivery
    items: int = 0
    good: int = 0
    problems: list[dict[str, str]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    renewed: float = field(default_factory=time.monotonic)

    def problem(self, position: str, error: str) -> None:
        """One item, or "" for the whole, could not be read or applied."""
        self.problems.append({"position": position[:200], "error": error[:300]})

    @property
    def state(self) -> str:
        """What the delivery comes to."""
        if not self.problems:
            return WebhookDelivery.State.PROCESSED
        return WebhookDelivery.State.PARTIAL if self.good else WebhookDelivery.State.FAILED

    def tell(self) -> None:
        """Log that there were problems."""
        if self.problems:
            log.warning("webhook_problems", delivery_id=self.delivery.pk, state=self.state, problems=len(self.problems))


def delivery_process(delivery_id: int) -> WebhookDelivery | None:
    """Read a waiting delivery and hand its events on. None: it is being read elsewhere, or was read already."""
    delivery = delivery_claim(Q(pk=delivery_id, state=WebhookDelivery.State.RECEIVED))
    return None if delivery is None else delivery_read(delivery)


def delivery_replay(*, delivery_id: int) -> WebhookDelivery:
    """Read a delivery again, whatever came of it before; what was applied already is not applied twice.

    Raises DeliveryBusy while a worker reads it, WebhookDelivery.DoesNotExist when it has expired.
    """
    delivery = delivery_claim(Q(pk=delivery_id))
    if delivery is None:
        WebhookDelivery.objects.get(pk=delivery_id)
        raise DeliveryBusy
    return delivery_read(delivery)


# --- claiming --------------------------------------------------------------------------------------------------------


def delivery_claim(wanted: Q) -> WebhookDelivery | None:
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


def _renew(run: Run) -> bool:
    """Keep the lease while a long delivery is read. False: it was lost, and somebody else reads the delivery now."""
    if time.monotonic() - run.renewed < LEASE.total_seconds() / 4:
        return True
    run.renewed = time.monotonic()
    mine = WebhookDelivery.objects.filter(pk=run.delivery.pk, runs=run.delivery.runs)
    return bool(mine.update(claimed_until=ClockTimestamp() + LEASE))


def _finish(run: Run) -> None:
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


def delivery_read(delivery: WebhookDelivery) -> WebhookDelivery:
    """Read a claimed delivery item by item, and note what came of it."""
    run = Run(delivery)
    if delivery.state == WebhookDelivery.State.RECEIVED and delivery.runs > MOST_RUNS:
        run.problem("", f"Reading it was broken off {MOST_RUNS} times.")
    else:
        for position, item in enumerate(items_of(run)):
            if not _renew(run):
                return delivery
            item_handle(run, position, item)
    _finish(run)
    run.tell()
    return delivery


def delivery_parse(delivery: WebhookDelivery, adapter: Provider | None = None) -> list[Event | BadItem]:
    """What the delivery says, by its account's adapter, which the caller may have at hand.

    Raises UnreadableWebhook, CredentialsError, and whatever a faulty adapter raises.
    """
    adapter = adapter or adapter_for(delivery.account.config())
    url = f"{delivery.account.webhook_url}?{delivery.query}" if delivery.query else delivery.account.webhook_url
    body, received_at = bytes(delivery.body), delivery.received_at
    return adapter.parse_webhook(WebhookRequest(body, delivery.headers, url, received_at))


def items_of(run: Run, adapter: Provider | None = None) -> list[Event | BadItem]:
    """The items of the run's delivery; none, and a problem, when it cannot be read."""
    delivery = run.delivery
    try:
        items = delivery_parse(delivery, adapter)
    except (UnreadableWebhook, CredentialsError) as error:
        run.problem("", str(error))
        return []
    except Exception as error:
        log.error("webhook_adapter_failed", delivery_id=delivery.pk, error=error_place(error))
        run.problem("", f"The adapter failed: {error_place(error)}")
        return []
    run.items, run.keys = len(items), item_keys(items)
    return items


def item_handle(run: Run, position: int, item: Event | BadItem, *, but: Collection[Handler] = ()) -> None:
    """Hand one item to its handlers, each in a transaction of its own; `but` are those that had it already."""
    place = f"item[{position}]"
    if isinstance(item, BadItem):
        run.problem(item.position or place, item.error)
        return
    failed = False
    for handler in handlers_for(item):
        error = "" if handler in but else _handled(handler, run.delivery.account_id, item)
        if error:
            failed = True
            run.problem(place, f"{type(item).__name__}: {error}")
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
            if connection_is_lost(error):
                raise
            if attempt == TRIES or not _passes(error):
                log.error("webhook_handler_failed", event_type=type(event).__name__, error=error_place(error))
                return error_place(error)
        else:
            return ""


def connection_is_lost(error: Exception) -> bool:
    """Whether the database is away: what was under way is read again later."""
    return isinstance(error, InterfaceError | OperationalError) and not connection.is_usable()


def _passes(error: Exception) -> bool:
    """Whether another transaction was in the way: two deliveries may make the same customer at the same moment."""
    if isinstance(error, IntegrityError):
        return True
    return isinstance(error, OperationalError) and getattr(error.__cause__, "sqlstate", None) in _PASSING_STATES


def error_place(error: Exception) -> str:
    """The error's class and the line of ours it came from. Never its text, which may quote a person's data."""
    frames = [(Path(frame.f_code.co_filename), line) for frame, line in walk_tb(error.__traceback__)]
    ours = [
        f"{path.relative_to(settings.BASE_DIR)}:{line}"
        for path, line in frames
        if path.is_relative_to(settings.BASE_DIR) and "site-packages" not in path.parts
    ]
    return f"{type(error).__name__} ({ours[-1] if ours else 'outside the portal'})"
