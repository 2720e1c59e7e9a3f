"""What Meta's error codes mean here (https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes).

Closed by default: a code that is not listed is a refusal when it comes as a proper 4xx error, and uncertain otherwise.
The HTTP status of a listed code is never looked at: Meta dropped it from its page, and old copies disagree.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from providers.contracts import Exchange, JsonObject
from providers.errors import ErrorCode, ProviderCallError, Reason, SendError
from providers.http import Answer
from providers.policy import error_of, retry_after_seconds
from providers.reading import whole_number
from providers.whatsapp import errors as whatsapp

MINUTE = 60.0

# Unproven by Meta's page: the message may have gone out although the answer is an error.
_UNPROVEN = ErrorCode(Reason.PROVIDER_ERROR, proven=False)
_CREDENTIALS = ErrorCode(Reason.CREDENTIALS)
_PERMISSION = ErrorCode(Reason.PERMISSION)
_BLOCKED = ErrorCode(Reason.ACCOUNT_BLOCKED)
_UNREGISTERED = ErrorCode(Reason.NUMBER_NOT_REGISTERED)
_ACCOUNT_RATE = ErrorCode(Reason.ACCOUNT_RATE)
_BAD_REQUEST = ErrorCode(Reason.BAD_REQUEST)
# Of creating and editing templates. Only 2388024 is stated to be a subcode of 100, so both places are looked at.
_DEFINITION = ErrorCode(Reason.BAD_REQUEST)
_DEFINITION_CODES = (2388019, 2388024, 2388039, 2388040, 2388047, 2388072, 2388073, 2388293, 2388299)

# Code, or code and subcode ("100/33"), which is looked at first.
CODES: dict[str, ErrorCode] = {
    "0": _CREDENTIALS,
    "1": _UNPROVEN,
    "2": _UNPROVEN,
    "3": _PERMISSION,
    "4": _ACCOUNT_RATE,
    "10": _PERMISSION,
    "33": _UNREGISTERED,
    "100": _BAD_REQUEST,
    "100/33": _UNREGISTERED,
    "104": _CREDENTIALS,
    "190": _CREDENTIALS,
    **{str(code): _PERMISSION for code in range(200, 300)},
    "368": _BLOCKED,
    "613": ErrorCode(Reason.ACCOUNT_RATE, seconds=MINUTE),
    "80007": _ACCOUNT_RATE,
    **whatsapp.CODES,
    **{str(code): _DEFINITION for code in _DEFINITION_CODES},
    **{f"100/{code}": _DEFINITION for code in _DEFINITION_CODES},
}

_UNLISTED = ErrorCode(Reason.PROVIDER_REJECTED)
_SILENT = ErrorCode(Reason.UNREADABLE_ANSWER, proven=False)


@dataclass(frozen=True, slots=True)
class GraphError:
    """An `error` object, read defensively. `code` is None when it is no number."""

    code: int | None
    subcode: int | None
    detail: str

    @property
    def row(self) -> ErrorCode | None:
        """The row of the table, None for a code that is not listed."""
        return CODES.get(f"{self.code}/{self.subcode}") or CODES.get(str(self.code))

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
    status: int, body: JsonObject | None, headers: Mapping[str, str], *, exchange: Exchange | None = None
) -> SendError:
    """What an answer that is no acceptance means. `body` is None when the answer is no JSON object."""
    error = error_read((body or {}).get("error"))
    row = (error.row if error else None) or _unlisted(status, error)
    code, detail = (error.code_text, error.detail) if error else ("", "")
    wait = _wait_asked(row, headers)
    return error_of(row, code=code, detail=detail, wait_asked=wait, exchange=exchange)


def call_problem(answer: Answer) -> ProviderCallError:
    """What a management call's answer that is no success means."""
    body = answer.json_object()
    if body is None or error_read(body.get("error")) is None:
        reason = Reason.PROVIDER_DOWN if answer.status >= 500 else Reason.PROVIDER_REJECTED
        return ProviderCallError(reason, detail=f"HTTP {answer.status}", exchange=answer.exchange)
    error = send_error(answer.status, body, answer.headers, exchange=answer.exchange)
    # Nothing is sent by these calls, so "it may have been sent" would mislead.
    reason = Reason.PROVIDER_DOWN if error.reason is Reason.PROVIDER_ERROR else error.reason
    return ProviderCallError(reason, provider_code=error.provider_code, detail=error.detail, exchange=answer.exchange)


def _unlisted(status: int, error: GraphError | None) -> ErrorCode:
    if status == 429:
        return _ACCOUNT_RATE
    if error is not None and error.code is not None and 400 <= status < 500:
        return _UNLISTED
    return _UNPROVEN if status >= 500 or error is not None else _SILENT


def _wait_asked(row: ErrorCode, headers: Mapping[str, str]) -> float:
    """Seconds of `Retry-After`; for the account's own rate those of `estimated_time_to_regain_access`; 0 = none."""
    asked = retry_after_seconds(headers.get("retry-after", ""))
    if asked <= 0 and row.reason is Reason.ACCOUNT_RATE:
        asked = _regain_access(headers.get("x-business-use-case-usage", ""))
    return asked


def _regain_access(value: str) -> float:
    """The longest wait in `x-business-use-case-usage`: {"<WABA id>": [{"estimated_time_to_regain_access": minutes}]}."""
    try:
        usage = json.loads(value)
    except (ValueError, RecursionError):
        return 0
    groups = usage.values() if isinstance(usage, dict) else []
    entries = [entry for group in groups if isinstance(group, list) for entry in group if isinstance(entry, dict)]
    return max((whole_number(entry.get("estimated_time_to_regain_access")) or 0 for entry in entries), default=0) * 60
