"""What `recontact.delivery_bulk` reads and writes: each for a whole batch in one statement, each by an index."""

from __future__ import annotations

import json
import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Any

from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from providers.contracts import DeliveryStatus
from recontact.delivery_plan import Plan
from recontact.hashes import keyed_hash
from recontact.models import CostEntry, Customer, Message, MessageEvent, Recontact

#: An account and a message's id there.
Key = tuple[int, str]

_READ = (
    "id", "reference", "account_id", "state", "retry_of_id", "provider_message_id", "accepted_at", "sent_at",
    "delivered_at", "read_at", "lease_expires_at", "reason", "provider_code", "provider_detail", "billed",
    "category", "recipient_phone", "recipient_bsuid", "currency", "created_at",
)  # fmt: skip
_WRITTEN = {
    "state": "varchar", "provider_message_id": "varchar", "accepted_at": "timestamptz", "sent_at": "timestamptz",
    "delivered_at": "timestamptz", "read_at": "timestamptz", "lease_expires_at": "timestamptz", "reason": "varchar",
    "provider_code": "varchar", "provider_detail": "varchar", "billed": "boolean",
}  # fmt: skip


class Contested(Exception):
    """Somebody else was at the same rows, so that what was decided no longer holds."""


# --- reading ---------------------------------------------------------------------------------------------------------


def messages_by_reference(references: Set[uuid.UUID]) -> dict[uuid.UUID, Message]:
    """The messages of these references, locked, but for those that somebody else holds."""
    if not references:
        return {}
    return {message.reference: message for message in _locked().filter(reference__in=references)}


def messages_by_id(keys: Set[Key], *, locked: Mapping[int, Message]) -> dict[Key, Message]:
    """The messages of these ids, locked, but for those that somebody else holds; of `locked` the same objects.

    An id that several messages have, or an erased person's, is left out.
    """
    found: dict[Key, list[Message]] = defaultdict(list)
    for account_id, ids in _by_account(keys).items():
        for message in _locked().filter(account_id=account_id, provider_message_id__in=ids):
            found[account_id, message.provider_message_id].append(locked.get(message.pk, message))
    return {key: messages[0] for key, messages in found.items() if len(messages) == 1}


def _locked() -> QuerySet[Message]:
    return Message.objects.select_for_update(no_key=True, skip_locked=True).only(*_READ)


def erased_ids(keys: Set[Key]) -> set[Key]:
    """Those of the keys that are of an erased customer: only a hash of the id is kept."""
    erased: set[Key] = set()
    for account_id, ids in _by_account(keys).items():
        hashes = {keyed_hash(each): each for each in ids}
        rows = Message.objects.filter(account_id=account_id, provider_message_id__in=list(hashes))
        erased |= {(account_id, hashes[each]) for each in rows.values_list("provider_message_id", flat=True)}
    return erased


def events_known(keys: Set[Key]) -> dict[Key, dict[str, tuple[bool, bool]]]:
    """The statuses stored under each key: whether the event has a message, and whether it has a price."""
    known: dict[Key, dict[str, tuple[bool, bool]]] = defaultdict(dict)
    for account_id, ids in _by_account(keys).items():
        rows = MessageEvent.objects.filter(account_id=account_id, provider_message_id__in=ids)
        for told, status, message_id, price in rows.order_by().values_list(
            "provider_message_id", "status", "message_id", "price"
        ):
            known[account_id, told][status] = (message_id is not None, price is not None)
    return known


def prices_told(message_ids: Set[int]) -> dict[int, dict[str, Any]]:
    """The last price told with a status of each message that was no failure."""
    rows = MessageEvent.objects.filter(message_id__in=message_ids).exclude(price=None)
    rows = rows.exclude(status=DeliveryStatus.FAILED).order_by("pk")
    return dict(rows.values_list("message_id", "price"))


