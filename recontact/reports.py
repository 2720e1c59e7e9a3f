"""What the webhooks told about messages: from a message to its deliveries, and from a delivery to its messages."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeGuard

from django.db.models import Q

from providers.contracts import BadItem, Event, InboundEvent, PriceEvent, StatusEvent
from providers.delivery_keys import id_key
from providers.models import WebhookDelivery
from recontact.hashes import keyed_hash
from recontact.models import Message, MessageEvent
from recontact.models.message import KNOWN_AT_PROVIDER

MOST_DELIVERIES = 20
MOST_ITEMS = 50


@dataclass(frozen=True, slots=True)
class Reported:
    """One item of a delivery about a message of ours: the message if it is found, and what became of the report."""

    status: str
    message: Message | None
    event: MessageEvent | None
    provider_code: str


def deliveries_about(*, account_id: int, ids: Iterable[str]) -> list[WebhookDelivery]:
    """The account's deliveries in which one of these ids occurs, newest first, without their bodies."""
    keys = [id_key(value) for value in ids if value]
    rows = (
        WebhookDelivery.objects.filter(account_id=account_id, keys__overlap=keys)
        if keys
        else WebhookDelivery.objects.none()
    )
    return list(rows.defer("body", "headers", "keys", "query").order_by("-id")[:MOST_DELIVERIES])


def reports_in(*, account_id: int, items: Sequence[Event | BadItem]) -> list[Reported]:
    """The reports of a delivery with the messages they are about, in their order; two queries, however many there are."""
    reports = [item for item in items if _is_about_a_message(item)][:MOST_ITEMS]
    found = _messages(account_id, reports)
    events = _events(account_id, [item for item in reports if isinstance(item, StatusEvent)])
    return [_reported(item, found, events) for item in reports]


def _is_about_a_message(item: Event | BadItem) -> TypeGuard[StatusEvent | PriceEvent | InboundEvent]:
    """Reports, and what the customer wrote in answer to something of ours."""
    if isinstance(item, InboundEvent):
        return bool(item.context_message_id)
    return isinstance(item, StatusEvent | PriceEvent)


def _reported(
    item: StatusEvent | PriceEvent | InboundEvent,
    found: dict[str, Message],
    events: dict[tuple[str, str], MessageEvent],
) -> Reported:
    if isinstance(item, InboundEvent):
        return Reported("inbound", found.get(item.context_message_id), None, "")
    message = found.get(item.reference) or found.get(item.provider_message_id)
    if isinstance(item, PriceEvent):
        return Reported("price", message, None, "")
    event = events.get((item.provider_message_id[:128], item.status.value))
    return Reported(item.status.value, message, event, item.error_code)


def _messages(account_id: int, reports: Sequence[StatusEvent | PriceEvent | InboundEvent]) -> dict[str, Message]:
    """By our reference as it came, and by the provider's id (hashed, once the customer was erased)."""
    references = {item.reference: _uuid(item.reference) for item in reports if not isinstance(item, InboundEvent)}
    ids = {
        item.context_message_id if isinstance(item, InboundEvent) else item.provider_message_id for item in reports
    } - {""}
    kept = {kept: value for value in ids for kept in (value, keyed_hash(value))}
    wanted = Q(reference__in=[value for value in references.values() if value is not None])
    rows = Message.objects.filter(
        wanted | Q(KNOWN_AT_PROVIDER, provider_message_id__in=list(kept)), account_id=account_id
    )
    found: dict[str, Message] = {}
    for message in rows.only("id", "reference", "provider_message_id", "state"):
        found |= {came: message for came, value in references.items() if value == message.reference}
        if message.provider_message_id in kept:
            found.setdefault(kept[message.provider_message_id], message)
    return found


def _events(account_id: int, reports: Sequence[StatusEvent]) -> dict[tuple[str, str], MessageEvent]:
    ids = {item.provider_message_id[:128] for item in reports} - {""}
    rows = MessageEvent.objects.filter(account_id=account_id, provider_message_id__in=ids) if ids else []
    return {(event.provider_message_id, event.status): event for event in rows}


def _uuid(value: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(value)
    except ValueError:
        return None
