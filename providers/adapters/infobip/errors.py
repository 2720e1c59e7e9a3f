"""What Infobip's codes mean here (https://www.infobip.com/docs/essentials/api-essentials/response-status-and-error-codes).

Three kinds share one table: ids of a status ("12"), ids of an error ("7002"; these begin at 7001) and the words of an HTTP error.
An error id that is not listed obeys its `permanent`.
"""

from __future__ import annotations

from dataclasses import dataclass

from providers.adapters.infobip.vocabulary import EXPIRED
from providers.contracts import JsonObject
from providers.errors import ErrorCode, Reason, SendError
from providers.http import Answer
from providers.policy import answer_error
from providers.reading import part, parts, text, whole_number

# The page's general table has ids below this one that mean other things than a status with the same id.
FIRST_CHAT_ERROR = 7000
HOUR = 3600.0

_BAD_REQUEST = ErrorCode(Reason.BAD_REQUEST, "BAD_REQUEST")
_UNAUTHORIZED = ErrorCode(Reason.CREDENTIALS, "UNAUTHORIZED")
_FORBIDDEN = ErrorCode(Reason.PERMISSION, "FORBIDDEN")
_NOT_FOUND = ErrorCode(Reason.CONFIGURATION, "NOT_FOUND")
_TOO_MANY = ErrorCode(Reason.THROUGHPUT, "TOO_MANY_REQUESTS")
_GENERAL = ErrorCode(Reason.PROVIDER_ERROR, "GENERAL_ERROR", proven=False)
_CHAT_REQUEST = ErrorCode(Reason.BAD_REQUEST)
_CHAT_FAILURE = ErrorCode(Reason.PROVIDER_REJECTED)

