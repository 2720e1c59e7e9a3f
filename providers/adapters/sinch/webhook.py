"""Sinch's webhooks: the signature, delivery reports and what customers write. One item per delivery."""

from __future__ import annotations

import base64
import hashlib
import hmac
from urllib.parse import urlsplit

from providers.adapters.sinch.errors import delivery_meaning
from providers.adapters.sinch.vocabulary import INBOUND_KINDS, MEDIA_KINDS, STATUSES
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
from providers.reading import Unreadable, body_object, items_read, moment, part, phone, required, text
from providers.webhook_protection import same

SIGNATURE = "x-sinch-webhook-signature"
ALGORITHM = "hmacsha256"


def signature_verify(request: WebhookRequest, *, secret: str) -> None:
    """Raise BadSignature unless body, nonce and timestamp are signed with the webhook's secret."""
    headers = request.headers
    nonce, timestamp = (headers.get(f"{SIGNATURE}-{name}", "") for name in ("nonce", "timestamp"))
    if not secret or not nonce or not timestamp:
        raise BadSignature("The request is not signed, or the account has no webhook secret.")
    if headers.get(f"{SIGNATURE}-algorithm", ALGORITHM).strip().lower() != ALGORITHM:
        raise BadSignature("The signature has another algorithm than HmacSHA256.")
    signed = b".".join((request.body, nonce.encode("utf-8", "replace"), timestamp.encode("utf-8", "replace")))
    digest = base64.b64encode(hmac.new(secret.encode(), signed, hashlib.sha256).digest()).decode()
    if not same(headers.get(SIGNATURE, "").strip(), digest):
        raise BadSignature("The signature does not fit the body.")


def body_parse(body: bytes, *, app_id: str) -> list[Event | BadItem]:
    """The event in a body. Raises UnreadableWebhook when it is no JSON object."""
    item = body_object(body)

    def read(value: JsonObject) -> Event:
        given_app, trigger = text(value.get("app_id")), text(value.get("trigger"))
        reader = {"MESSAGE_DELIVERY": _delivery, "MESSAGE_INBOUND": _inbound}.get(trigger)
        # A project has many apps; what happens to another one is no business of this account.
        if reader is None or (given_app and app_id and given_app != app_id):
            return UnknownEvent(trigger or "unknown", value)
        return reader(value)

    return items_read([("body", item)], read)


def _delivery(body: JsonObject) -> Event:
    report = part(body, "message_delivery_report")
    identity = part(report, "channel_identity")
    if text(identity.get("channel")) not in ("", "WHATSAPP"):
        return UnknownEvent("MESSAGE_DELIVERY", body)
    # `correlation_id` is not looked at: of several messages in a conversation it names the last.
    message_id, reference = text(report.get("message_id")), text(report.get("metadata"))
    if not message_id and not reference:
        raise Unreadable("message_id is missing.")
    raw_status = required(report, "status")
    status = STATUSES.get(raw_status, DeliveryStatus.UNKNOWN)
    reason = part(report, "reason")
    code, sub_code = text(reason.get("code")), text(reason.get("sub_code"))
    meaning = delivery_meaning(code, sub_code)
    if status is DeliveryStatus.FAILED and not meaning.proven:
        # It may have arrived all the same: no proof, in no direction.
        status = DeliveryStatus.UNKNOWN
    return StatusEvent(
        provider_message_id=message_id,
        status=status,
        occurred_at=moment(body.get("event_time") or body.get("accepted_time"), "event_time"),
        reference=reference,
        recipient_phone=phone(identity.get("identity")),
        error_code=code,
        error_reason=meaning.reason if code else "",
        error_detail=_detail(text(reason.get("description")), sub_code),
        raw_status=raw_status,
    )


def _detail(description: str, sub_code: str) -> str:
    told = sub_code if sub_code != "UNSPECIFIED_SUB_CODE" else ""
    return f"{description} ({told})" if told else description


def _inbound(body: JsonObject) -> Event:
    message = part(body, "message")
    identity, content = part(message, "channel_identity"), part(message, "contact_message")
    if text(identity.get("channel")) not in ("", "WHATSAPP"):
        return UnknownEvent("MESSAGE_INBOUND", body)
    number = phone(identity.get("identity"))
    if not number:
        raise Unreadable("Nobody is named as the sender.")
    name = next((name for name in INBOUND_KINDS if isinstance(content.get(name), dict)), "")
    choice = part(content, "choice_response_message")
    kind = INBOUND_KINDS.get(name, "unknown")
    return InboundEvent(
        provider_message_id=required(message, "id"),
        sender_external_id=text(message.get("sender_id")).removeprefix("+"),
        occurred_at=moment(message.get("accept_time") or body.get("accepted_time"), "accept_time"),
        kind=_media_kind(content) if name in ("media_message", "media_card_message") else kind,
        phone=number,
        text=_readable(content),
        button_payload=text(choice.get("postback_data")),
        context_message_id=text(choice.get("message_id")) or text(part(content, "reply_to").get("message_id")),
        payload=message,
        media=tuple(_media(content)),
    )


def _media(content: JsonObject) -> list[MediaPointer]:
    file = part(content, "media_message") or part(content, "media_card_message")
    url = text(file.get("url"))
    return [MediaPointer(url=url, file_name=text(file.get("filename_override")))] if url else []


def _media_kind(content: JsonObject) -> str:
    address = text((part(content, "media_message") or part(content, "media_card_message")).get("url"))
    extension = urlsplit(address).path.rpartition(".")[2].lower()
    return MEDIA_KINDS.get(extension, "document")


def _readable(content: JsonObject) -> str:
    """What a person reads. Of a tapped button Sinch gives only what the button carries, not its words."""
    location = part(content, "location_message")
    words = (
        text(part(content, "text_message").get("text")),
        text(part(content, "choice_response_message").get("postback_data")),
        text(part(content, "media_card_message").get("caption")),
        text(location.get("title")) or text(location.get("label")),
    )
    return next((found for found in words if found), "")
