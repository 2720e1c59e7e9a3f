"""What is done about a failed send: one table, by reason, for every provider. And the building of errors from answers.

An adapter says what a provider's code *means* (`errors.ErrorCode`); here stands what follows from it, for an answer to a
send as for a failure that a webhook reports later.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum

from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrPromise

from providers.contracts import Exchange
from providers.errors import (
    ErrorCode,
    Park,
    ProviderCallError,
    Reason,
    Rejected,
    SendError,
    Throttled,
    Unavailable,
    Uncertain,
)
from providers.http import Answer

MINUTE, HOUR, DAY = 60.0, 3600.0, 24 * 3600.0
LONGEST_WAIT = DAY


class Action(StrEnum):
    """What follows from a reason."""

    WAIT = "wait"
    TOMORROW = "tomorrow"
    RETRY = "retry"
    PARK_TEMPLATE = "park_template"
    PARK_NUMBER = "park_number"
    PARK_ACCOUNT = "park_account"
    SUPPRESS = "suppress"
    GIVE_UP = "give_up"
    UNCERTAIN = "uncertain"


ACTION_SENTENCES: dict[Action, StrPromise] = {
    Action.WAIT: _("It waits and is sent again; no retry is used up."),
    Action.TOMORROW: _("It waits until tomorrow and is sent again."),
    Action.RETRY: _("It is tried again, with growing pauses."),
    Action.PARK_TEMPLATE: _("The template is parked: nothing is sent with it until it is well again."),
    Action.PARK_NUMBER: _("The sender number is parked: its messages wait until it is well again."),
    Action.PARK_ACCOUNT: _("The account is parked: its messages wait until it is well again."),
    Action.SUPPRESS: _("It is given up, and the person gets no more marketing."),
    Action.GIVE_UP: _("It is given up: sending the same again would fail again."),
    Action.UNCERTAIN: _("It is never sent again without proof: a webhook, a look-up or a person settles it."),
}


class Hold(StrEnum):
    """What a wait holds back."""

    MESSAGE = "message"
    TEMPLATE = "template"
    NUMBER = "number"
    ACCOUNT = "account"


@dataclass(frozen=True, slots=True)
class Rule:
    """`seconds`: the wait, or the length of the park; None = until the provider or a person says that it is well.

    `late`: what follows when the same reason comes as a proven failure by webhook, where that is something else.
    `hold`: what waits, for an action that is a wait.
    """

    action: Action
    seconds: float | None = None
    late: Action | None = None
    hold: Hold = Hold.NUMBER


_GIVE_UP = Rule(Action.GIVE_UP)
_PARK_ACCOUNT = Rule(Action.PARK_ACCOUNT)
_PARK_NUMBER = Rule(Action.PARK_NUMBER)
_PARK_TEMPLATE = Rule(Action.PARK_TEMPLATE)
_RETRY = Rule(Action.RETRY)
# An error after which the message may have gone out; a webhook that says `failed` proves that it did not arrive.
_UNCERTAIN = Rule(Action.UNCERTAIN, late=Action.RETRY)

RULES: dict[Reason, Rule] = {
    Reason.THROUGHPUT: Rule(Action.WAIT, 2),
    Reason.PAIR_RATE: Rule(Action.WAIT, 6, hold=Hold.MESSAGE),
    Reason.ACCOUNT_RATE: Rule(Action.WAIT, 5 * MINUTE, hold=Hold.ACCOUNT),
    Reason.NUMBER_MAINTENANCE: Rule(Action.WAIT, 45),
    Reason.TEMPLATE_SYNCING: Rule(Action.WAIT, 10 * MINUTE, hold=Hold.TEMPLATE),
    Reason.MARKETING_LIMIT: Rule(Action.TOMORROW, DAY, hold=Hold.MESSAGE),
    Reason.RECIPIENT_LIMIT: Rule(Action.PARK_NUMBER, DAY),
    Reason.ACCOUNT_LIMIT: Rule(Action.PARK_ACCOUNT, DAY),
    Reason.PROVIDER_DOWN: _RETRY,
    Reason.NETWORK: _RETRY,
    Reason.NOT_STARTED: _RETRY,
    Reason.MEDIA_FETCH: _RETRY,
    Reason.NO_ANSWER: _UNCERTAIN,
    Reason.UNREADABLE_ANSWER: _UNCERTAIN,
    Reason.PROVIDER_ERROR: _UNCERTAIN,
    Reason.DUPLICATE: Rule(Action.UNCERTAIN, late=Action.GIVE_UP),
    Reason.CREDENTIALS: _PARK_ACCOUNT,
    Reason.PERMISSION: _PARK_ACCOUNT,
    Reason.ACCOUNT_BLOCKED: _PARK_ACCOUNT,
    Reason.BILLING: _PARK_ACCOUNT,
    Reason.CONFIGURATION: _PARK_ACCOUNT,
    Reason.NUMBER_BLOCKED: _PARK_NUMBER,
    Reason.NUMBER_NOT_REGISTERED: _PARK_NUMBER,
    Reason.TEMPLATE_MISSING: _PARK_TEMPLATE,
    Reason.TEMPLATE_PAUSED: Rule(Action.PARK_TEMPLATE, 3 * HOUR),
    Reason.TEMPLATE_DISABLED: _PARK_TEMPLATE,
    Reason.TEMPLATE_POLICY: _PARK_TEMPLATE,
    Reason.TEMPLATE_FLOW: Rule(Action.PARK_TEMPLATE, HOUR),
    Reason.MARKETING_ROUTE: _PARK_TEMPLATE,
    Reason.MARKETING_OPT_OUT: Rule(Action.SUPPRESS),
    Reason.RECIPIENT_OPTED_OUT: Rule(Action.SUPPRESS),
    Reason.RECIPIENT_BLOCKED_US: Rule(Action.SUPPRESS),
    Reason.TEMPLATE_PARAMETERS: _GIVE_UP,
    Reason.COUNTRY_NOT_ALLOWED: _GIVE_UP,
    Reason.RECIPIENT_UNREACHABLE: _GIVE_UP,
    Reason.RECIPIENT_IS_SENDER: _GIVE_UP,
    Reason.RECIPIENT_NOT_ALLOWED: _GIVE_UP,
    Reason.RECIPIENT_EXPERIMENT: _GIVE_UP,
    Reason.RECIPIENT_IDENTITY: _GIVE_UP,
    Reason.BSUID_NOT_SUPPORTED: _GIVE_UP,
    Reason.WINDOW_CLOSED: _GIVE_UP,
    Reason.MEDIA: _GIVE_UP,
    Reason.EXPIRED: _GIVE_UP,
    Reason.BAD_REQUEST: _GIVE_UP,
    Reason.UNSUPPORTED: _GIVE_UP,
    Reason.PROVIDER_REJECTED: _GIVE_UP,
    # Our own word about many failures: no provider's code means it.
    Reason.CIRCUIT: Rule(Action.PARK_NUMBER, MINUTE),
}

#: What a failed call says about the way to the provider, and not about the person or the template: the provider's or the
#: network's own failures, doubt, and what is wrong with account or number. None of them rejects its message, so a number that
#: stops for them loses none. A plain refusal of a message is the provider's word about that message.
SYSTEMIC = frozenset(
    {
        Reason.PROVIDER_DOWN,
        Reason.NETWORK,
        Reason.NO_ANSWER,
        Reason.UNREADABLE_ANSWER,
        Reason.PROVIDER_ERROR,
        Reason.CREDENTIALS,
        Reason.PERMISSION,
        Reason.ACCOUNT_BLOCKED,
        Reason.BILLING,
        Reason.CONFIGURATION,
        Reason.NUMBER_BLOCKED,
        Reason.NUMBER_NOT_REGISTERED,
    }
)

_PARKS = {
    Action.PARK_TEMPLATE: Park.TEMPLATE,
    Action.PARK_NUMBER: Park.NUMBER,
    Action.PARK_ACCOUNT: Park.ACCOUNT,
}

#: What an answer means by its HTTP status alone, when its code is not in the adapter's table. Keys as in the tables.
HTTP_STATUSES: dict[int, ErrorCode] = {
    401: ErrorCode(Reason.CREDENTIALS, "Unauthorized"),
    402: ErrorCode(Reason.BILLING, "Payment Required"),
    403: ErrorCode(Reason.PERMISSION, "Forbidden"),
    404: ErrorCode(Reason.CONFIGURATION, "Not Found"),
    429: ErrorCode(Reason.THROUGHPUT, "Too Many Requests", seconds=5),
}
_REFUSED = ErrorCode(Reason.PROVIDER_REJECTED)
_FAILED = ErrorCode(Reason.PROVIDER_ERROR, proven=False)
_UNREADABLE = ErrorCode(Reason.UNREADABLE_ANSWER, proven=False)


def hold_of(reason: Reason) -> Hold:
    """What a wait for this reason holds back."""
    return RULES[reason].hold


def holds_number(reason: Reason) -> bool:
    """Whether nothing at all may go from the number during a wait for this reason."""
    return RULES[reason].hold in (Hold.NUMBER, Hold.ACCOUNT)


def is_systemic(reason: Reason) -> bool:
    """Whether a call that failed for it counts against its number: the next person's would probably fail as well."""
    return reason in SYSTEMIC