CODES: dict[str, ErrorCode] = {
    # HTTP errors, in the spelling of both generations of endpoints.
    "HTTP 400": _BAD_REQUEST,
    "BAD_REQUEST": _BAD_REQUEST,
    "E400": _BAD_REQUEST,
    "HTTP 401": _UNAUTHORIZED,
    "UNAUTHORIZED": _UNAUTHORIZED,
    "E401": _UNAUTHORIZED,
    "HTTP 403": _FORBIDDEN,
    "FORBIDDEN": _FORBIDDEN,
    "E403": _FORBIDDEN,
    "HTTP 404": _NOT_FOUND,
    "NOT_FOUND": _NOT_FOUND,
    "HTTP 429": _TOO_MANY,
    "TOO_MANY_REQUESTS": _TOO_MANY,
    "E429": _TOO_MANY,
    "HTTP 500": _GENERAL,
    "GENERAL_ERROR": _GENERAL,
    "E500": _GENERAL,
    # Ids of a status.
    "4": ErrorCode(Reason.PROVIDER_REJECTED, "UNDELIVERABLE_REJECTED_OPERATOR"),
    "6": ErrorCode(Reason.RECIPIENT_UNREACHABLE, "REJECTED_NETWORK"),
    "8": ErrorCode(Reason.RECIPIENT_UNREACHABLE, "REJECTED_PREFIX_MISSING"),
    "9": ErrorCode(Reason.RECIPIENT_UNREACHABLE, "UNDELIVERABLE_NOT_DELIVERED"),
    "10": ErrorCode(Reason.PROVIDER_REJECTED, "REJECTED_DND"),
    "11": ErrorCode(Reason.CONFIGURATION, "REJECTED_SOURCE"),
    "12": ErrorCode(Reason.BILLING, "REJECTED_NOT_ENOUGH_CREDITS"),
    "13": ErrorCode(Reason.CONFIGURATION, "REJECTED_SENDER"),
    "14": ErrorCode(Reason.RECIPIENT_BLOCKED_US, "REJECTED_DESTINATION_BLOCKLISTED"),
    "15": ErrorCode(Reason.EXPIRED, "EXPIRED_EXPIRED"),
    "17": ErrorCode(Reason.BILLING, "REJECTED_PREPAID_PACKAGE_EXPIRED"),
    "18": ErrorCode(Reason.RECIPIENT_NOT_ALLOWED, "REJECTED_DESTINATION_NOT_REGISTERED"),
    "19": ErrorCode(Reason.CONFIGURATION, "REJECTED_ROUTE_NOT_AVAILABLE"),
    "20": ErrorCode(Reason.PAIR_RATE, "REJECTED_FLOODING_FILTER", seconds=HOUR),
    "21": ErrorCode(Reason.PROVIDER_DOWN, "REJECTED_SYSTEM_ERROR"),
    "23": ErrorCode(Reason.DUPLICATE, "REJECTED_DUPLICATE_MESSAGE_ID"),
    "29": ErrorCode(Reason.NO_ANSWER, "EXPIRED_DLR_UNKNOWN", proven=False),
    "31": ErrorCode(Reason.PROVIDER_REJECTED, "UNDELIVERABLE_NOT_SENT"),
    "51": ErrorCode(Reason.BAD_REQUEST, "MISSING_TO"),
    "52": ErrorCode(Reason.RECIPIENT_UNREACHABLE, "REJECTED_DESTINATION"),
    "100": ErrorCode(Reason.PROVIDER_REJECTED, "UNDELIVERABLE_REJECTED_PLATFORM"),
    # Ids of an error.
    "7001": ErrorCode(Reason.CONFIGURATION, "EC_UNKNOWN_APPLICATION"),
    "7002": ErrorCode(Reason.RECIPIENT_UNREACHABLE, "EC_UNKNOWN_USER"),
    "7003": ErrorCode(Reason.RECIPIENT_BLOCKED_US, "EC_BLOCKED_USER"),
    "7004": ErrorCode(Reason.CONFIGURATION, "EC_UNAUTHORIZED_ACCESS"),
    "7005": ErrorCode(Reason.CONFIGURATION, "EC_FORBIDDEN_ACCESS"),
    "7006": _CHAT_REQUEST,
    "7008": ErrorCode(Reason.TEMPLATE_PARAMETERS, "EC_INVALID_TEMPLATE_ARGS"),
    "7009": ErrorCode(Reason.TEMPLATE_MISSING, "EC_INVALID_TEMPLATE"),
    "7010": ErrorCode(Reason.WINDOW_CLOSED, "EC_NO_SESSION"),
    "7011": ErrorCode(Reason.ACCOUNT_BLOCKED, "EC_ACCOUNT_ISSUE"),
    "7012": ErrorCode(Reason.PROVIDER_DOWN),
    "7013": ErrorCode(Reason.MEDIA_FETCH),
    "7014": ErrorCode(Reason.MEDIA_FETCH),
    "7015": _CHAT_REQUEST,
    "7016": ErrorCode(Reason.NUMBER_BLOCKED, "EC_SPAM_RATE"),
    "7017": ErrorCode(Reason.THROUGHPUT, "EC_TOO_MANY_REQUESTS"),
    "7018": _CHAT_REQUEST,
    "7019": ErrorCode(Reason.BILLING, "EC_PROVIDER_BILLING_ERROR"),
    **{str(code): _CHAT_REQUEST for code in (7020, 7021, 7022, 7023, 7025, 7026, 7029, 7031, 7038)},
    "7024": ErrorCode(Reason.PROVIDER_DOWN),
    "7027": ErrorCode(Reason.PROVIDER_REJECTED, "EC_BLOCKED_CONTENT"),
    "7030": ErrorCode(Reason.RECIPIENT_OPTED_OUT, "EC_TEMPLATE_BLOCKED_BY_USER"),
    "7032": ErrorCode(Reason.MARKETING_LIMIT, "EC_FREQUENCY_CAPPING"),
    "7033": ErrorCode(Reason.MARKETING_OPT_OUT, "EC_MARKETING_OPT_OUT"),
    "7034": ErrorCode(Reason.NUMBER_NOT_REGISTERED, "EC_SENDER_NOT_REGISTERED"),
    "7036": ErrorCode(Reason.TEMPLATE_SYNCING, "EC_TEMPLATE_NOT_SYNCED"),
    "7037": ErrorCode(Reason.TEMPLATE_SYNCING, "EC_TEMPLATE_NOT_AVAILABLE"),
    "7050": ErrorCode(Reason.PROVIDER_ERROR, "EC_PROVIDER_INTERNAL_ERROR"),
    "7051": ErrorCode(Reason.PROVIDER_ERROR, "EC_PROVIDER_TIMEOUT", proven=False),
    **{str(code): _CHAT_FAILURE for code in (7052, 7080, 7081, 7082, 7083, 7084, 7281)},
    "7280": ErrorCode(Reason.DUPLICATE, "EC_DUPLICATE_REQUEST"),
}