def reported(message_ids: Set[int]) -> set[int]:
    """Those of the messages whose price is in the books."""
    rows = CostEntry.objects.filter(message_id__in=message_ids, kind=CostEntry.Kind.REPORT)
    return set(rows.order_by().values_list("message_id", flat=True))


def released(message_ids: Set[int]) -> set[int]:
    """Those of the messages whose query's right was given back."""
    return _in_ledger(message_ids, Recontact.State.RELEASED)


def reserved(message_ids: Set[int]) -> set[int]:
    """Those of the messages for which a query's right is reserved."""
    return _in_ledger(message_ids, Recontact.State.RESERVED)


def _in_ledger(message_ids: Set[int], state: str) -> set[int]:
    rows = Recontact.objects.filter(message_id__in=message_ids, state=state)
    return set(rows.order_by().values_list("message_id", flat=True))


def people_known(bsuids: Set[str]) -> set[tuple[str | None, str | None]]:
    """The (phone, user id) of the customers with these user ids."""
    return set(Customer.objects.filter(bsuid__in=bsuids).values_list("phone", "bsuid")) if bsuids else set()


def _by_account(keys: Iterable[Key]) -> dict[int, list[str]]:
    ids: dict[int, list[str]] = defaultdict(list)
    for account_id, provider_message_id in keys:
        ids[account_id].append(provider_message_id)
    return ids


# --- writing ---------------------------------------------------------------------------------------------------------


def messages_store(messages: Sequence[Message]) -> None:
    """Write these locked messages as they stand. Raises Contested when one is gone."""
    if not messages:
        return
    columns = [[getattr(message, name) for message in messages] for name in ("id", *_WRITTEN)]
    with connection.cursor() as cursor:
        cursor.execute(_MESSAGES, columns)
        if cursor.rowcount != len(messages):
            raise Contested


def events_store(plans: Sequence[Plan]) -> None:
    """Append the plans' events, those of a message in their order. Raises Contested when one came by another way."""
    rows = [(plan.message, new) for plan in plans for new in plan.events]
    if not rows:
        return
    # In one order, so that two batches with the same events wait for each other in no circle.
    rows.sort(key=lambda row: (row[0].account_id, row[1].event.provider_message_id))
    events = [new.event for _message, new in rows]
    columns: list[list[Any]] = [
        [message.account_id for message, _new in rows],
        [message.pk for message, _new in rows],
        [event.provider_message_id for event in events],
        [event.reference[:64] for event in events],
        [event.status.value for event in events],
        [event.raw_status[:40] for event in events],
        [event.occurred_at for event in events],
        [new.effect for _message, new in rows],
        [None if new.price is None else json.dumps(new.price) for _message, new in rows],
    ]
    with connection.cursor() as cursor:
        cursor.execute(_EVENTS, [timezone.now(), *columns])
        if cursor.rowcount != len(rows):
            raise Contested


_MESSAGES = f"""
    UPDATE recontact_message AS message SET {", ".join(f"{name} = told.{name}" for name in _WRITTEN)}
    FROM unnest(%s::bigint[], {", ".join(f"%s::{kind}[]" for kind in _WRITTEN.values())})
        AS told (id, {", ".join(_WRITTEN)})
    WHERE message.id = told.id
"""  # noqa: S608 -- only our own names go in

_EVENTS = """
    INSERT INTO recontact_messageevent
        (account_id, message_id, provider_message_id, reference, status, raw_status, occurred_at, received_at, effect,
         reason, provider_code, detail, price, recipient_hash)
    SELECT account_id, message_id, told, reference, status, raw_status, occurred_at, %s, effect, '', '', '', price, ''
    FROM unnest(%s::bigint[], %s::bigint[], %s::varchar[], %s::varchar[], %s::varchar[], %s::varchar[], %s::timestamptz[],
                %s::varchar[], %s::jsonb[])
        WITH ORDINALITY AS row (account_id, message_id, told, reference, status, raw_status, occurred_at, effect, price, place)
    ORDER BY place
    ON CONFLICT DO NOTHING
"""
