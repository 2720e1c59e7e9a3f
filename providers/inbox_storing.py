"""The webhook inbox takes a delivery in: raw, in one statement, committed before it is answered (I5)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from providers.models import ProviderAccount
from providers.wake import wake_inbox_soon
from providers.webhook_accounts import WebhookAccount

#: Often enough for "are webhooks arriving?", seldom enough not to have every delivery wait for one row.
TOUCH_AFTER = timedelta(seconds=10)

_KEPT_HEADERS = frozenset({"content-type", "content-encoding", "date", "user-agent"})
_KEPT_WORDS = ("signature", "timestamp")


def delivery_store(*, account: WebhookAccount, body: bytes, headers: Mapping[str, str], query: str = "") -> int | None:
    """Keep a verified request as it came and have a worker woken once it is committed. Header names in lower case.

    Returns the delivery's id; None, and nothing is kept, when the account is no longer what `account` says.
    """
    known = (account.pk, account.provider, account.key, account.credentials)
    told = (timezone.now(), body, json.dumps(_kept(headers)), query.replace("\x00", "")[:2000])
    stored = _store([*known, *told])
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


def _kept(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers an adapter may need to read the body; never cookies, keys or addresses."""
    return {
        name: value.replace("\x00", "")[:1000]
        for name, value in headers.items()
        if name in _KEPT_HEADERS or any(word in name for word in _KEPT_WORDS)
    }


_STORE = """
    WITH account AS (
        SELECT id, COALESCE(last_webhook_at < statement_timestamp() - make_interval(secs => %s), TRUE) AS is_to_be_noted
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
    connection.health_check_done = True  # type: ignore[attr-defined]  # the stubs do not know it
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
        cursor.execute(_STORE, [TOUCH_AFTER.total_seconds(), *values])
        row: tuple[int, bool] | None = cursor.fetchone()
    return row


def _touch(account_id: int) -> None:
    account = ProviderAccount.objects.filter(pk=account_id)
    account.filter(Q(last_webhook_at=None) | Q(last_webhook_at__lt=Now() - TOUCH_AFTER)).update(last_webhook_at=Now())
