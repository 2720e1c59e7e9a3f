"""What the portal and a provider's adapter say to each other: frozen values and the Provider protocol. No Django.

Outbound: an `OutboundMessage` goes in, an `Accepted` comes back or a `providers.errors.SendError` is raised.
Inbound: a webhook body becomes a list of events, each a frozen dataclass that the apps above handle.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Protocol, runtime_checkable

JsonObject = dict[str, Any]


# --- who sends -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AccountConfig:
    """One provider account as an adapter needs it: no database behind it.

    `credentials` holds the decrypted values of the adapter's declared fields; `repr` never shows them.
    `timeout_seconds` is the longest one call may take, from the first byte to the last.
    """

    account_id: int
    provider: str
    external_id: str
    credentials: Mapping[str, str] = field(repr=False)
    base_url: str = ""
    timeout_seconds: float = 20.0


@dataclass(frozen=True, slots=True)
class CredentialField:
    """One declared credential: what the form asks, whether it is a secret, and whether it may be left empty."""

    name: str
    label: str
    help_text: str = ""
    secret: bool = True
    required: bool = True


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a provider can do; the dispatcher and the screens ask this, never the provider's name."""

    text: bool = True
    look_up: bool = False
    callback_reference: bool = False
    price_reports: bool = False
    submit_templates: bool = False
    business_scoped_ids: bool = False


# --- what is sent --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Recipient:
    """A person on the wire: phone in E.164 with `+`, or a business-scoped user id. At least one is set; the phone wins."""

    phone: str = ""
    bsuid: str = ""


@dataclass(frozen=True, slots=True)
class TemplateContent:
    """A template by name and language with its send-time components in Meta's neutral shape.

    `components` is the list produced by `templates_app.rendering`: dicts with `type` (header, body, button, carousel,
    limited_time_offer), `sub_type`, `index` and `parameters`, already validated and complete.
    """

    name: str
    language: str
    components: Sequence[JsonObject]
    category: str


@dataclass(frozen=True, slots=True)
class TextContent:
    """Free text, allowed only inside an open service window."""

    body: str


@dataclass(frozen=True, slots=True)
class OutboundMessage:
    """One message for one person. `reference` is ours (no personal data in it) and comes back in webhooks where supported."""

    reference: str
    sender_external_id: str
    sender_phone: str
    recipient: Recipient
    content: TemplateContent | TextContent


@dataclass(frozen=True, slots=True)
class Exchange:
    """One HTTP call as it may be kept: redacted request and response, status (None without an answer), duration in ms."""

    method: str
    url: str
    request: JsonObject | None
    status: int | None
    response: JsonObject | None
    duration_ms: int
    error: str = ""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider took the message. `held` means it may still be held back by the provider (template pacing)."""

    provider_message_id: str
    held: bool = False
    wa_id: str = ""
    bsuid: str = ""
    exchange: Exchange | None = None


# --- what comes back -----------------------------------------------------------------------------------------------


class DeliveryStatus(StrEnum):
    """A provider's word on one message, normalized."""

    ACCEPTED = "accepted"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class PriceReport:
    """What a provider says about the price of a message.

    `billable` None = not said. `amount` is None when the provider names only the category (Meta). `category` is one of
    marketing, marketing_lite, utility, authentication, authentication_international, service, referral_conversion.
    """

    billable: bool | None
    category: str
    pricing_type: str = ""
    amount: Decimal | None = None
    currency: str = ""


@dataclass(frozen=True, slots=True)
class StatusEvent:
    """One status fact about one of our messages. Found by `reference` (ours) or `provider_message_id`."""

    provider_message_id: str
    status: DeliveryStatus
    occurred_at: datetime
    reference: str = ""
    sender_external_id: str = ""
    recipient_phone: str = ""
    recipient_bsuid: str = ""
    error_code: str = ""
    error_reason: str = ""
    error_detail: str = ""
    price: PriceReport | None = None
    raw_status: str = ""


@dataclass(frozen=True, slots=True)
class InboundEvent:
    """The customer wrote. `phone` is E.164 with `+`, or empty; `bsuid` may be the only identity.

    `kind`: text, button, interactive, image, audio, video, document, sticker, location, contacts, reaction, order,
    unsupported, unknown. `text` is what a person reads (body, button label, caption, emoji). `payload` is the raw item.
    """

    provider_message_id: str
    sender_external_id: str
    occurred_at: datetime
    kind: str
    phone: str = ""
    bsuid: str = ""
    profile_name: str = ""
    text: str = ""
    button_payload: str = ""
    context_message_id: str = ""
    payload: JsonObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class IdentityChangeEvent:
    """The customer changed number: the old identity and the new one (either id may be empty)."""

    occurred_at: datetime
    old_phone: str = ""
    new_phone: str = ""
    old_bsuid: str = ""
    new_bsuid: str = ""