def says_nothing(error: SendError) -> bool:
    """Whether it tells nothing about how well the provider works: a limit was reached, or no call was made."""
    return isinstance(error, Throttled) or error.reason is Reason.NOT_STARTED


def suppresses(reason: Reason) -> bool:
    """Whether the person is to get no more marketing (or, where he asked for that, nothing more at all)."""
    return RULES[reason].action is Action.SUPPRESS


def late_action(reason: Reason) -> Action:
    """What follows when a webhook reports that the message failed for this reason."""
    rule = RULES[reason]
    return rule.late or rule.action


def error_of(
    meaning: ErrorCode,
    *,
    code: str = "",
    detail: str = "",
    wait_asked: float = 0,
    exchange: Exchange | None = None,
) -> SendError:
    """The error that makes the dispatcher do what the table says. `wait_asked`: seconds the answer asks for, 0 = none."""
    rule = RULES[meaning.reason]
    if not meaning.proven or rule.action is Action.UNCERTAIN:
        return Uncertain(meaning.reason, provider_code=code, detail=detail, exchange=exchange)
    seconds = rule.seconds if meaning.seconds is None else meaning.seconds
    if rule.action in (Action.WAIT, Action.TOMORROW):
        least = seconds or MINUTE
        # Tomorrow is tomorrow, whatever a gateway in between writes into its answer.
        asked = max(wait_asked, least) if rule.action is Action.TOMORROW else wait_asked
        wait = min(asked, LONGEST_WAIT) if wait_asked > 0 else least
        return Throttled(meaning.reason, retry_after=wait, provider_code=code, detail=detail, exchange=exchange)
    if rule.action is Action.RETRY:
        return Unavailable(meaning.reason, provider_code=code, detail=detail, exchange=exchange)
    if rule.action in _PARKS:
        until = None if seconds is None else datetime.now(UTC) + timedelta(seconds=seconds)
        return Unavailable(
            meaning.reason,
            provider_code=code,
            detail=detail,
            park=_PARKS[rule.action],
            park_until=until,
            exchange=exchange,
        )
    return Rejected(meaning.reason, provider_code=code, detail=detail, exchange=exchange)


