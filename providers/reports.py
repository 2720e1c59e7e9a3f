"""What a provider reports, as typed events: frozen values that the apps above handle. No Django."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from providers.usage import Usage

JsonObject = dict[str, Any]


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
class MediaPointer:
    """Where a file that the customer sent is: the provider's `id` of it, its `url`, or both. The rest is only what it says.

    `size` in bytes, None = not said.
    """

    id: str = ""
    url: str = ""
    content_type: str = ""
    file_name: str = ""
    size: int | None = None

    @property
    def leads_somewhere(self) -> bool:
        """Whether there is anything to ask for."""
        return bool(self.id or self.url)


@dataclass(frozen=True, slots=True)
class InboundEvent:
    """The customer wrote. `phone` is E.164 with `+`, or empty; `bsuid` may be the only identity.

    `kind`: text, button, interactive, image, audio, video, document, sticker, location, contacts, reaction, order,
    unsupported, unknown. `text` is what a person reads (body, button label, caption, emoji). `entry_point` is what he came by
    (`ad`, `post`), empty when he just wrote. `media` are its files, which are still at the provider. `payload` is the raw item.
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
    entry_point: str = ""
    payload: JsonObject = field(default_factory=dict)
    media: Sequence[MediaPointer] = ()


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
class PriceEvent:
    """A price that comes apart from any status of its message. Found like a StatusEvent."""

    provider_message_id: str
    occurred_at: datetime
    price: PriceReport
    reference: str = ""


@dataclass(frozen=True, slots=True)
class UsageEvent:
    """The answer to a question about usage (abilities.ReadsUsage). `usage` is None when it failed; then `problem` says why."""

    request_id: str
    usage: Usage | None = None
    problem: str = ""


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
    | PriceEvent
    | UsageEvent
    | UnknownEvent
)


@dataclass(frozen=True, slots=True)
class BadItem:
    """One item of a webhook that could not be read; the others of the same delivery go on."""

    position: str
    error: str
    payload: Any = None