_PERMANENT = ErrorCode(Reason.PROVIDER_REJECTED)
_PASSING = ErrorCode(Reason.PROVIDER_ERROR, proven=False)
_EXPIRED = ErrorCode(Reason.EXPIRED)


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a message of an answer or a report did not get through."""

    code: str
    meaning: ErrorCode
    detail: str

    @property
    def proves_failure(self) -> bool:
        """Whether it says that the message reached nobody. A repeated id, or a time-out behind Infobip, says no such thing."""
        return self.meaning.proven and self.meaning.reason is not Reason.DUPLICATE


def trouble_read(item: JsonObject) -> Trouble:
    """The trouble in an item that carries `status` and perhaps `error`; the error tells more, so it goes first."""
    status, error = part(item, "status"), part(item, "error")
    error_id, status_id = whole_number(error.get("id")) or 0, whole_number(status.get("id"))
    words = text(error.get("description")) if error_id else ""
    detail = (words or text(status.get("description")))[:1000]
    if error_id:
        code = str(error_id) if error_id >= FIRST_CHAT_ERROR else f"error {error_id}"
        return Trouble(code, CODES.get(code) or _by_permanence(error), detail)
    code = "" if status_id is None else str(status_id)
    unlisted = _EXPIRED if whole_number(status.get("groupId")) == EXPIRED else _PERMANENT
    return Trouble(code, CODES.get(code) or unlisted, detail)


def _by_permanence(error: JsonObject) -> ErrorCode:
    return _PASSING if error.get("permanent") is False else _PERMANENT


@dataclass(frozen=True, slots=True)
class HttpError:
    """An error answer. `violations`: what is wrong, by the path of the field in the request."""

    code: str
    detail: str
    violations: dict[str, str]


def http_error_read(answer: Answer) -> HttpError | None:
    """The error of an answer in either of Infobip's two shapes; None when it is none of them."""
    body = answer.json_object() or {}
    exception = part(part(body, "requestError"), "serviceException")
    if code := text(exception.get("messageId")):
        found = part(exception, "validationErrors")
        violations = {path: _words(problems) for path, problems in found.items()}
        return HttpError(code, _detail(text(exception.get("text")), violations), violations)
    if code := text(body.get("errorCode")):
        listed = parts(body, "violations")
        violations = {text(item.get("property")): text(item.get("violation")) for item in listed}
        return HttpError(code, _detail(text(body.get("description")), violations), violations)
    return None


def http_error(answer: Answer) -> SendError:
    """What an answer that is no acceptance means. Only a body in Infobip's own shape is believed, and with a 5xx no code."""
    found = http_error_read(answer)
    if found is None:
        return answer_error(answer, {}, code="", detail="", understood=False)
    codes = {} if answer.status >= 500 else CODES
    return answer_error(answer, codes, code=found.code, detail=found.detail, understood=True)


def _words(problems: object) -> str:
    return " ".join(map(text, problems)) if isinstance(problems, list) else text(problems)


def _detail(words: str, violations: dict[str, str]) -> str:
    return "; ".join([words, *(f"{path} {problem}" for path, problem in violations.items())])[:1000]
