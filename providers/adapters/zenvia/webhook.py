"""Zenvia's webhooks: one event a body, MESSAGE_STATUS or MESSAGE."""

from __future__ import annotations

from providers.adapters.zenvia.errors import cause_read
from providers.adapters.zenvia.vocabulary import FILE_KINDS, INBOUND_KINDS, STATUSES
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
    WebhookRequest,
)
from providers.reading import Unreadable, body_object, items_read, moment, part, parts, phone, required, text


def body_parse(request: WebhookRequest) -> list[Event | BadItem]:
    """The event of a body. Raises UnreadableWebhook when it names no type of event."""
    body = body_object(request.body)
    if not text(body.get("type")):
        raise UnreadableWebhook("The body names no type of event.")
    return items_read([("body", body)], _event)


def _event(body: JsonObject) -> Event:
    kind, message = text(body.get("type")), part(body, "message")
    if kind == "MESSAGE_STATUS":
        return _status(body, message)
    if kind == "MESSAGE" and text(message.get("direction") or body.get("direction")) != "OUT":
        return _inbound(body, message)
    return UnknownEvent(kind, body)


def _status(body: JsonObject, message: JsonObject) -> Event:
    """What became of one of our messages. The old `messageId` stands in for a `message` that is not there."""
    status = part(body, "messageStatus")
    word = required(status, "code")
    message_id, reference = text(message.get("id")) or text(body.get("messageId")), text(message.get("externalId"))
    if not message_id and not reference:
        raise Unreadable("message.id is missing.")
    known = STATUSES.get(word.upper(), DeliveryStatus.UNKNOWN)
    code, reason, detail = cause_read(status) if known is DeliveryStatus.FAILED else ("", "", "")
    return StatusEvent(
        provider_message_id=message_id,
        status=known,
        occurred_at=moment(status.get("timestamp") or body.get("timestamp")),
        reference=reference,
        sender_external_id=_sender(message.get("from")),
        recipient_phone=phone(message.get("to")),
        error_code=code,
        error_reason=reason,
        error_detail=detail,
        raw_status=word,
    )


def _inbound(body: JsonObject, message: JsonObject) -> Event:
    """What the customer wrote: the kind of the first content, the words of all."""
    contents = parts(message, "contents")
    first = contents[0] if contents else {}
    number = phone(message.get("from"))
    if not number:
        raise Unreadable("Nobody is named as the sender.")
    button_payload = next((found for item in contents if (found := text(item.get("payload")))), "")
    visitor = part(message, "visitor")
    return InboundEvent(
        provider_message_id=required(message, "id"),
        sender_external_id=_sender(message.get("to")),
        occurred_at=moment(message.get("timestamp") or body.get("timestamp")),
        kind="button" if button_payload and first.get("type") == "text" else _kind(first),
        phone=number,
        profile_name=text(visitor.get("name")) or text(visitor.get("firstName")),
        text="\n".join(words for item in contents if (words := _words(item))),
        button_payload=button_payload,
        context_message_id=text(message.get("idRef")),
        payload=message,
        media=tuple(pointer for item in contents if (pointer := _media(item)).url),
    )


def _media(content: JsonObject) -> MediaPointer:
    url, kind, name = (text(content.get(word)) for word in ("fileUrl", "fileMimeType", "fileName"))
    return MediaPointer(url=url, content_type=kind, file_name=name)


def _kind(content: JsonObject) -> str:
    if content.get("type") == "file":
        family = text(content.get("fileMimeType")).partition("/")[0].lower()
        return FILE_KINDS.get(family, "document")
    return INBOUND_KINDS.get(text(content.get("type")), "unknown")


def _words(content: JsonObject) -> str:
    named = (content.get(name) for name in ("text", "fileCaption", "fileName", "name", "address"))
    return next((found for word in named if (found := text(word))), "")


def _sender(value: object) -> str:
    """Our number or its alias as Zenvia writes it: digits without +."""
    return text(value).removeprefix("+")
