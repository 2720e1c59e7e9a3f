"""What Bird's errors mean: HTTP statuses of a refused call, and codes of a failed delivery, which are WhatsApp's own.

The body of an error ({"code", "message", "details"}) is not documented in detail, so the HTTP status decides.
Sources: docs.bird.com/api/channels-api; Meta's error codes for deliveries.
"""

from __future__ import annotations

from collections.abc import Mapping

from providers.contracts import JsonObject
from providers.errors import ErrorCode, ProviderCallError, Reason, SendError
from providers.http import Answer
from providers.policy import answer_error, call_error
from providers.reading import part, text

_UNPROVEN = ErrorCode(Reason.PROVIDER_ERROR, proven=False)
_PARAMETERS = ErrorCode(Reason.TEMPLATE_PARAMETERS)
_BLOCKED = ErrorCode(Reason.ACCOUNT_BLOCKED)

CALL_CODES: dict[str, ErrorCode] = {
    "HTTP 400": ErrorCode(Reason.BAD_REQUEST),
    "HTTP 401": ErrorCode(Reason.CREDENTIALS),
    "HTTP 403": ErrorCode(Reason.PERMISSION),
    "HTTP 422": ErrorCode(Reason.BAD_REQUEST),
    "HTTP 429": ErrorCode(Reason.ACCOUNT_RATE, seconds=5),
    "HTTP 500": _UNPROVEN,
    "HTTP 502": _UNPROVEN,
    "HTTP 503": _UNPROVEN,
    "HTTP 504": _UNPROVEN,
}
# `failure.code` of a delivery: WhatsApp's numbers, seen in one sample; those that say what to do next.
DELIVERY_CODES: dict[str, ErrorCode] = {
    "130429": ErrorCode(Reason.THROUGHPUT),
    "130472": ErrorCode(Reason.RECIPIENT_EXPERIMENT),
    "130497": ErrorCode(Reason.COUNTRY_NOT_ALLOWED),
    "131000": ErrorCode(Reason.PROVIDER_ERROR),
    "131016": ErrorCode(Reason.PROVIDER_ERROR),
    "131021": ErrorCode(Reason.RECIPIENT_IS_SENDER),
    "131026": ErrorCode(Reason.RECIPIENT_UNREACHABLE),
    "131031": _BLOCKED,
    "131042": ErrorCode(Reason.BILLING),
    "131045": ErrorCode(Reason.NUMBER_NOT_REGISTERED),
    "131047": ErrorCode(Reason.WINDOW_CLOSED),
    "131048": ErrorCode(Reason.NUMBER_BLOCKED),
    "131049": ErrorCode(Reason.MARKETING_LIMIT),
    "131050": ErrorCode(Reason.MARKETING_OPT_OUT),
    "131051": ErrorCode(Reason.UNSUPPORTED),
    "131053": ErrorCode(Reason.MEDIA_FETCH),
    "131056": ErrorCode(Reason.PAIR_RATE),
    "131064": _BLOCKED,
    "132000": _PARAMETERS,
    "132001": ErrorCode(Reason.TEMPLATE_MISSING),
    "132005": _PARAMETERS,
    "132007": ErrorCode(Reason.TEMPLATE_POLICY),
    "132012": _PARAMETERS,
    "132015": ErrorCode(Reason.TEMPLATE_PAUSED),
    "132016": ErrorCode(Reason.TEMPLATE_DISABLED),
    "132018": _PARAMETERS,
    "133010": ErrorCode(Reason.NUMBER_NOT_REGISTERED),
}
CODES: Mapping[str, ErrorCode] = {**CALL_CODES, **DELIVERY_CODES}
_UNLISTED = ErrorCode(Reason.PROVIDER_REJECTED)


def send_error(answer: Answer) -> SendError:
    """What an answer to a send that is no acceptance means. A 4xx without Bird's code or words proves nothing."""
    words = _words(answer.json_object() or {})
    return answer_error(answer, CALL_CODES if words else {}, code="", detail=words, understood=bool(words))


def call_problem(answer: Answer) -> ProviderCallError:
    """What an answer to a management call that is no success means."""
    proven = {code: row for code, row in CALL_CODES.items() if row.proven}
    return call_error(answer, proven, detail=_words(answer.json_object() or {}))


def delivery_reason(code: str) -> Reason:
    """Why a delivery failed; a code that is not listed is a plain refusal."""
    return (DELIVERY_CODES.get(code) or _UNLISTED).reason


def _words(body: JsonObject) -> str:
    """Bird's code, its words and the places of the payload that are wrong; "" when the body is no error of Bird."""
    code, message = text(body.get("code")), text(body.get("message"))
    places = ", ".join(part(body, "details"))
    told = ": ".join(word for word in (code, message) if word)
    return f"{told} ({places})"[:1000] if told and places else told[:1000]
