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
from providers.whatsapp import errors as whatsapp

_UNPROVEN = ErrorCode(Reason.PROVIDER_ERROR, proven=False)

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
DELIVERY_CODES = whatsapp.codes_reported(
    (
        "130429",
        "130472",
        "130497",
        "131000",
        "131016",
        "131021",
        "131026",
        "131031",
        "131042",
        "131045",
        "131047",
        "131048",
        "131049",
        "131050",
        "131051",
        "131053",
        "131056",
        "131064",
        "132000",
        "132001",
        "132005",
        "132007",
        "132012",
        "132015",
        "132016",
        "132018",
        "133010",
    )
)
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
