"""Why a send did not simply succeed: four kinds that the dispatcher acts on, and one list of reasons for people.

The dispatcher reads the *kind* alone. The reason, the provider's code and its text are kept for people. The sentences are
lazily translated, so this module needs Django's gettext, but no models.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop
from django_stubs_ext import StrPromise

from providers.contracts import Exchange


class Park(StrEnum):
    """What must stop sending until somebody or something puts it right."""

    NONE = ""
    NUMBER = "number"
    TEMPLATE = "template"
    ACCOUNT = "account"


class Reason(StrEnum):
    """The normalized reasons. Each has a sentence for people in `SENTENCES`."""

    THROUGHPUT = "throughput"
    PAIR_RATE = "pair_rate"
    ACCOUNT_RATE = "account_rate"
    PROVIDER_DOWN = "provider_down"
    NETWORK = "network"
    NOT_STARTED = "not_started"
    NO_ANSWER = "no_answer"
    UNREADABLE_ANSWER = "unreadable_answer"
    PROVIDER_ERROR = "provider_error"
    CREDENTIALS = "credentials"
    PERMISSION = "permission"
    ACCOUNT_BLOCKED = "account_blocked"
    BILLING = "billing"
    COUNTRY_NOT_ALLOWED = "country_not_allowed"
    NUMBER_BLOCKED = "number_blocked"
    NUMBER_NOT_REGISTERED = "number_not_registered"
    NUMBER_MAINTENANCE = "number_maintenance"
    RECIPIENT_LIMIT = "recipient_limit"
    ACCOUNT_LIMIT = "account_limit"
    CONFIGURATION = "configuration"
    TEMPLATE_MISSING = "template_missing"
    TEMPLATE_PAUSED = "template_paused"
    TEMPLATE_DISABLED = "template_disabled"
    TEMPLATE_PARAMETERS = "template_parameters"
    TEMPLATE_POLICY = "template_policy"
    TEMPLATE_FLOW = "template_flow"
    TEMPLATE_SYNCING = "template_syncing"
    RECIPIENT_UNREACHABLE = "recipient_unreachable"
    RECIPIENT_IS_SENDER = "recipient_is_sender"
    RECIPIENT_NOT_ALLOWED = "recipient_not_allowed"
    RECIPIENT_BLOCKED_US = "recipient_blocked_us"
    RECIPIENT_OPTED_OUT = "recipient_opted_out"
    RECIPIENT_EXPERIMENT = "recipient_experiment"
    RECIPIENT_IDENTITY = "recipient_identity"
    BSUID_NOT_SUPPORTED = "bsuid_not_supported"
    MARKETING_LIMIT = "marketing_limit"
    MARKETING_OPT_OUT = "marketing_opt_out"
    MARKETING_ROUTE = "marketing_route"
    WINDOW_CLOSED = "window_closed"
    MEDIA = "media"
    MEDIA_FETCH = "media_fetch"
    EXPIRED = "expired"
    DUPLICATE = "duplicate"
    BAD_REQUEST = "bad_request"
    UNSUPPORTED = "unsupported"
    PROVIDER_REJECTED = "provider_rejected"
    CIRCUIT = "circuit"


SENTENCES: dict[Reason, StrPromise] = {
    Reason.THROUGHPUT: _("The number is sending faster than the provider allows."),
    Reason.PAIR_RATE: _("Too many messages went to this person in a short time."),
    Reason.ACCOUNT_RATE: _("The account has used up its calls for now."),
    Reason.PROVIDER_DOWN: _("The provider is not available right now; nothing was sent."),
    Reason.NETWORK: _("The provider could not be reached; nothing was sent."),
    Reason.NOT_STARTED: _("The call was not started in time; nothing was sent."),
    Reason.NO_ANSWER: _("The provider did not answer: the message may have been sent."),
    Reason.UNREADABLE_ANSWER: _("The provider's answer could not be read: the message may have been sent."),
    Reason.PROVIDER_ERROR: _("The provider failed while it had the message: it may have been sent."),
    Reason.CREDENTIALS: _("The provider does not accept the account's credentials. Renew them."),
    Reason.PERMISSION: _("The account's credentials lack a permission. Grant it at the provider."),
    Reason.ACCOUNT_BLOCKED: _("The provider restricted or locked the account. See the account at the provider."),
    Reason.BILLING: _("The account has a payment problem at the provider. Check its payment method."),
    Reason.COUNTRY_NOT_ALLOWED: _("The account may not write to this country."),
    Reason.NUMBER_BLOCKED: _("The sender number is restricted because people blocked or reported it."),
    Reason.NUMBER_NOT_REGISTERED: _("The sender number is not registered at the provider."),
    Reason.RECIPIENT_LIMIT: _("The limit of people that may be written to in 24 hours is used up."),
    Reason.ACCOUNT_LIMIT: _("The account has used up its messages for today at the provider."),
    Reason.CONFIGURATION: _("The account or its number is not set up at the provider as the portal was told."),
    Reason.NUMBER_MAINTENANCE: _("The sender number is in maintenance at the provider."),
    Reason.TEMPLATE_MISSING: _("The template does not exist in this language or is not approved."),
    Reason.TEMPLATE_PAUSED: _("WhatsApp paused the template."),
    Reason.TEMPLATE_DISABLED: _("WhatsApp disabled the template for good."),
    Reason.TEMPLATE_PARAMETERS: _("The values do not fit the template as the provider has it. Sync the templates."),
    Reason.TEMPLATE_POLICY: _("The template's content breaks WhatsApp's rules."),
    Reason.TEMPLATE_FLOW: _("The flow of the template is blocked or throttled."),
    Reason.TEMPLATE_SYNCING: _("The provider is still taking the template over."),
    Reason.RECIPIENT_UNREACHABLE: _("The phone has no WhatsApp, or cannot receive this message."),
    Reason.RECIPIENT_IS_SENDER: _("The recipient is the sender number itself."),
    Reason.RECIPIENT_NOT_ALLOWED: _("The phone is not on the test number's list of allowed recipients."),
    Reason.RECIPIENT_BLOCKED_US: _("The person is blocked for this business."),
    Reason.RECIPIENT_OPTED_OUT: _("The person asked the provider for no more messages from this business."),
    Reason.RECIPIENT_EXPERIMENT: _("WhatsApp keeps this person out of marketing messages for an experiment."),
    Reason.RECIPIENT_IDENTITY: _("The person's identity changed; the message was held back."),
    Reason.BSUID_NOT_SUPPORTED: _("This message needs the person's phone; only the WhatsApp user id is known."),
    Reason.MARKETING_LIMIT: _("WhatsApp limits how much marketing this person gets, and the limit is reached."),
    Reason.MARKETING_OPT_OUT: _("The person asked WhatsApp for no more marketing from this business."),
    Reason.MARKETING_ROUTE: _("The account may not send marketing this way."),
    Reason.WINDOW_CLOSED: _("More than 24 hours passed since the customer's last message: only an HSM can be sent."),
    Reason.MEDIA: _("The provider could not use the image, video or document."),
    Reason.MEDIA_FETCH: _("The provider could not fetch the image, video or document."),
    Reason.EXPIRED: _("The message could not be delivered in the time that it was valid."),
    Reason.DUPLICATE: _("The provider says that it has this message already."),
    Reason.BAD_REQUEST: _("The provider did not understand the message."),
    Reason.UNSUPPORTED: _("The provider cannot send this kind of message."),
    Reason.PROVIDER_REJECTED: _("The provider refused the message."),
    Reason.CIRCUIT: _("Too many calls through the number failed, so it rests for a while. What waits is not lost."),
}


def reason_sentence(reason: str) -> str:
    """The translated sentence for a stored reason; the word itself when it is not in the catalogue."""
    try:
        return str(SENTENCES[Reason(reason)])
    except ValueError:
        return reason


class SendError(Exception):
    """Base of the four kinds. `provider_code` and `detail` are the provider's own; `until` is when a park ends, if known."""

    kind = gettext_noop("error")

    def __init__(
        self,
        reason: Reason,
        *,
        provider_code: str = "",
        detail: str = "",
        park: Park = Park.NONE,
        park_until: datetime | None = None,
        exchange: Exchange | None = None,
    ) -> None:
        super().__init__(f"{self.kind}: {reason} {provider_code}".strip())
        self.reason = reason
        self.provider_code = provider_code
        self.detail = detail
        self.park = park
        self.park_until = park_until
        self.exchange = exchange


