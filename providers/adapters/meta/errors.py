"""What Meta's error codes mean here (https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes).

Closed by default: a code that is not listed is a refusal when it comes as a proper 4xx error, and uncertain otherwise.
The HTTP status of a listed code is never looked at: Meta dropped it from its page, and old copies disagree.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from providers.contracts import Exchange, JsonObject
from providers.errors import ErrorRow, Park, Reason, Rejected, SendError, Throttled, Unavailable, Uncertain

MINUTE, HOUR = 60, 3600
LONGEST_WAIT = 24 * HOUR

# Unproven by Meta's page: the message may have gone out although the answer is an error.
_UNPROVEN = ErrorRow("uncertain", Reason.PROVIDER_ERROR)
_CREDENTIALS = ErrorRow("unavailable", Reason.CREDENTIALS, Park.ACCOUNT)
_PERMISSION = ErrorRow("unavailable", Reason.PERMISSION, Park.ACCOUNT)
_BLOCKED = ErrorRow("unavailable", Reason.ACCOUNT_BLOCKED, Park.ACCOUNT)
_BILLING = ErrorRow("unavailable", Reason.BILLING, Park.ACCOUNT)
_UNREGISTERED = ErrorRow("unavailable", Reason.NUMBER_NOT_REGISTERED, Park.NUMBER)
_ACCOUNT_RATE = ErrorRow("throttled", Reason.ACCOUNT_RATE, retry_after=5 * MINUTE)
_BAD_REQUEST = ErrorRow("rejected", Reason.BAD_REQUEST)
_PARAMETERS = ErrorRow("rejected", Reason.TEMPLATE_PARAMETERS)
_ROUTE = ErrorRow("rejected", Reason.MARKETING_ROUTE)

CODES: dict[int, ErrorRow] = {
    0: _CREDENTIALS,
    1: _UNPROVEN,
    2: _UNPROVEN,
    3: _PERMISSION,
    4: _ACCOUNT_RATE,
    10: _PERMISSION,
    33: _UNREGISTERED,
    100: _BAD_REQUEST,
    104: _CREDENTIALS,
    190: _CREDENTIALS,
    **dict.fromkeys(range(200, 300), _PERMISSION),
    368: _BLOCKED,
    613: ErrorRow("throttled", Reason.ACCOUNT_RATE, retry_after=MINUTE),
    80007: _ACCOUNT_RATE,
    130403: ErrorRow("rejected", Reason.RECIPIENT_BLOCKED_US),
    130429: ErrorRow("throttled", Reason.THROUGHPUT, retry_after=2),
    130472: ErrorRow("rejected", Reason.RECIPIENT_EXPERIMENT),
    130497: ErrorRow("rejected", Reason.COUNTRY_NOT_ALLOWED),
    131000: _UNPROVEN,
    131005: _PERMISSION,
    131008: _PARAMETERS,
    131009: _BAD_REQUEST,
    131016: _UNPROVEN,
    131021: ErrorRow("rejected", Reason.RECIPIENT_IS_SENDER),
    131026: ErrorRow("rejected", Reason.RECIPIENT_UNREACHABLE),
    131030: ErrorRow("rejected", Reason.RECIPIENT_NOT_ALLOWED),
    131031: _BLOCKED,
    131037: _UNREGISTERED,
    131042: _BILLING,
    131045: _UNREGISTERED,
    131047: ErrorRow("rejected", Reason.WINDOW_CLOSED),
    131048: ErrorRow("unavailable", Reason.NUMBER_BLOCKED, Park.NUMBER),
    131049: ErrorRow("rejected", Reason.MARKETING_LIMIT),
    131050: ErrorRow("rejected", Reason.MARKETING_OPT_OUT),
    131051: ErrorRow("rejected", Reason.UNSUPPORTED),
    131052: ErrorRow("rejected", Reason.MEDIA),
    # Often Meta failing to fetch the link: worth the retries that an unavailable message has.
    131053: ErrorRow("unavailable", Reason.MEDIA),
    131055: _ROUTE,
    131056: ErrorRow("throttled", Reason.PAIR_RATE, retry_after=6),
    131057: ErrorRow("throttled", Reason.NUMBER_MAINTENANCE, retry_after=45),
    131062: ErrorRow("rejected", Reason.BSUID_NOT_SUPPORTED),
    # Only marketing is refused, so the template stops and the account's other templates go on.
    131063: ErrorRow("unavailable", Reason.MARKETING_ROUTE, Park.TEMPLATE),
    131064: _BLOCKED,
    132000: _PARAMETERS,
    132001: ErrorRow("rejected", Reason.TEMPLATE_MISSING, Park.TEMPLATE),
    132005: _PARAMETERS,
    132007: ErrorRow("rejected", Reason.TEMPLATE_POLICY, Park.TEMPLATE),
    132008: _PARAMETERS,
    132012: _PARAMETERS,
    132015: ErrorRow("rejected", Reason.TEMPLATE_PAUSED, Park.TEMPLATE, park_for=3 * HOUR),
    132016: ErrorRow("rejected", Reason.TEMPLATE_DISABLED, Park.TEMPLATE),
    132018: _PARAMETERS,
    132068: ErrorRow("rejected", Reason.TEMPLATE_FLOW, Park.TEMPLATE),
    132069: ErrorRow("unavailable", Reason.TEMPLATE_FLOW, Park.TEMPLATE, park_for=HOUR),
    133000: _UNREGISTERED,
    133004: ErrorRow("unavailable", Reason.PROVIDER_DOWN, Park.NUMBER, park_for=5 * MINUTE),
    133005: _UNREGISTERED,
    133006: _UNREGISTERED,
    133008: _UNREGISTERED,
    133009: _UNREGISTERED,
    133010: _UNREGISTERED,
    133015: ErrorRow("unavailable", Reason.NUMBER_NOT_REGISTERED, Park.NUMBER, park_for=5 * MINUTE),
    133016: _UNREGISTERED,
    134011: _BILLING,
    134100: ErrorRow("rejected", Reason.MARKETING_ROUTE, Park.TEMPLATE),
    134101: ErrorRow("unavailable", Reason.TEMPLATE_MISSING, Park.TEMPLATE, park_for=10 * MINUTE),
    134102: ErrorRow("rejected", Reason.MARKETING_ROUTE, Park.TEMPLATE),
    135000: _BAD_REQUEST,
    137000: ErrorRow("rejected", Reason.RECIPIENT_IDENTITY),
}
# Code and subcode together; looked at before the code alone.
SUBCODES: dict[tuple[int, int], ErrorRow] = {(100, 33): _UNREGISTERED}

_UNLISTED = ErrorRow("rejected", Reason.PROVIDER_REJECTED)


@dataclass(frozen=True, slots=True)
class GraphError:
    """An `error` object, read defensively. `code` is None when it is no number."""

    code: int | None
    subcode: int | None
    detail: str

    @property
    def row(self) -> ErrorRow | None:
        """The row of the table, None for a code that is not listed."""
        if self.code is None:
            return None
        return SUBCODES.get((self.code, self.subcode or 0)) or CODES.get(self.code)

    @property
    def code_text(self) -> str:
        if self.code is None:
            return ""
        return f"{self.code}/{self.subcode}" if self.subcode else str(self.code)


def error_read(value: Any) -> GraphError | None:
    """The error in an `error` object or in an item of a webhook's `errors`; None when `value` is no object."""
    if not isinstance(value, dict):
        return None
    data = value.get("error_data")
    # `error_data` may be a plain string.
    details = data.get("details") if isinstance(data, dict) else data
    words = (details, value.get("error_user_msg"), value.get("message"), value.get("title"))
    detail = next((word for word in words if isinstance(word, str) and word), "")
    return GraphError(whole_number(value.get("code")), whole_number(value.get("error_subcode")), detail[:1000])


