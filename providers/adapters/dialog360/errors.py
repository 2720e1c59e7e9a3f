"""What 360dialog's own errors mean (https://docs.360dialog.com/api/api-error-message-list); Meta's errors pass through it.

Its status says little: HTTP 400 may be a rate, an unpaid account or a disabled number, so the text decides.
"""

from __future__ import annotations

from collections.abc import Mapping

from providers.adapters.meta.errors import CODES as META_CODES
from providers.adapters.meta.errors import call_problem as meta_call_problem
from providers.contracts import JsonObject
from providers.errors import ErrorCode, ProviderCallError, Reason, SendError
from providers.http import Answer
from providers.policy import answer_error, call_error
from providers.reading import part, text

RATE, UNPAID, DISABLED = "HTTP 400 rate limit", "HTTP 400 payment", "HTTP 400 disabled"
_FAILED = ErrorCode(Reason.PROVIDER_ERROR, proven=False)

OWN_CODES: dict[str, ErrorCode] = {
    RATE: ErrorCode(Reason.ACCOUNT_RATE, "exceeded the endpoint rate limit", seconds=60),
    UNPAID: ErrorCode(Reason.BILLING, "due to lack of payment"),
    DISABLED: ErrorCode(Reason.NUMBER_NOT_REGISTERED, "number disabled"),
    "HTTP 401": ErrorCode(Reason.CREDENTIALS, "Invalid api_key"),
    "HTTP 403": ErrorCode(Reason.PERMISSION, "endpoint blocked"),
    "HTTP 500": _FAILED,
    "HTTP 502": _FAILED,
}
CODES: Mapping[str, ErrorCode] = {**META_CODES, **OWN_CODES}
# Nothing is sent by a management call, so "it may have been sent" would mislead.
_MANAGING = {code: row for code, row in OWN_CODES.items() if row.proven}

# Words of `developer_message`, in lower case; the first that occurs decides.
_WORDS = (
    ("rate limit", RATE),
    ("too many requests", RATE),
    ("payment", UNPAID),
    ("overdue", UNPAID),
    ("disabled", DISABLED),
)


def is_own_error(answer: Answer) -> bool:
    """Whether the answer is an error, and one of 360dialog and not of Meta."""
    body = answer.json_object() or {}
    if "error" in body:
        return False
    return not 200 <= answer.status < 300 or part(body, "meta").get("success") is False


def own_error(answer: Answer) -> SendError:
    """What 360dialog's own error means for a message."""
    code, detail, understood = _read(answer)
    return answer_error(answer, OWN_CODES, code=code, detail=detail, understood=understood)


def call_problem(answer: Answer) -> ProviderCallError:
    """What an answer to a management call that is no success means."""
    if not is_own_error(answer):
        return meta_call_problem(answer)
    code, detail, _understood = _read(answer)
    return call_error(answer, _MANAGING, code=code, detail=detail)


def _read(answer: Answer) -> tuple[str, str, bool]:
    """Our code for it ("" = none), its words, and whether it is an error as 360dialog writes them."""
    body = answer.json_object() or {}
    detail = _words(body)
    # Only under 400 is the text needed; the other statuses speak for themselves.
    code = ""
    if answer.status == 400:
        code = next((found for word, found in _WORDS if word in detail.lower()), "")
    return code, detail[:1000], bool(detail)


def _words(body: JsonObject) -> str:
    meta = part(body, "meta")
    found = (meta.get("developer_message"), meta.get("message"), body.get("developer_message"), body.get("message"))
    return next((words for words in map(text, found) if words), "")
