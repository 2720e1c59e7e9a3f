"""Clickatell's callbacks: statuses, and what customers wrote. They are not signed.

Source: https://help.clickatell.com/developers-api-reference/reference/one-api (client callbacks)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from providers.adapters.clickatell.errors import failure_of
from providers.adapters.clickatell.vocabulary import MEDIA_KINDS, STATUSES
from providers.contracts import (
    BadItem,
    DeliveryStatus,
    Event,
    InboundEvent,
    JsonObject,
    MediaPointer,
    StatusEvent,
    UnknownEvent,
    UnreadableWebhook,
)
from providers.reading import Unreadable, body_object, items_read, moment, part, phone, required, text

CHANNELS = ("whatsapp", "")


def body_parse(body: bytes) -> list[Event | BadItem]:
    """The events of a body, in its order. Raises UnreadableWebhook when there is nothing in it to read."""
    event = body_object(body).get("event")
    if not isinstance(event, dict) or not event:
        raise UnreadableWebhook("The body holds no event.")
    found: list[Event | BadItem] = []
    for name, items in event.items():
        listed = items if isinstance(items, list) else [items]
        placed = [(f"event.{name}[{index}]", item) for index, item in enumerate(listed)]
        found.extend(items_read(placed, _reader(name)))
    return found


def status_of(code: str, word: str) -> DeliveryStatus:
    """A status by its word where that is known, else by its code; UNKNOWN proves nothing."""
    if failure_of(code, word):
        return DeliveryStatus.FAILED
    return STATUSES.get(word.upper()) or STATUSES.get(code) or DeliveryStatus.UNKNOWN


def _reader(name: str) -> Callable[[JsonObject], Event]:
    known = _READERS.get(name)

    def read(item: JsonObject) -> Event:
        if known is None or text(item.get("channel")).lower() not in CHANNELS:
            return UnknownEvent(name, item)
        return known(item)

    return read


def _status(item: JsonObject) -> StatusEvent:
    message_id, reference = text(item.get("messageId")), text(item.get("clientMessageId"))
    if not message_id and not reference:
        raise Unreadable("messageId is missing.")
    code, word = text(item.get("statusCode")), text(item.get("status"))
    failure = failure_of(code, word)
    return StatusEvent(
        provider_message_id=message_id,
        status=status_of(code, word),
        occurred_at=moment(item.get("timestamp")),
        reference=reference,
        recipient_phone=phone(item.get("to")),
        error_code=failure[0] if failure else "",
        error_reason=failure[1].reason if failure else "",
        error_detail=word if failure else "",
        raw_status=word or code,
    )


def _inbound(item: JsonObject, kind: str, words: str) -> InboundEvent:
    number = phone(item.get("from"))
    if not number:
        raise Unreadable("Nobody is named as the sender.")
    return InboundEvent(
        provider_message_id=required(item, "messageId"),
        sender_external_id=phone(item.get("to")).removeprefix("+"),
        occurred_at=moment(item.get("timestamp")),
        kind=kind,
        phone=number,
        profile_name=text(part(item, "whatsapp").get("profileName")),
        text=words,
        context_message_id=text(item.get("relatedMessageId")),
        payload=item,
    )


def _text(item: JsonObject) -> InboundEvent:
    return _inbound(item, "text", text(item.get("content")))


def _media(item: JsonObject) -> InboundEvent:
    # The names of these fields are not documented; what is missing leaves a document without words.
    content_type = text(item.get("contentType")).lower()
    kind = MEDIA_KINDS.get(content_type.partition("/")[0], "document")
    pointer = MediaPointer(url=text(item.get("url")), content_type=content_type)
    return replace(_inbound(item, kind, text(item.get("caption"))), media=(pointer,) if pointer.url else ())


def _location(item: JsonObject) -> InboundEvent:
    named = [text(item.get(name)) for name in ("name", "address")]
    place = f"{item.get('latitude', '')}, {item.get('longitude', '')}"
    return _inbound(item, "location", ", ".join(word for word in named if word) or place)


_READERS: dict[str, Callable[[JsonObject], Event]] = {
    "messageStatusUpdate": _status,
    "moText": _text,
    "moMedia": _media,
    "moLocation": _location,
}
