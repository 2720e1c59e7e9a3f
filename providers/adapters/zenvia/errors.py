"""What Zenvia's errors mean here (the table in the official spec's description), and Meta's codes in causes of failures."""

from __future__ import annotations

from providers.contracts import JsonObject
from providers.errors import ErrorCode, Reason, SendError
from providers.http import Answer
from providers.policy import answer_error
from providers.reading import parts, text
from providers.whatsapp import errors as whatsapp

#: Codes of an error's body; 429 has none in the spec.
OWN_CODES: dict[str, ErrorCode] = {
    "VALIDATION_ERROR": ErrorCode(Reason.BAD_REQUEST, "Validation error"),
    "AUTHENTICATION_ERROR": ErrorCode(Reason.CREDENTIALS, "No authorization token was found"),
    "NOT_FOUND": ErrorCode(Reason.CONFIGURATION, "Not found"),
    # Not stated for messages: if it comes for one, an earlier call may have sent it.
    "DUPLICATED": ErrorCode(Reason.DUPLICATE, "Entity already exists", proven=False),
    # The vendor says that a retry is fine, but not that nothing was sent.
    "INTERNAL_ERROR": ErrorCode(Reason.PROVIDER_ERROR, "Internal error", proven=False),
    "HTTP 429": ErrorCode(Reason.THROUGHPUT, "Too Many Requests", seconds=5),
}

#: `channelErrorCode` of a cause: with six digits it is Meta's (inferred).
META_CODES = whatsapp.codes_named(
    (
        "130403",
        "130429",
        "130472",
        "130497",
        "131000",
        "131005",
        "131008",
        "131009",
        "131016",
        "131021",
        "131026",
        "131030",
        "131031",
        "131042",
        "131045",
        "131047",
        "131048",
        "131049",
        "131050",
        "131051",
        "131052",
        "131053",
        "131056",
        "131057",
        "131063",
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
        "134100",
        "134101",
        "134102",
    )
)

CODES: dict[str, ErrorCode] = {**OWN_CODES, **META_CODES}

_UNLISTED = ErrorCode(Reason.PROVIDER_REJECTED)


def send_error(answer: Answer, body: JsonObject | None) -> SendError:
    """What an answer that is no acceptance means. `body` is None when the answer is no JSON object."""
    code = text((body or {}).get("code"))
    # Beside a 5xx, or beside an id, no code proves that nothing was sent.
    believed = answer.status < 500 and not (body or {}).get("id")
    codes = OWN_CODES if believed else {}
    return answer_error(answer, codes, code=code, detail=error_detail(body), understood=bool(code))


def error_detail(body: JsonObject | None) -> str:
    """The error's words with what it says about each place."""
    document = body or {}
    places = [f"{text(item.get('path'))}: {text(item.get('message'))}" for item in parts(document, "details")]
    words = [text(document.get("message")), "; ".join(place.removeprefix(": ") for place in places)]
    return " - ".join(word for word in words if word)[:1000]


def cause_read(status: JsonObject) -> tuple[str, str, str]:
    """Code, reason and words of a failure: of the first cause whose code is known, else of the first."""
    causes = parts(status, "causes")
    known = (cause for cause in causes if text(cause.get("channelErrorCode")) in META_CODES)
    cause = next(known, causes[0] if causes else {})
    code = text(cause.get("channelErrorCode"))
    words = (cause.get("details"), cause.get("reason"), status.get("description"))
    detail = next((found for word in words if (found := text(word))), "")
    return code, META_CODES.get(code, _UNLISTED).reason, detail[:1000]
