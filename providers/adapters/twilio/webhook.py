"""Twilio's callbacks: the signature over address and form, statuses (with our reference in the address), inbound messages.

Source: https://www.twilio.com/docs/usage/webhooks/webhooks-security, .../messaging/guides/track-outbound-message-status.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from providers.adapters.twilio.errors import AMBIGUOUS_FAILURES, code_of, reason_of
from providers.adapters.twilio.send import REFERENCE
from providers.adapters.twilio.vocabulary import INBOUND_KINDS, MEDIA_KINDS, STATUSES
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
    UnreadableWebhook,
    WebhookRequest,
)
from providers.reading import Unreadable, items_read, phone, storable, text, whole_number
from providers.webhook_protection import same

SIGNATURE_HEADER = "x-twilio-signature"
#: Twilio passes on up to ten files; WhatsApp has one.
MOST_MEDIA = 10
_DEFAULT_PORTS = {"https": 443, "http": 80}
_BSUID = re.compile(r"[A-Z]{2}\.[A-Za-z0-9.]{1,128}")


# --- authenticity --------------------------------------------------------------------------------------------------------


def signature_verify(request: WebhookRequest, *, auth_token: str) -> None:
    """Raise BadSignature unless address and body are signed with the account's primary auth token. Constant time."""
    if not auth_token:
        raise BadSignature("The account has no auth token.")
    given = request.headers.get(SIGNATURE_HEADER, "").strip()
    fields = _signed_fields(request)
    if not any(same(given, signature(url, fields, auth_token=auth_token)) for url in _spellings(request.url)):
        raise BadSignature("The signature does not fit address and body.")


def signature(url: str, fields: list[tuple[str, str]], *, auth_token: str) -> str:
    """Twilio's signature of a request to `url` with these form fields."""
    signed = url + "".join(name + value for name, value in sorted(set(fields)))
    digest = hmac.new(auth_token.encode(), signed.encode("utf-8", "replace"), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()


def _signed_fields(request: WebhookRequest) -> list[tuple[str, str]]:
    """The fields that the signature covers; none where the signed address itself holds the body's digest."""
    digest = request.query.get("bodySHA256", "")
    if digest and same(digest.lower(), hashlib.sha256(request.body).hexdigest()):
        return []
    return _fields(request.body)


def _fields(body: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)
    except ValueError as error:
        raise BadSignature("The body has too many fields.") from error


def _spellings(url: str) -> Iterator[str]:
    """The address as it came, and with or without its scheme's own port: proxies add and take it."""
    yield url
    split = urlsplit(url)
    port, standard = split.port, _DEFAULT_PORTS.get(split.scheme)
    if standard is None or port not in (None, standard):
        return
    host = split.netloc.removesuffix(f":{standard}")
    yield urlunsplit(split._replace(netloc=f"{host}:{standard}" if port is None else host))


# --- reading -------------------------------------------------------------------------------------------------------------


def form_parse(request: WebhookRequest) -> list[Event | BadItem]:
    """The one event of a callback. Raises UnreadableWebhook when the body is no form."""
    try:
        pairs = parse_qsl(request.body.decode(), keep_blank_values=True, strict_parsing=True)
    except ValueError as error:
        raise UnreadableWebhook("The body is no form.") from error
    if not pairs:
        raise UnreadableWebhook("The body is empty.")
    fields: JsonObject = storable(dict(pairs))
    # Callbacks carry no time: the moment of their coming is the best there is.
    at = request.received_at or datetime.now(UTC)
    reference = request.query.get(REFERENCE, "")
    return items_read([("form", fields)], lambda item: _event(item, reference, at))


def _event(fields: JsonObject, reference: str, at: datetime) -> Event:
    if fields.get("MessageStatus") or (fields.get("SmsStatus") and "Body" not in fields):
        return _status(fields, reference, at)
    if "From" in fields and ("Body" in fields or "NumMedia" in fields):
        return _inbound(fields, at)
    return UnknownEvent(text(fields.get("EventType")) or "callback", fields)


def _status(fields: JsonObject, reference: str, at: datetime) -> StatusEvent:
    sid = text(fields.get("MessageSid")) or text(fields.get("SmsSid"))
    if not sid and not reference:
        raise Unreadable("MessageSid is missing.")
    word = text(fields.get("MessageStatus")) or text(fields.get("SmsStatus"))
    code = code_of(fields.get("ErrorCode"))
    words = [text(fields.get(name)) for name in ("ErrorMessage", "ChannelStatusMessage")]
    to_phone, to_bsuid = person(fields.get("To"))
    return StatusEvent(
        provider_message_id=sid,
        status=status_of(word, code),
        occurred_at=at,
        reference=reference,
        sender_external_id=sender(fields.get("From")),
        recipient_phone=to_phone,
        recipient_bsuid=to_bsuid,
        error_code=code,
        error_reason=reason_of(code),
        error_detail=". ".join(dict.fromkeys(word for word in words if word)),
        raw_status=word,
    )


def _inbound(fields: JsonObject, at: datetime) -> InboundEvent:
    sid = text(fields.get("MessageSid")) or text(fields.get("SmsMessageSid")) or text(fields.get("SmsSid"))
    if not sid:
        raise Unreadable("MessageSid is missing.")
    number, bsuid = person(fields.get("From"))
    known_bsuid = bsuid or person(fields.get("ExternalUserId"))[1]
    if not number and not known_bsuid:
        raise Unreadable("Nobody is named as the sender.")
    return InboundEvent(
        provider_message_id=sid,
        sender_external_id=sender(fields.get("To")),
        occurred_at=at,
        kind=_kind(fields),
        phone=number,
        bsuid=known_bsuid,
        profile_name=text(fields.get("ProfileName")),
        text=text(fields.get("Body")) or text(fields.get("ButtonText")),
        button_payload=text(fields.get("ButtonPayload")),
        context_message_id=text(fields.get("OriginalRepliedMessageSid")),
        payload=fields,
        media=tuple(_media(fields)),
    )


def status_of(word: str, code: str) -> DeliveryStatus:
    """A status word of Twilio's; a failure that is none for certain proves nothing."""
    known = STATUSES.get(word.lower(), DeliveryStatus.UNKNOWN)
    return DeliveryStatus.UNKNOWN if known is DeliveryStatus.FAILED and code in AMBIGUOUS_FAILURES else known


def person(address: object) -> tuple[str, str]:
    """Phone (E.164) and business-scoped user id of an address like whatsapp:+549...; at most one is set."""
    plain = text(address).removeprefix("whatsapp:")
    return phone(plain), plain if _BSUID.fullmatch(plain) else ""


def sender(address: object) -> str:
    """One of our numbers as the portal knows it: the digits."""
    return person(address)[0].removeprefix("+")


def _media(fields: JsonObject) -> list[MediaPointer]:
    count = min(whole_number(fields.get("NumMedia")) or 0, MOST_MEDIA)
    found = ((fields.get(f"MediaUrl{index}"), fields.get(f"MediaContentType{index}")) for index in range(count))
    return [MediaPointer(url=text(url), content_type=text(kind)) for url, kind in found if text(url)]


def _kind(fields: JsonObject) -> str:
    named = INBOUND_KINDS.get(text(fields.get("MessageType")).lower())
    if named is not None:
        return named
    if fields.get("ButtonPayload") or fields.get("ButtonText"):
        return "button"
    if fields.get("Latitude"):
        return "location"
    media = text(fields.get("MediaContentType0")).lower()
    return MEDIA_KINDS.get(media.partition("/")[0], "document") if media else "text"
