"""Bird's webhooks: the signature, and the events whatsapp.outbound, whatsapp.inbound and whatsapp.interaction."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from collections.abc import Callable, Iterable

from providers.adapters.messagebird.errors import delivery_reason
from providers.adapters.messagebird.vocabulary import INBOUND_KINDS, INTERACTIONS, STATUSES
from providers.contracts import (
    BadItem,
    BadSignature,
    DeliveryStatus,
    Event,
    InboundEvent,
    JsonObject,
    MediaPointer,
    StatusEvent,
    UnknownEvent,
    WebhookRequest,
)
from providers.reading import (
    Unreadable,
    body_object,
    items_read,
    moment,
    part,
    parts,
    phone,
    required,
    text,
    whole_number,
)
from providers.webhook_protection import same

SIGNATURE_HEADER = "messagebird-signature"
TIMESTAMP_HEADER = "messagebird-request-timestamp"
#: Retries last eight hours, and whether each is signed anew is not stated.
OLDEST_SECONDS = 8 * 3600 + 900
#: How far Bird's clock may be ahead of ours.
AHEAD_SECONDS = 900


def signature_verify(
    request: WebhookRequest, *, key: str, addresses: Iterable[str], now: Callable[[], float] = time.time
) -> None:
    """Raise BadSignature unless timestamp, one of our addresses and the body are signed, and not long ago."""
    given, timestamp = request.headers.get(SIGNATURE_HEADER, ""), request.headers.get(TIMESTAMP_HEADER, "").strip()
    seconds = whole_number(timestamp)
    if not key or seconds is None:
        raise BadSignature("The request is not signed, or the account has no signing key.")
    if not -AHEAD_SECONDS <= now() - seconds <= OLDEST_SECONDS:
        raise BadSignature("The request was signed too long ago.")
    digest = hashlib.sha256(request.body).digest()
    expected = [_signature(key, timestamp, address, digest) for address in addresses if address]
    if not any(same(given.strip(), one) for one in expected):
        raise BadSignature("The signature does not fit the body and the address.")


def body_parse(body: bytes) -> list[Event | BadItem]:
    """The event in a body. Raises UnreadableWebhook when it is no JSON object."""
    return items_read([("body", body_object(body))], _event)


def status_event(message: JsonObject) -> StatusEvent:
    """What a message of ours says about itself, in a webhook as in a list."""
    message_id, reference = text(message.get("id")), text(message.get("reference"))
    if not message_id and not reference:
        raise Unreadable("id is missing.")
    raw_status = required(message, "status")
    failure = part(message, "failure")
    code = text(failure.get("code"))
    status = STATUSES.get(raw_status, DeliveryStatus.UNKNOWN)
    failed = status is DeliveryStatus.FAILED
    return StatusEvent(
        provider_message_id=message_id,
        status=status,
        occurred_at=moment(message.get("updatedAt") or message.get("createdAt"), "updatedAt"),
        reference=reference,
        sender_external_id=text(message.get("channelId")),
        recipient_phone=_person(next(iter(parts(part(message, "receiver"), "contacts")), {})),
        error_code=code,
        error_reason=delivery_reason(code) if failed or code else "",
        error_detail=text(failure.get("description")) or text(message.get("reason")),
        raw_status=raw_status,
    )


def _event(body: JsonObject) -> Event:
    name, payload = text(body.get("event")), part(body, "payload")
    reader = _READERS.get(name)
    if reader is None:
        return UnknownEvent(name or "unknown", body)
    return reader(payload)


def _inbound(message: JsonObject) -> Event:
    contact, content = part(part(message, "sender"), "contact"), part(message, "body")
    number = _person(contact)
    if not number:
        raise Unreadable("Nobody is named as the sender.")
    kind = text(content.get("type"))
    inner = part(content, kind)
    postback = next((part(action, "postback") for action in parts(inner, "actions") if part(action, "postback")), {})
    return InboundEvent(
        provider_message_id=required(message, "id"),
        sender_external_id=text(message.get("channelId")),
        occurred_at=moment(message.get("createdAt"), "createdAt"),
        kind="button" if postback else INBOUND_KINDS.get(kind, "unknown"),
        phone=number,
        profile_name=text(part(contact, "annotations").get("name")),
        text=text(inner.get("text")) or text(postback.get("text")) or text(inner.get("caption")),
        button_payload=text(postback.get("payload")),
        context_message_id=text(part(message, "replyTo").get("id")),
        payload=message,
        media=tuple(_media(inner)),
    )


def _media(inner: JsonObject) -> list[MediaPointer]:
    """Images and files come as lists; audio and video, as far as the page says, as files of their type."""
    files = [file for name in ("images", "files") for file in parts(inner, name)] or [inner]
    found = [
        MediaPointer(
            url=text(file.get("mediaUrl")),
            content_type=text(file.get("contentType")),
            file_name=text(file.get("filename")),
        )
        for file in files
    ]
    return [pointer for pointer in found if pointer.url]


def _interaction(item: JsonObject) -> Event:
    kind = text(item.get("type"))
    if kind not in INTERACTIONS:
        return UnknownEvent(f"whatsapp.interaction.{kind or 'unknown'}", item)
    return StatusEvent(
        provider_message_id=required(item, "messageId"),
        status=INTERACTIONS[kind],
        occurred_at=moment(item.get("createdAt"), "createdAt"),
        sender_external_id=text(item.get("channelId")),
        raw_status=kind,
    )


_READERS: dict[str, Callable[[JsonObject], Event]] = {
    "whatsapp.outbound": status_event,
    "whatsapp.inbound": _inbound,
    "whatsapp.interaction": _interaction,
}


def _person(contact: JsonObject) -> str:
    is_phone = text(contact.get("identifierKey")) in ("", "phonenumber")
    return phone(contact.get("identifierValue")) if is_phone else ""


def _signature(key: str, timestamp: str, address: str, digest: bytes) -> str:
    signed = b"\n".join((timestamp.encode(), address.encode("utf-8", "replace"), digest))
    return base64.b64encode(hmac.new(key.encode(), signed, hashlib.sha256).digest()).decode()
