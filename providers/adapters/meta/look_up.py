"""What became of a message whose id is known: GET /{phone number id}/message_history (Meta's OpenAPI of v23).

It cannot be searched by our reference or by person, so a lost answer is not settled by it, and finding nothing proves nothing.
"""

from __future__ import annotations

from providers.abilities import LookUp, LookUpAnswer
from providers.adapters.meta.errors import call_problem
from providers.adapters.meta.reading import Unreadable, moment, part, parts, text
from providers.adapters.meta.vocabulary import STATUSES
from providers.contracts import DeliveryStatus, JsonObject, StatusEvent
from providers.errors import Reason
from providers.http import Answer

FIELDS = "id,message_id,events{delivery_status,timestamp,error_description}"


def history_query(message: LookUp) -> dict[str, str]:
    """The query that asks for exactly this message."""
    return {"message_id": message.provider_message_id, "fields": FIELDS}


def history_read(answer: Answer, message: LookUp) -> LookUpAnswer:
    """The events about the message, oldest first, each status once. Raises ProviderCallError."""
    body = answer.json_object()
    if answer.status != 200 or body is None or not isinstance(body.get("data"), list):
        raise call_problem(answer)
    mine = [item for item in parts(body, "data") if text(item.get("message_id")) == message.provider_message_id]
    found = [event for item in mine for event in _events(item, message)]
    found.sort(key=lambda event: event.occurred_at)
    # Every app that is subscribed has an event of its own for the same fact.
    first = {event.raw_status: event for event in reversed(found)}
    return LookUpAnswer(
        events=sorted(first.values(), key=lambda event: event.occurred_at), exchanges=(answer.exchange,)
    )


def _events(item: JsonObject, message: LookUp) -> list[StatusEvent]:
    events = []
    for entry in parts(part(item, "events"), "data"):
        raw_status = text(entry.get("delivery_status"))
        try:
            occurred_at = moment(entry.get("timestamp"))
        except Unreadable:
            continue
        status = STATUSES.get(raw_status.lower(), DeliveryStatus.UNKNOWN)
        failed = status is DeliveryStatus.FAILED
        events.append(
            StatusEvent(
                provider_message_id=message.provider_message_id,
                status=status,
                occurred_at=occurred_at,
                reference=message.reference,
                sender_external_id=message.sender_external_id,
                # The history names no code.
                error_reason=Reason.PROVIDER_REJECTED if failed else "",
                error_detail=text(entry.get("error_description")) if failed else "",
                raw_status=raw_status,
            )
        )
    return events
