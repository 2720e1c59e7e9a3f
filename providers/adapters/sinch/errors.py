"""What Sinch's words mean: the status of a refused call (Google's scheme) and the reason code of a failed delivery.

Source: developers.sinch.com/docs/conversation and the reason codes of the vendor's SDK.
"""

from __future__ import annotations

from collections.abc import Mapping

from providers.errors import ErrorCode, ProviderCallError, Reason, SendError
from providers.http import Answer
from providers.policy import answer_error, call_error
from providers.reading import part, text

_UNPROVEN = ErrorCode(Reason.PROVIDER_ERROR, proven=False)
_UNREACHABLE = ErrorCode(Reason.RECIPIENT_UNREACHABLE)
_CONFIGURATION = ErrorCode(Reason.CONFIGURATION)
_UNSUPPORTED = ErrorCode(Reason.UNSUPPORTED)
_MEDIA = ErrorCode(Reason.MEDIA)
_RATE = ErrorCode(Reason.ACCOUNT_RATE, seconds=5)

# `error.status` of a refused call, and the HTTP status where the word is another one.
CALL_CODES: dict[str, ErrorCode] = {
    "INVALID_ARGUMENT": ErrorCode(Reason.BAD_REQUEST, "HTTP 400"),
    "UNAUTHENTICATED": ErrorCode(Reason.CREDENTIALS, "HTTP 401"),
    "PERMISSION_DENIED": ErrorCode(Reason.PERMISSION, "HTTP 403"),
    "NOT_FOUND": ErrorCode(Reason.CONFIGURATION, "HTTP 404"),
    "RESOURCE_EXHAUSTED": ErrorCode(Reason.ACCOUNT_RATE, "HTTP 429", seconds=5),
    "INTERNAL": ErrorCode(Reason.PROVIDER_ERROR, "HTTP 500", proven=False),
    "UNAVAILABLE": ErrorCode(Reason.PROVIDER_ERROR, "HTTP 503", proven=False),
    "HTTP 400": ErrorCode(Reason.BAD_REQUEST),
    "HTTP 401": ErrorCode(Reason.CREDENTIALS),
    "HTTP 403": ErrorCode(Reason.PERMISSION),
    "HTTP 404": _CONFIGURATION,
    "HTTP 429": _RATE,
    "HTTP 500": _UNPROVEN,
    "HTTP 503": _UNPROVEN,
}
# `reason.code` of a delivery report that says FAILED.
DELIVERY_CODES: dict[str, ErrorCode] = {
    "INTERNAL_ERROR": ErrorCode(Reason.PROVIDER_ERROR),
    "CHANNEL_FAILURE": ErrorCode(Reason.PROVIDER_DOWN),
    "RATE_LIMITED": ErrorCode(Reason.THROUGHPUT),
    "UNKNOWN": _UNPROVEN,
    "DELIVERY_TIMED_OUT": _UNPROVEN,
    "DELIVERY_REPORT_TIME_OUT": _UNPROVEN,
    "RECIPIENT_INVALID_CHANNEL_IDENTITY": _UNREACHABLE,
    "RECIPIENT_NOT_REACHABLE": _UNREACHABLE,
    # Nobody said stop, so nobody's wish is noted.
    "RECIPIENT_NOT_OPTED_IN": ErrorCode(Reason.PROVIDER_REJECTED),
    "NO_CHANNELS_LEFT": _UNREACHABLE,
    "NO_CHANNEL_IDENTITY_FOR_CONTACT": _UNREACHABLE,
    "CONTACT_NOT_FOUND": _UNREACHABLE,
    "NO_PROFILE_AVAILABLE": _UNREACHABLE,
    "OUTSIDE_ALLOWED_SENDING_WINDOW": ErrorCode(Reason.WINDOW_CLOSED),
    "CHANNEL_REJECT": ErrorCode(Reason.PROVIDER_REJECTED),
    "DELIVERY_REJECTED_DUE_TO_POLICY": ErrorCode(Reason.PROVIDER_REJECTED),
    "BAD_REQUEST": ErrorCode(Reason.BAD_REQUEST),
    "UNSUPPORTED_OPERATION": _UNSUPPORTED,
    "MESSAGE_SPLIT_REQUIRED": _UNSUPPORTED,
    "MEDIA_TYPE_UNSUPPORTED": _MEDIA,
    "MEDIA_TOO_LARGE": _MEDIA,
    "MEDIA_NOT_REACHABLE": _MEDIA,
    "TEMPLATE_NOT_FOUND": ErrorCode(Reason.TEMPLATE_MISSING),
    "TEMPLATE_INSUFFICIENT_PARAMETERS": ErrorCode(Reason.TEMPLATE_PARAMETERS),
    "TEMPLATE_NON_EXISTING_LANGUAGE_OR_VERSION": ErrorCode(Reason.TEMPLATE_MISSING),
    "CHANNEL_BAD_CONFIGURATION": _CONFIGURATION,
    "CHANNEL_CONFIGURATION_MISSING": _CONFIGURATION,
    "UNKNOWN_APP": _CONFIGURATION,
    "NO_PERMISSION": ErrorCode(Reason.PERMISSION),
    "INACTIVE_CREDENTIAL": ErrorCode(Reason.CREDENTIALS),
    "MESSAGE_EXPIRED": ErrorCode(Reason.EXPIRED),
}
# `reason.sub_code`, more telling than the code where it says something.
SUB_CODES: dict[str, ErrorCode] = {
    "ATTACHMENT_REJECTED": _MEDIA,
    "MEDIA_TYPE_UNDETERMINED": _MEDIA,
    "INACTIVE_SENDER": ErrorCode(Reason.NUMBER_NOT_REGISTERED),
}
CODES: Mapping[str, ErrorCode] = {**CALL_CODES, **DELIVERY_CODES, **SUB_CODES}
_UNLISTED = ErrorCode(Reason.PROVIDER_REJECTED)


def send_error(answer: Answer) -> SendError:
    """What an answer to a send that is no acceptance means. A 4xx in another shape than Sinch's proves nothing."""
    word, detail = _error(answer)
    understood = bool(word or detail)
    # Beside a 5xx, or beside an id, no word proves that nothing was sent.
    believed = understood and answer.status < 500 and not (answer.json_object() or {}).get("message_id")
    codes = CALL_CODES if believed else {}
    code = word if word in CALL_CODES else ""
    return answer_error(answer, codes, code=code, detail=detail, understood=understood)


def call_problem(answer: Answer) -> ProviderCallError:
    """What an answer to a management call that is no success means."""
    word, detail = _error(answer)
    proven = {code: row for code, row in CALL_CODES.items() if row.proven}
    return call_error(answer, proven, code=word, detail=detail)


def delivery_meaning(code: str, sub_code: str) -> ErrorCode:
    """What a failed delivery means; a code that is not listed is a plain refusal."""
    return SUB_CODES.get(sub_code) or DELIVERY_CODES.get(code) or _UNLISTED


def _error(answer: Answer) -> tuple[str, str]:
    """The word and the words of an error: the Conversation API's `error` object, or the provisioning API's flat one."""
    body = answer.json_object() or {}
    error = part(body, "error")
    if error:
        return text(error.get("status")), text(error.get("message"))[:1000]
    words = [text(body.get(name)) for name in ("message", "resolution")]
    return text(body.get("errorCode")), " ".join(word for word in words if word)[:1000]
