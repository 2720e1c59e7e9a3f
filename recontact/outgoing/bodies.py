"""What an event's body says. It is made when it is sent, of the rows as they are then, so an erased person is in none.

The event's own fact (what, when, the message's state) is as it was noted; query, customer and names are as they are now.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from django.db.models import QuerySet

from recontact.models import Campaign, Customer, Message, OutgoingEvent, Query, Subscription
from recontact.phones import phone_mask

#: From the ids of customers' messages to what each says: `kind`, `text` and `button`.
Reader = Callable[[Sequence[int]], Mapping[int, Mapping[str, str]]]

_READERS: list[Reader] = []


def reads_inbound(reader: Reader) -> Reader:
    """Register how an app above reads the customers' messages that it keeps. Idempotent."""
    if reader not in _READERS:
        _READERS.append(reader)
    return reader


def bodies(events: Sequence[OutgoingEvent], subscription: Subscription) -> list[bytes]:
    """The JSON of each event for this subscription, in a fixed number of queries. `actor` must be loaded."""
    queries = _by_id(Query.objects.select_related("team", "assigned_to"), (event.query_id for event in events))
    customers = _by_id(Customer.objects.all(), (event.customer_id for event in events))
    sent = Message.objects.select_related("sender_number").defer("components", "bubble")
    messages = _by_id(sent, (event.message_id for event in events))
    campaigns = _by_id(Campaign.objects.only("pk", "name", "state"), (event.campaign_id for event in events))
    inbound = _inbound(event.inbound_id for event in events)
    return [
        _encoded(
            {
                "id": str(event.uid),
                "type": event.kind,
                "occurred_at": event.occurred_at.isoformat(),
                "sequence": event.pk,
                "query": _query(queries.get(event.query_id)),
                "customer": _customer(customers.get(event.customer_id), subscription),
                "message": _message(messages.get(event.message_id), event, subscription),
                "inbound": _words(inbound.get(event.inbound_id), event, subscription),
                "campaign": _campaign(campaigns.get(event.campaign_id), event),
                "by": _named(event.actor),
            }
        )
        for event in events
    ]


def _by_id(rows: QuerySet[Any], ids: Iterable[int | None]) -> dict[int | None, Any]:
    wanted = {pk for pk in ids if pk is not None}
    return {row.pk: row for row in rows.filter(pk__in=wanted)} if wanted else {}


def _inbound(ids: Iterable[int | None]) -> dict[int | None, Mapping[str, str]]:
    wanted = sorted({pk for pk in ids if pk is not None})
    found: dict[int | None, Mapping[str, str]] = {}
    for reader in _READERS if wanted else ():
        found.update(reader(wanted).items())
    return found


def _query(query: Query | None) -> dict[str, Any] | None:
    if query is None:
        return None
    return {
        "id": query.pk,
        "reference": query.reference,
        "state": query.state,
        "origin": query.origin,
        "topic": query.topic,
        "resolution": query.resolution,
        "sender_number": query.sender_number_id,
        "team": _named(query.team),
        "assigned_to": _named(query.assigned_to),
    }


def _customer(customer: Customer | None, subscription: Subscription) -> dict[str, Any] | None:
    if customer is None:
        return None
    if subscription.whole_phones:
        return {"id": customer.pk, "phone": customer.phone, "bsuid": customer.bsuid, "name": customer.name}
    return {"id": customer.pk, "phone": phone_mask(customer.phone) if customer.phone else None}


def _message(message: Message | None, event: OutgoingEvent, subscription: Subscription) -> dict[str, Any] | None:
    if message is None:
        return None
    told = {
        "id": message.pk,
        "reference": str(message.reference),
        "kind": message.kind,
        "state": event.state,
        "reason": message.reason if event.state == message.state else "",
        "template": message.template_name,
        "sender_number": message.sender_number.phone,
    }
    return {**told, "text": message.body} if subscription.with_text else told


def _words(words: Mapping[str, str] | None, event: OutgoingEvent, subscription: Subscription) -> dict[str, Any] | None:
    if words is None:
        return None
    told: dict[str, Any] = {"id": event.inbound_id, "kind": words["kind"]}
    return {**told, "text": words["text"], "button": words["button"]} if subscription.with_text else told


def _campaign(campaign: Campaign | None, event: OutgoingEvent) -> dict[str, Any] | None:
    if campaign is None:
        return None
    told = {"id": campaign.pk, "name": campaign.name}
    return {**told, "state": event.state} if event.kind == OutgoingEvent.Kind.CAMPAIGN_FINISHED else told


def _named(row: Any) -> dict[str, Any] | None:
    return {"id": row.pk, "name": str(row)} if row is not None else None


def _encoded(body: dict[str, Any]) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
