"""What some providers can do and others cannot: protocols beside `contracts.Provider`, and the values they speak in.

An adapter says in its `capabilities` what it can, and then has the methods of the protocol; nobody asks for its name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol, runtime_checkable

from providers.contracts import (
    Accepted,
    Exchange,
    JsonObject,
    MediaPointer,
    OutboundMessage,
    Recipient,
    RemoteTemplate,
    StatusEvent,
)
from providers.errors import SendError
from providers.usage import Usage, UsageAsked

# --- several messages in one request -------------------------------------------------------------------------------------


@runtime_checkable
class SendsInBulk(Protocol):
    """`capabilities.bulk_limit` > 1: several messages of one sender number in one request."""

    async def send_many(self, messages: Sequence[OutboundMessage]) -> list[Accepted | SendError]:
        """Make exactly one HTTP call for up to `bulk_limit` messages of one sender number. Never raises SendError.

        Returns one outcome per message, in their order, each settled by itself and found by its reference, never by its
        position alone. A message that the answer does not name is Uncertain; when the whole call failed, every message has
        the error of the call.
        """
        ...


# --- what became of a message --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LookUp:
    """A message whose fate is in doubt. `provider_message_id` is "" when the answer was lost.

    `sent_from` and `sent_until` bound the moment of the call (with a margin for clocks); `text` is the rendered message.
    """

    reference: str
    provider_message_id: str
    sender_external_id: str
    sender_phone: str
    recipient: Recipient
    sent_from: datetime
    sent_until: datetime
    text: str = ""


@dataclass(frozen=True, slots=True)
class LookUpAnswer:
    """What the provider knows. `events` are facts about exactly this message, as a webhook would tell them.

    `absent` = the whole range was searched and the message is not there; it proves nothing by itself (see
    `Capabilities.absence_proves_after`). Neither = not known, ask again later. `exchanges` are kept as the proof.
    """

    events: Sequence[StatusEvent] = ()
    absent: bool = False
    exchanges: Sequence[Exchange] = ()


@runtime_checkable
class LooksUp(Protocol):
    """`capabilities.look_up`: the provider can be asked what became of a message."""

    async def look_up(self, message: LookUp) -> LookUpAnswer:
        """Ask. Raises errors.ProviderCallError when the question could not be answered at all."""
        ...


# --- files that customers sent -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class MediaSource:
    """An address where a file's bytes are, with the headers that open it: they go to that host and to no other.

    `is_own`: the host is the provider's as the account names it (a test server too), so it may be inside our network.
    """

    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    is_own: bool = False


@runtime_checkable
class KeepsMedia(Protocol):
    """What customers send stays at the provider, and is fetched in its way. Without this ability a pointer's `url` is
    fetched as it is, from the open internet."""

    def media_source(self, pointer: MediaPointer) -> MediaSource:
        """Where the file is now. May ask the provider, and raises errors.ProviderCallError when that fails.

        Raises errors.MediaGone when the provider no longer has it.
        """
        ...


# --- templates -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TemplateDraft:
    """A template to be approved. `components` is Meta's component JSON with examples; `category` in lower case."""

    name: str
    language: str
    category: str
    components: Sequence[JsonObject]
    parameter_format: str = "POSITIONAL"


@runtime_checkable
class SubmitsTemplates(Protocol):
    """`capabilities.submit_templates` (and `edit_templates`, `delete_templates`).

    Each raises errors.ProviderCallError; its `detail` says in the provider's words what is wrong with the template.
    """

    def submit_template(self, draft: TemplateDraft) -> RemoteTemplate:
        """Create the template and ask for its approval; returns it as the provider has it now."""
        ...

    def edit_template(self, external_id: str, draft: TemplateDraft) -> RemoteTemplate:
        """Change content or category; the provider reviews it anew."""
        ...

    def delete_template(self, external_id: str, *, name: str, language: str) -> None:
        """Delete it. One that is gone already is no error. What else goes with it stands in `capabilities.delete_scope`."""
        ...


# --- what was charged ------------------------------------------------------------------------------------------------------


@runtime_checkable
class ReadsUsage(Protocol):
    """`capabilities.usage`: the provider tells what it charged the account."""

    def fetch_usage(self, first: date, last: date, *, zone: str) -> Usage | UsageAsked:
        """What was charged from the first to the last day, both counted; all pages. `zone` is the account's time zone, for
        providers whose days are the account's. Raises errors.ProviderCallError; nothing is returned in part."""
        ...


# --- is the account well? ------------------------------------------------------------------------------------------------


class Check(StrEnum):
    """What the connection doctor looks at."""

    CREDENTIALS = "credentials"
    PERMISSIONS = "permissions"
    NUMBER = "number"
    WEBHOOK_SUBSCRIBED = "webhook_subscribed"
    WEBHOOK_REACHABLE = "webhook_reachable"
    HANDSHAKE = "handshake"
    LAST_WEBHOOK = "last_webhook"
    WEBHOOK_PROTECTION = "webhook_protection"
    CLOCK = "clock"
    TEMPLATES = "templates"


class Health(StrEnum):
    """How a check came out. UNKNOWN = this provider gives no way to find out."""

    GOOD = "good"
    WARNING = "warning"
    BAD = "bad"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Finding:
    """One check's outcome. `subject` is what it is about (a number); `detail` the provider's words or the facts found."""

    check: Check
    health: Health
    subject: str = ""
    detail: str = ""


@runtime_checkable
class Diagnoses(Protocol):
    """An adapter that can say more about an account than its lists of numbers and templates do."""

    def diagnose(self, *, webhook_url: str, sender_external_ids: Sequence[str]) -> Iterable[Finding]:
        """Findings about credentials, permissions, numbers and the webhook's subscription. Never raises."""
        ...
