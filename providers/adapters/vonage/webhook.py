"""Vonage's webhooks: one status or one inbound message in each body."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, InvalidOperation

from providers.adapters.vonage.errors import problem_read
from providers.adapters.vonage.vocabulary import INBOUND_KINDS, STATUSES
from providers.contracts import (
    BadItem,
    DeliveryStatus,
    Event,
    InboundEvent,
    JsonObject,
    MediaPointer,
    PriceReport,
    StatusEvent,
    UnknownEvent,
)
from providers.errors import Reason
from providers.reading import Unreadable, body_object, items_read, moment, part, phone, required, text


def body_parse(body: bytes) -> list[Event | BadItem]:
    """The event of a body. Raises UnreadableWebhook when it is no JSON object."""
    return items_read([("body", body_object(body))], _event)


def _event(item: JsonObject) -> Event:
    if text(item.get("channel")) not in ("", "whatsapp"):
        return UnknownEvent("channel", item)
    if "status" in item:
        return _status(item)
    if "message_type" in item:
        return _inbound(item)
    return UnknownEvent("body", item)


# --- statuses ------------------------------------------------------------------------------------------------------------


def _status(item: JsonObject) -> StatusEvent:
    message_id, reference = text(item.get("message_uuid")), text(item.get("client_ref"))
    if not message_id and not reference:
        raise Unreadable("message_uuid is missing.")
    raw_status = required(item, "status")
    status = STATUSES.get(raw_status.lower(), DeliveryStatus.UNKNOWN)
    problem = problem_read(item.get("error"))
    if problem and problem.meaning.reason is Reason.DUPLICATE:
        # "Already sent" is no proof that nobody got it.
        status = DeliveryStatus.UNKNOWN
    person = part(part(item, "whatsapp"), "recipient")
    return StatusEvent(
        message_id,
        status,
        moment(item.get("timestamp")),
        reference=reference,
        sender_external_id=phone(item.get("from")).lstrip("+"),
        recipient_phone=phone(item.get("to")) or phone(person.get("wa_id")),
        recipient_bsuid=text(person.get("user_id")),
        error_code=problem.code if problem else "",
        error_reason=problem.meaning.reason if problem else "",
        error_detail=problem.detail if problem else "",
        price=_price(item),
        raw_status=raw_status,
    )


def _price(item: JsonObject) -> PriceReport | None:
    """Vonage's price of the message in `usage`; Meta's category where it is passed on."""
    usage = part(item, "usage")
    category = text(part(part(item, "whatsapp"), "pricing").get("category")).lower()
    amount = _amount(usage.get("price"))
    currency = text(usage.get("currency"))
    if amount is None or not currency:
        return PriceReport(None, category) if category else None
    return PriceReport(billable=True if amount else None, category=category, amount=amount, currency=currency)


def _amount(value: object) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        return None
    return amount if amount.is_finite() and amount >= 0 else None


# --- what the customer wrote ---------------------------------------------------------------------------------------------


def _inbound(item: JsonObject) -> InboundEvent:
    # Without a phone the person's business-scoped id stands in its place.
    number, given = phone(item.get("from")), text(item.get("from"))
    if not given:
        raise Unreadable("Nobody is named as the sender.")
    kind = INBOUND_KINDS.get(text(item.get("message_type")).lower(), "unknown")
    button, reply = part(item, "button"), part(item, "reply")
    return InboundEvent(
        required(item, "message_uuid"),
        phone(item.get("to")).lstrip("+"),
        moment(item.get("timestamp")),
        kind,
        phone=number,
        bsuid="" if number else given,
        profile_name=text(part(item, "profile").get("name")),
        text=_readable(kind, item),
        button_payload=text(button.get("payload")) or text(reply.get("id")),
        context_message_id=text(part(item, "context").get("message_uuid")),
        payload=item,
        media=tuple(_media(item)),
    )


def _media(item: JsonObject) -> list[MediaPointer]:
    file = part(item, text(item.get("message_type")).lower())
    url = text(file.get("url"))
    return [MediaPointer(url=url, file_name=text(file.get("name")))] if url else []


def _place(item: JsonObject) -> str:
    place = part(item, "location")
    named = ", ".join(word for word in (text(place.get("name")), text(place.get("address"))) if word)
    return named or f"{place.get('lat', '')}, {place.get('long', '')}"


def _emoji(item: JsonObject) -> str:
    return text(part(item, "reaction").get("emoji"))


_READERS: dict[str, Callable[[JsonObject], str]] = {
    "text": lambda item: text(item.get("text")),
    "button": lambda item: text(part(item, "button").get("text")),
    "interactive": lambda item: text(part(item, "reply").get("title")),
    "reaction": lambda item: "" if part(item, "reaction").get("action") == "unreact" else _emoji(item),
    "location": _place,
    "document": lambda item: text(part(item, "file").get("caption")) or text(part(item, "file").get("name")),
}


def _readable(kind: str, item: JsonObject) -> str:
    reader = _READERS.get(kind)
    return reader(item) if reader else text(part(item, kind).get("caption"))