def answer_error(
    answer: Answer, codes: Mapping[str, ErrorCode], *, code: str, detail: str, understood: bool, wait_asked: float = 0
) -> SendError:
    """What an answer that is no acceptance means.

    `code` is the provider's code in it ("" = none), looked up in the adapter's table, then as "HTTP 403", then by status.
    `understood`: the answer is an error as this provider writes them. What is not, proves nothing (only 429 is believed
    without it), nor does a 5xx that the table does not prove.
    """
    believed = understood or answer.status == 429
    of_status = codes.get(f"HTTP {answer.status}") if believed else None
    meaning = codes.get(code) or of_status or _by_status(answer.status, understood)
    asked = wait_asked or retry_after_seconds(answer.headers.get("retry-after", ""))
    shown = code or f"HTTP {answer.status}"
    return error_of(meaning, code=shown, detail=detail, wait_asked=asked, exchange=answer.exchange)


def call_error(
    answer: Answer, codes: Mapping[str, ErrorCode], *, code: str = "", detail: str = ""
) -> ProviderCallError:
    """The same for a management call: nothing of it was applied."""
    meaning = codes.get(code) or codes.get(f"HTTP {answer.status}") or HTTP_STATUSES.get(answer.status)
    if meaning is None:
        failed = answer.status >= 500
        meaning = ErrorCode(Reason.PROVIDER_DOWN if failed else Reason.PROVIDER_REJECTED)
        if 200 <= answer.status < 400:
            meaning = ErrorCode(Reason.UNREADABLE_ANSWER)
    return ProviderCallError(
        meaning.reason, provider_code=code or f"HTTP {answer.status}", detail=detail, exchange=answer.exchange
    )


def unreadable_answer(answer: Answer, detail: str = "") -> ProviderCallError:
    """A management call's answer that is not what the provider's page shows; `detail` says what is missing."""
    return ProviderCallError(Reason.UNREADABLE_ANSWER, detail=detail, exchange=answer.exchange)


def retry_after_seconds(value: str) -> float:
    """`Retry-After`, seconds or a date, in seconds from now; 0 when it says nothing."""
    try:
        if value.strip().isdecimal():
            return float(value)
        moment = parsedate_to_datetime(value)
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return max(0.0, aware.timestamp() - datetime.now(UTC).timestamp())
    except (ValueError, OverflowError):
        return 0


def _by_status(status: int, understood: bool) -> ErrorCode:
    if status == 429:
        return HTTP_STATUSES[429]
    if status >= 500:
        return _FAILED
    if status >= 400 and understood:
        return HTTP_STATUSES.get(status, _REFUSED)
    return _UNREADABLE