class Rejected(SendError):
    """Certainly not sent, and sending the same again is pointless."""

    kind = "rejected"


class Throttled(SendError):
    """Certainly not sent; it goes again after `retry_after` seconds and no retry is used up."""

    kind = "throttled"

    def __init__(self, reason: Reason, *, retry_after: float, **rest: object) -> None:
        super().__init__(reason, **rest)  # type: ignore[arg-type]  # the base's own keywords, passed through
        self.retry_after = retry_after


class Unavailable(SendError):
    """Certainly not sent, and it may work later. With `park` set, the message waits for the park and uses up no retry."""

    kind = "unavailable"


class Uncertain(SendError):
    """May have been sent: never sent again without proof."""

    kind = "uncertain"


class ProviderCallError(Exception):
    """A management call (templates, numbers) failed. Nothing of it was applied."""

    def __init__(self, reason: Reason, *, provider_code: str = "", detail: str = "", exchange: Exchange | None = None):
        super().__init__(f"{reason} {provider_code} {detail}".strip())
        self.reason = reason
        self.provider_code = provider_code
        self.detail = detail
        self.exchange = exchange


class MediaGone(Exception):
    """The provider no longer has the file, or never had it: asking again is pointless."""


class PreparationFailed(ProviderCallError):
    """What goes before a request failed, such as the upload of a file: the request itself was certainly not made."""


@contextmanager
def preparing() -> Iterator[None]:
    """Whatever fails within the block is a PreparationFailed."""
    try:
        yield
    except ProviderCallError as error:
        raise PreparationFailed(
            error.reason, provider_code=error.provider_code, detail=error.detail, exchange=error.exchange
        ) from error


@dataclass(frozen=True, slots=True)
class ErrorCode:
    """One row of an adapter's error table: what a provider's code means here; what is done about it says `policy.RULES`.

    `name` is the provider's own word for it. `proven` False: the message may have gone out although the answer is an
    error. `seconds`: a wait, or the length of a park, that the provider's page names in place of the rule's.
    """

    reason: Reason
    name: str = ""
    proven: bool = True
    seconds: float | None = None
