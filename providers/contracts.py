"""What the portal and a provider's adapter say to each other: frozen values and the Provider protocol. No Django.

Outbound: an `OutboundMessage` goes in, an `Accepted` comes back or a `providers.errors.SendError` is raised.
Inbound: a webhook body becomes a list of events, each a frozen dataclass that the apps above handle.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol, runtime_checkable
from urllib.parse import parse_qsl, urlsplit

from providers.reports import (
    AccountEvent,
    BadItem,
    DeliveryStatus,
    Event,
    IdentityChangeEvent,
    InboundEvent,
    JsonObject,
    MediaPointer,
    NumberEvent,
    PreferenceEvent,
    PriceEvent,
    PriceReport,
    StatusEvent,
    TemplateEvent,
    UnknownEvent,
    UsageEvent,
)

__all__ = [
    "ALL_MEDIA",
    "ALL_PARTS",
    "Accepted",
    "AccountConfig",
    "AccountEvent",
    "BadItem",
    "BadSignature",
    "Capabilities",
    "CredentialField",
    "DeleteScope",
    "DeliveryStatus",
    "Event",
    "Exchange",
    "IdentityChangeEvent",
    "InboundEvent",
    "JsonObject",
    "MediaContent",
    "MediaPointer",
    "NumberEvent",
    "OutboundMessage",
    "PreferenceEvent",
    "PriceEvent",
    "PriceReport",
    "Protection",
    "Provider",
    "Recipient",
    "RemoteNumber",
    "RemoteTemplate",
    "StatusEvent",
    "TemplateContent",
    "TemplateEvent",
    "TextContent",
    "UnknownEvent",
    "UnreadableWebhook",
    "UsageEvent",
    "WebhookRequest",
]

# --- who sends -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AccountConfig:
    """One provider account as an adapter needs it: no database behind it.

    `credentials` holds the decrypted values of the adapter's declared fields; `repr` never shows them.
    `timeout_seconds` is the longest one call may take, from the first byte to the last. `base_url` replaces scheme and
    host of every address of the provider (the vendor's paths stay). `webhook_url` is where the portal listens for it.
    """

    account_id: int
    provider: str
    external_id: str
    credentials: Mapping[str, str] = field(repr=False)
    base_url: str = ""
    timeout_seconds: float = 20.0
    webhook_url: str = ""


@dataclass(frozen=True, slots=True)
class CredentialField:
    """One declared credential: what the form asks, whether it is a secret, and whether it may be left empty."""

    name: str
    label: str
    help_text: str = ""
    secret: bool = True
    required: bool = True


class DeleteScope(StrEnum):
    """What the provider deletes with one template."""

    ONE = "one"
    ALL_LANGUAGES = "all_languages"


#: Parts of a template that may carry values when it is sent.
ALL_PARTS = frozenset(
    {
        "header_text",
        "header_image",
        "header_video",
        "header_document",
        "header_location",
        "header_product",
        "body",
        "button_url",
        "button_quick_reply",
        "button_copy_code",
        "button_flow",
        "button_catalog",
        "button_mpm",
        "carousel",
        "limited_time_offer",
    }
)


#: Kinds of files that WhatsApp takes of a business inside the open window.
ALL_MEDIA = frozenset({"image", "audio", "video", "document"})


class Protection(StrEnum):
    """What proves that a webhook comes from the provider. PATH = only the unguessable address."""

    SIGNATURE = "signature"
    SECRET = "secret"  # noqa: S105 - the name of a kind of protection
    PATH = "path"


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a provider can do; the dispatcher and the screens ask this, never the provider's name.

    `media`: the kinds of files that it sends in an open window (image, audio, video, document), `captions`: those that take
    words along. `parts`: the parts of a template with send-time values that the adapter carries (see `providers.parts`).
    `bulk_limit`: messages in one request. `absence_proves_after`: seconds after which a look-up that finds nothing proves
    that nothing was sent; None = it never does. `delete_scope`: what deleting a template takes along. `edit_needs`: the
    optional credentials without which it changes no templates. `usage`: it tells what it charged, by day (`usage_needs`: as
    `edit_needs`).
    """

    text: bool = True
    media: frozenset[str] = frozenset()
    captions: frozenset[str] = frozenset({"image", "video", "document"})
    parts: frozenset[str] = ALL_PARTS
    look_up: bool = False
    absence_proves_after: float | None = None
    callback_reference: bool = False
    price_reports: bool = False
    usage: bool = False
    usage_needs: Sequence[str] = ()
    bulk_limit: int = 1
    list_numbers: bool = False
    list_templates: bool = True
    submit_templates: bool = False
    edit_templates: bool = False
    edit_needs: Sequence[str] = ()
    delete_templates: bool = False
    delete_scope: DeleteScope = DeleteScope.ONE
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
    limited_time_offer), `sub_type`, `index` and `parameters`, already validated and complete. `definition` is the
    template's own component JSON as `fetch_templates` gave it, for providers that name variables or fix the language by
    `external_id`.
    """

    name: str
    language: str
    components: Sequence[JsonObject]
    category: str
    external_id: str = ""
    namespace: str = ""
    definition: Sequence[JsonObject] = ()


@dataclass(frozen=True, slots=True)
class TextContent:
    """Free text, allowed only inside an open service window."""

    body: str


@dataclass(frozen=True, slots=True)
class MediaContent:
    """A file, allowed only inside an open service window. `kind`: image, audio, video, document; `size` in bytes.

    `link` opens the file for whoever has it, for about a day. `read` gives its bytes, for providers that want it uploaded
    before; it blocks, so call it in a thread.
    """

    kind: str
    content_type: str
    file_name: str
    size: int
    link: str = field(repr=False)
    read: Callable[[], bytes] = field(repr=False, compare=False)
    caption: str = ""


@dataclass(frozen=True, slots=True)
class OutboundMessage:
    """One message for one person. `reference` is ours (no personal data in it) and comes back in webhooks where supported."""

    reference: str
    sender_external_id: str
    sender_phone: str
    recipient: Recipient
    content: TemplateContent | TextContent | MediaContent


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


@dataclass(frozen=True, slots=True)
class WebhookRequest:
    """The request as it came: raw bytes, header names in lower case. `url` is the full address as the provider called it.

    `received_at`: when it came, for events of providers whose webhooks tell no time.
    """

    body: bytes
    headers: Mapping[str, str]
    url: str = ""
    received_at: datetime | None = None

    @property
    def query(self) -> dict[str, str]:
        """The query of the address; of a name that comes twice the last."""
        return dict(parse_qsl(urlsplit(self.url).query, keep_blank_values=True))


@dataclass(frozen=True, slots=True)
class RemoteTemplate:
    """A template as the provider lists it. `components` is Meta's component JSON; other adapters translate to it.

    Where the provider has names of its own for variables, a component or button carries them in `variables`, a list in the
    order of the places of ours ({{1}}, {{2}}); a media header's or address's fixed beginning stays in its `example`.
    """

    external_id: str
    name: str
    language: str
    category: str
    status: str
    components: Sequence[JsonObject]
    parameter_format: str = "POSITIONAL"
    quality: str = ""
    rejection_reason: str = ""
    namespace: str = ""


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
        """Make exactly one HTTP call that can send. Raises providers.errors.SendError, of exactly one of its four kinds.

        A file may be uploaded by a call before it: what fails there is certainly not sent.
        """
        ...

    def webhook_protection(self) -> Protection:
        """What `verify_webhook` relies on, with the credentials that this account has."""
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
        """All pages of the account's templates; nothing without `list_templates`. Raises errors.ProviderCallError."""
        ...

    def fetch_numbers(self) -> Iterable[RemoteNumber]:
        """The account's sender numbers; nothing without `list_numbers`. Raises errors.ProviderCallError."""
        ...
