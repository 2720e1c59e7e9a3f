"""What Zenvia's errors mean here (the table in the official spec's description), and Meta's codes in causes of failures."""

from __future__ import annotations

from providers.contracts import JsonObject
from providers.errors import ErrorCode, Reason, SendError
from providers.http import Answer
from providers.policy import answer_error
from providers.reading import parts, text

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

_PARAMETERS = ErrorCode(Reason.TEMPLATE_PARAMETERS)
_ROUTE = ErrorCode(Reason.MARKETING_ROUTE)
_BLOCKED = ErrorCode(Reason.ACCOUNT_BLOCKED)
_UNREGISTERED = ErrorCode(Reason.NUMBER_NOT_REGISTERED)

#: `channelErrorCode` of a cause: with six digits it is Meta's (inferred).
META_CODES: dict[str, ErrorCode] = {
    "130403": ErrorCode(Reason.RECIPIENT_BLOCKED_US),
    "130429": ErrorCode(Reason.THROUGHPUT),
    "130472": ErrorCode(Reason.RECIPIENT_EXPERIMENT),
    "130497": ErrorCode(Reason.COUNTRY_NOT_ALLOWED),
    "131000": ErrorCode(Reason.PROVIDER_ERROR, proven=False),
    "131005": ErrorCode(Reason.PERMISSION),
    "131008": _PARAMETERS,
    "131009": ErrorCode(Reason.BAD_REQUEST),
    "131016": ErrorCode(Reason.PROVIDER_ERROR, proven=False),
    "131021": ErrorCode(Reason.RECIPIENT_IS_SENDER),
    "131026": ErrorCode(Reason.RECIPIENT_UNREACHABLE),
    "131030": ErrorCode(Reason.RECIPIENT_NOT_ALLOWED),
    "131031": _BLOCKED,
    "131042": ErrorCode(Reason.BILLING),
    "131045": _UNREGISTERED,
    "131047": ErrorCode(Reason.WINDOW_CLOSED),
    "131048": ErrorCode(Reason.NUMBER_BLOCKED),
    "131049": ErrorCode(Reason.MARKETING_LIMIT),
    "131050": ErrorCode(Reason.MARKETING_OPT_OUT),
    "131051": ErrorCode(Reason.UNSUPPORTED),
    "131052": ErrorCode(Reason.MEDIA),
    "131053": ErrorCode(Reason.MEDIA_FETCH),
    "131056": ErrorCode(Reason.PAIR_RATE),
    "131057": ErrorCode(Reason.NUMBER_MAINTENANCE),
    "131063": _ROUTE,
    "131064": _BLOCKED,
    "132000": _PARAMETERS,
    "132001": ErrorCode(Reason.TEMPLATE_MISSING),
    "132005": _PARAMETERS,
    "132007": ErrorCode(Reason.TEMPLATE_POLICY),
    "132012": _PARAMETERS,
    "132015": ErrorCode(Reason.TEMPLATE_PAUSED),
    "132016": ErrorCode(Reason.TEMPLATE_DISABLED),
    "132018": _PARAMETERS,
    "133010": _UNREGISTERED,
    "134100": _ROUTE,
    "134101": ErrorCode(Reason.TEMPLATE_SYNCING),
    "134102": _ROUTE,
}

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
