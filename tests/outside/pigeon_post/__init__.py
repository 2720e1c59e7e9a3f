"""A provider from outside the portal: messages by pigeon. The whole of a small adapter, as its author writes it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from providers.contracts import (
    Accepted,
    AccountConfig,
    BadItem,
    Capabilities,
    CredentialField,
    DeliveryStatus,
    Event,
    InboundEvent,
    JsonObject,
    OutboundMessage,
    Protection,
    RemoteNumber,
    RemoteTemplate,
    StatusEvent,
    TemplateContent,
    TextContent,
    UnknownEvent,
    WebhookRequest,
)
from providers.errors import ErrorCode, Reason, Rejected
from providers.http import Answer, Call, call_provider
from providers.parts import parts_check
from providers.policy import answer_error
from providers.reading import Unreadable, body_object, items_read, moment, part, parts, phone, required, text
from providers.webhook_protection import secret_protection, secret_verify

BASE_URL = "https://api.pigeon-post.example"
#: What of a request may be kept: never to whom it goes, nor what it says.
KEPT_PATHS = frozenset({"reference", "template.name", "template.language"})

CODES: dict[str, ErrorCode] = {
    "NO_CORN": ErrorCode(Reason.BILLING, "The pigeons are hungry"),
    "WRONG_KEY": ErrorCode(Reason.CREDENTIALS, "Unknown pigeonry"),
    "TIRED": ErrorCode(Reason.THROUGHPUT, "Too many flights", seconds=3),
    "NO_ROOF": ErrorCode(Reason.RECIPIENT_UNREACHABLE, "Nowhere to land"),
    "TORN": ErrorCode(Reason.TEMPLATE_PARAMETERS, "The letter does not fit"),
    "HAWK": ErrorCode(Reason.PROVIDER_ERROR, "Lost on the way", proven=False),
}
STATUSES: dict[str, DeliveryStatus] = {
    "perched": DeliveryStatus.ACCEPTED,
    "flying": DeliveryStatus.SENT,
    "landed": DeliveryStatus.DELIVERED,
    "read": DeliveryStatus.READ,
    "lost": DeliveryStatus.FAILED,
}


class PigeonPost:
    """One pigeonry. Its templates are entered in the portal by hand, its numbers too."""

    slug: str = "pigeon"
    label: str = "Pigeon Post"
    capabilities: Capabilities = Capabilities(parts=frozenset({"body"}), callback_reference=True, list_templates=False)
    error_codes: Mapping[str, ErrorCode] = CODES
    credential_fields: Sequence[CredentialField] = (
        CredentialField("api_key", "API key", "On the door of the pigeonry."),
        CredentialField("webhook_secret", "Webhook secret", "The same as at the pigeonry.", required=False),
    )

    def __init__(self, config: AccountConfig) -> None:
        self.config = config
        self._url = f"{(config.base_url or BASE_URL).rstrip('/')}/v1/flights"

    async def send(self, message: OutboundMessage) -> Accepted:
        call = Call(
            "POST",
            self._url,
            headers={"Authorization": f"Bearer {self._credential('api_key')}", "Accept": "application/json"},
            json_body=_flight(message),
            kept_paths=KEPT_PATHS,
            timeout=self.config.timeout_seconds,
        )
        return _accepted(await call_provider(call))

    def webhook_protection(self) -> Protection:
        return secret_protection(self._credential("webhook_secret"))

    def verify_webhook(self, request: WebhookRequest) -> None:
        secret_verify(request, secret=self._credential("webhook_secret"))

    def parse_webhook(self, request: WebhookRequest) -> list[Event | BadItem]:
        feathers = body_object(request.body).get("feathers")
        found = feathers if isinstance(feathers, list) else []
        return items_read(((f"feathers[{place}]", item) for place, item in enumerate(found)), _event)

    def webhook_challenge(self, query: Mapping[str, str]) -> str | None:
        return None

    def fetch_templates(self) -> Iterable[RemoteTemplate]:
        return ()

    def fetch_numbers(self) -> Iterable[RemoteNumber]:
        return ()

    def _credential(self, name: str) -> str:
        return self.config.credentials.get(name, "").strip()


def _flight(message: OutboundMessage) -> JsonObject:
    if not message.recipient.phone:
        raise Rejected(Reason.BSUID_NOT_SUPPORTED)
    flight: JsonObject = {
        "from": message.sender_phone,
        "to": message.recipient.phone,
        "reference": message.reference,
    }
    if isinstance(message.content, TextContent):
        return {**flight, "letter": message.content.body}
    if not isinstance(message.content, TemplateContent):
        raise Rejected(Reason.UNSUPPORTED)
    parts_check(message.content, PigeonPost.capabilities.parts)
    values = [text(value.get("text")) for item in message.content.components for value in parts(item, "parameters")]
    template = {"name": message.content.name, "language": message.content.language, "values": values}
    return {**flight, "template": template}


def _accepted(answer: Answer) -> Accepted:
    body = answer.json_object() or {}
    flight = text(body.get("flight"))
    if answer.status == 202 and flight:
        return Accepted(flight, exchange=answer.exchange)
    error = part(body, "error")
    raise answer_error(
        answer, CODES, code=text(error.get("code")), detail=text(error.get("words")), understood=bool(error)
    )


def _event(feather: JsonObject) -> Event:
    kind = text(feather.get("kind"))
    if kind == "flight":
        return _status(feather)
    if kind == "letter":
        return _inbound(feather)
    return UnknownEvent(kind or "feather", feather)


def _status(feather: JsonObject) -> StatusEvent:
    word, code = required(feather, "state"), text(feather.get("code"))
    meaning = CODES.get(code)
    return StatusEvent(
        provider_message_id=required(feather, "flight"),
        status=STATUSES.get(word, DeliveryStatus.UNKNOWN),
        occurred_at=moment(feather.get("at"), "at"),
        reference=text(feather.get("reference")),
        recipient_phone=phone(feather.get("to")),
        error_code=code,
        error_reason=meaning.reason.value if meaning else Reason.PROVIDER_REJECTED.value if code else "",
        error_detail=text(feather.get("words")),
        raw_status=word,
    )


def _inbound(feather: JsonObject) -> InboundEvent:
    sender = phone(feather.get("from"))
    if not sender:
        raise Unreadable("from is missing.")
    payload: dict[str, Any] = feather
    return InboundEvent(
        provider_message_id=required(feather, "letter"),
        sender_external_id=required(feather, "pigeonry"),
        occurred_at=moment(feather.get("at"), "at"),
        kind="text",
        phone=sender,
        profile_name=text(feather.get("name")),
        text=text(feather.get("words")),
        context_message_id=text(feather.get("answers")),
        payload=payload,
    )