@dataclass(frozen=True, slots=True)
class PreferenceEvent:
    """The customer changed the platform's marketing preference: `opted_out` True = stop, False = resume."""

    occurred_at: datetime
    opted_out: bool
    phone: str = ""
    bsuid: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class TemplateEvent:
    """A template changed at the provider. Empty fields mean: not said by this event.

    `status` is one of the `TemplateStatus` words of templates_app (APPROVED, PENDING, REJECTED, PAUSED, DISABLED, ...).
    `components_changed` asks for a sync. `language` uses underscores (es_AR).
    """

    external_id: str
    name: str
    language: str
    occurred_at: datetime
    status: str = ""
    category: str = ""
    coming_category: str = ""
    quality: str = ""
    reason: str = ""
    components_changed: bool = False


@dataclass(frozen=True, slots=True)
class NumberEvent:
    """A sender number changed: quality (GREEN, YELLOW, RED) or its portfolio's 24 h limit (None = not said, -1 = none)."""

    occurred_at: datetime
    sender_external_id: str = ""
    display_phone: str = ""
    quality: str = ""
    messaging_limit: int | None = None
    throughput: int | None = None
    event: str = ""


@dataclass(frozen=True, slots=True)
class AccountEvent:
    """The account changed. `park` True = sending must stop until `until` (None = until a person looks); False = it may go on.

    None = only to be shown. `messaging_limit` as in NumberEvent, for the whole portfolio.
    """

    occurred_at: datetime
    event: str
    park: bool | None = None
    until: datetime | None = None
    reason: str = ""
    messaging_limit: int | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class UnknownEvent:
    """An item of a webhook that we do not understand: kept and shown, never an error."""

    field_name: str
    payload: JsonObject


Event = (
    StatusEvent
    | InboundEvent
    | IdentityChangeEvent
    | PreferenceEvent
    | TemplateEvent
    | NumberEvent
    | AccountEvent
    | UnknownEvent
)


@dataclass(frozen=True, slots=True)
class BadItem:
    """One item of a webhook that could not be read; the others of the same delivery go on."""

    position: str
    error: str
    payload: Any = None


@dataclass(frozen=True, slots=True)
class WebhookRequest:
    """The request as it came: raw bytes, header names in lower case."""

    body: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class RemoteTemplate:
    """A template as the provider lists it. `components` is Meta's component JSON; other adapters translate to it."""

    external_id: str
    name: str
    language: str
    category: str
    status: str
    components: Sequence[JsonObject]
    parameter_format: str = "POSITIONAL"
    quality: str = ""
    rejection_reason: str = ""


@dataclass(frozen=True, slots=True)
class RemoteNumber:
    """A sender number as the provider lists it; throughput in messages/s, 0 = not said."""

    external_id: str
    display_phone: str
    verified_name: str = ""
    quality: str = ""
    throughput: int = 0
    messaging_limit: int | None = None


class BadSignature(Exception):
    """The webhook is not from the provider: answer 401/403 and store nothing."""


class UnreadableWebhook(Exception):
    """The body is no webhook at all (not JSON, no object). Stored as failed, never a 500."""


@runtime_checkable
class Provider(Protocol):
    """One provider account, ready to be used. Built by `providers.registry.adapter_for`."""

    slug: str
    label: str
    capabilities: Capabilities
    credential_fields: Sequence[CredentialField]

    async def send(self, message: OutboundMessage) -> Accepted:
        """Make exactly one HTTP call. Raises providers.errors.SendError, of exactly one of its four kinds."""
        ...

    def verify_webhook(self, request: WebhookRequest) -> None:
        """Raise BadSignature unless the request is authentic. Constant time."""
        ...

    def parse_webhook(self, request: WebhookRequest) -> list[Event | BadItem]:
        """Events in the order of the body. Raises UnreadableWebhook only when there is no item at all to read."""
        ...

    def webhook_challenge(self, query: Mapping[str, str]) -> str | None:
        """The body to answer to the provider's GET handshake, or None when it must be refused."""
        ...

    def fetch_templates(self) -> Iterable[RemoteTemplate]:
        """All pages of the account's templates. Raises providers.errors.ProviderCallError."""
        ...

    def fetch_numbers(self) -> Iterable[RemoteNumber]:
        """The account's sender numbers. Raises providers.errors.ProviderCallError."""
        ...