def reason_of(error: GraphError) -> Reason:
    """The normalized reason of an error, whatever it came in."""
    return (error.row or _UNLISTED).reason


def send_error(
    status: int, body: JsonObject | None, headers: Mapping[str, str], *, exchange: Exchange | None, now: datetime
) -> SendError:
    """What an answer that is no acceptance means. `body` is None when the answer is no JSON object."""
    error = error_read((body or {}).get("error"))
    row = error.row if error else None
    if row is None:
        row = _unlisted(status, error)
    return _built(row, error, headers, exchange=exchange, now=now)


def wait_seconds(row: ErrorRow, headers: Mapping[str, str], *, now: datetime) -> float:
    """How long to wait: `Retry-After`; for the account's own rate `estimated_time_to_regain_access`; else the row's."""
    asked = _retry_after(headers.get("retry-after", ""), now)
    if asked <= 0 and row.reason is Reason.ACCOUNT_RATE:
        asked = _regain_access(headers.get("x-business-use-case-usage", ""))
    return min(asked, LONGEST_WAIT) if asked > 0 else row.retry_after


def _unlisted(status: int, error: GraphError | None) -> ErrorRow:
    if status == 429:
        return _ACCOUNT_RATE
    if error is not None and error.code is not None and 400 <= status < 500:
        return _UNLISTED
    reason = Reason.PROVIDER_ERROR if status >= 500 or error is not None else Reason.UNREADABLE_ANSWER
    return ErrorRow("uncertain", reason)


def _built(
    row: ErrorRow,
    error: GraphError | None,
    headers: Mapping[str, str],
    *,
    exchange: Exchange | None,
    now: datetime,
) -> SendError:
    code, detail = (error.code_text, error.detail) if error else ("", "")
    if row.kind == "throttled":
        wait = wait_seconds(row, headers, now=now)
        return Throttled(row.reason, retry_after=wait, provider_code=code, detail=detail, exchange=exchange)
    kinds = {"rejected": Rejected, "unavailable": Unavailable, "uncertain": Uncertain}
    until = None if row.park_for is None else now + timedelta(seconds=row.park_for)
    return kinds[row.kind](
        row.reason, provider_code=code, detail=detail, park=row.park, park_until=until, exchange=exchange
    )


def _retry_after(value: str, now: datetime) -> float:
    try:
        if value.strip().isdecimal():
            return float(value)
        moment = parsedate_to_datetime(value)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() - now.timestamp()
    except (ValueError, OverflowError):
        return 0


def _regain_access(value: str) -> float:
    """The longest wait in `x-business-use-case-usage`: {"<WABA id>": [{"estimated_time_to_regain_access": minutes}]}."""
    try:
        usage = json.loads(value)
    except (ValueError, RecursionError):
        return 0
    groups = usage.values() if isinstance(usage, dict) else []
    entries = [entry for group in groups if isinstance(group, list) for entry in group if isinstance(entry, dict)]
    return max((whole_number(entry.get("estimated_time_to_regain_access")) or 0 for entry in entries), default=0) * 60


def whole_number(value: Any) -> int | None:
    """`value` as an int when it is one of at most 18 digits, or such a text; None otherwise."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value if abs(value) < 10**18 else None
    if isinstance(value, str) and value.lstrip("-").isdecimal() and value.isascii() and len(value) < 19:
        try:
            return int(value)
        except ValueError:
            return None
    return None
