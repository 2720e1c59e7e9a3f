"""What became of a message: the list of the messages to a person in a time, matched by our reference in `metadata`.

The rows have no delivery status: a row proves that Sinch took the message, no more. That `metadata` of a row is what we sent as
`message_metadata` is not stated, so a message that is not found may be there all the same: absence proves nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime

from providers.abilities import LookUp, LookUpAnswer
from providers.adapters.sinch.errors import call_problem
from providers.contracts import DeliveryStatus, Exchange, JsonObject, StatusEvent
from providers.http import Answer
from providers.reading import Unreadable, moment, part, parts, phone, text

PAGE_SIZE = 1000
MAX_PAGES = 10

#: GET of the messages with this query.
Get = Callable[[Mapping[str, str]], Answer]


def found_by_list(get: Get, message: LookUp, app_id: str) -> LookUpAnswer:
    """Read all pages of the person's messages in the time. Raises ProviderCallError."""
    query = {
        "app_id": app_id,
        "channel": "WHATSAPP",
        "channel_identity": message.recipient.phone.removeprefix("+"),
        "start_time": _instant(message.sent_from),
        "end_time": _instant(message.sent_until),
        "direction": "TO_CONTACT",
        "messages_source": "CONVERSATION_SOURCE",
        "view": "WITH_METADATA",
        "page_size": str(PAGE_SIZE),
    }
    exchanges: list[Exchange] = []
    rows: list[JsonObject] = []
    token = ""
    for _page in range(MAX_PAGES):
        answer = get({**query, **({"page_token": token} if token else {})})
        exchanges.append(_proof(answer))
        body = answer.json_object()
        if answer.status != 200 or body is None or not isinstance(body.get("messages", []), list):
            raise call_problem(answer)
        rows += parts(body, "messages")
        token = text(body.get("next_page_token"))
        if not token:
            break
    events = [event for row in rows if (event := _event(row, message)) is not None]
    # A row without metadata might be ours.
    whole = not token and all(text(row.get("metadata")) for row in rows)
    return LookUpAnswer(events=events, absent=whole and not events, exchanges=exchanges)


def found_by_id(answer: Answer, message: LookUp) -> LookUpAnswer | None:
    """The message under its own id; None when Sinch does not know that id (any more)."""
    body = answer.json_object()
    if answer.status == 404:
        return None
    if answer.status != 200 or body is None:
        raise call_problem(answer)
    event = _event(body, message) if text(body.get("id")) == message.provider_message_id else None
    return LookUpAnswer(events=[event] if event else [], exchanges=[_proof(answer)])


def _event(row: JsonObject, message: LookUp) -> StatusEvent | None:
    """That Sinch took exactly this message; None for a row that is another one, or cannot be read."""
    message_id, reference = text(row.get("id")), text(row.get("metadata"))
    if not message_id or message_id != (message.provider_message_id or message_id):
        return None
    if reference != message.reference and not (message.provider_message_id and not reference):
        return None
    identity = row.get("channel_identity")
    try:
        return StatusEvent(
            provider_message_id=message_id,
            status=DeliveryStatus.ACCEPTED,
            occurred_at=moment(row.get("accept_time"), "accept_time"),
            reference=message.reference,
            sender_external_id=message.sender_external_id,
            recipient_phone=phone(identity.get("identity")) if isinstance(identity, dict) else "",
        )
    except Unreadable:
        return None


def _proof(answer: Answer) -> Exchange:
    """The exchange without what was written to the person: the rows repeat the whole message."""
    exchange = answer.exchange
    body = part(exchange.response or {}, "body")
    rows = [_without_content(row) for row in parts(body, "messages")] if "messages" in body else None
    kept = {**body, "messages": rows} if rows is not None else _without_content(body)
    return replace(exchange, response={**(exchange.response or {}), "body": kept})


def _without_content(row: JsonObject) -> JsonObject:
    return {name: value for name, value in row.items() if name != "app_message"}


def _instant(value: datetime) -> str:
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
