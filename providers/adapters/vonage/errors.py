"""What Vonage's codes mean here (https://developer.vonage.com/en/api-errors/messages and /en/api-errors).

An error is an RFC 7807 document; its code is what follows `#` in `type`: a number of the Messages API, or a word.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from providers.contracts import JsonObject
from providers.errors import ErrorCode, Reason, SendError
from providers.http import Answer
from providers.policy import answer_error
from providers.reading import parts, text

_BAD_REQUEST = ErrorCode(Reason.BAD_REQUEST)
_UNREACHABLE = ErrorCode(Reason.RECIPIENT_UNREACHABLE)
_MEDIA = ErrorCode(Reason.MEDIA)
# Failures behind Vonage: in an answer no proof that nothing went out, in a status worth another try.
_BEHIND = ErrorCode(Reason.PROVIDER_ERROR, proven=False)

CODES: dict[str, ErrorCode] = {
    "HTTP 401": ErrorCode(Reason.CREDENTIALS, "Unauthorized"),
    "HTTP 402": ErrorCode(Reason.BILLING, "Low balance"),
    "HTTP 404": ErrorCode(Reason.CONFIGURATION, "Not found"),
    "HTTP 422": ErrorCode(Reason.BAD_REQUEST, "Unprocessable"),
    "HTTP 429": ErrorCode(Reason.THROUGHPUT, "Throttled"),
    "unauthorized": ErrorCode(Reason.CREDENTIALS, "Unauthorized"),
    "invalid-api-key": ErrorCode(Reason.CREDENTIALS, "Invalid API key"),
    "jwt-expired": ErrorCode(Reason.CREDENTIALS, "JWT expired"),
    "jwt-revoked": ErrorCode(Reason.CREDENTIALS, "JWT revoked"),
    "forbidden": ErrorCode(Reason.PERMISSION, "Forbidden"),
    "unprovisioned": ErrorCode(Reason.PERMISSION, "Unprovisioned"),
    "account-suspended": ErrorCode(Reason.ACCOUNT_BLOCKED, "Account suspended"),
    "low-balance": ErrorCode(Reason.BILLING, "Low balance"),
    "not-found": ErrorCode(Reason.CONFIGURATION, "Not found"),
    "invalid-params": ErrorCode(Reason.BAD_REQUEST, "Invalid params"),
    "1000": ErrorCode(Reason.THROUGHPUT, "Throttled"),
    "1010": ErrorCode(Reason.BAD_REQUEST, "Missing params"),
    "1020": ErrorCode(Reason.BAD_REQUEST, "Invalid params"),
    "1021": ErrorCode(Reason.BAD_REQUEST, "Invalid tag"),
    "1022": ErrorCode(Reason.TEMPLATE_MISSING, "Invalid template"),
    "1030": ErrorCode(Reason.PROVIDER_ERROR, "Internal error", proven=False),
    "1040": ErrorCode(Reason.BAD_REQUEST, "Invalid message"),
    "1050": ErrorCode(Reason.RECIPIENT_UNREACHABLE, "Number barred"),
    "1060": ErrorCode(Reason.ACCOUNT_BLOCKED, "Partner account barred"),
    "1070": ErrorCode(Reason.BILLING, "Partner quota exceeded"),
    "1080": ErrorCode(Reason.PERMISSION, "Account not enabled"),
    "1100": ErrorCode(Reason.PROVIDER_ERROR, "Communication failed", proven=False),
    "1120": ErrorCode(Reason.NUMBER_NOT_REGISTERED, "Illegal sender address"),
    "1140": ErrorCode(Reason.UNSUPPORTED, "Facility not allowed"),
    "1150": ErrorCode(Reason.BAD_REQUEST, "Invalid params"),
    "1160": ErrorCode(Reason.RECIPIENT_NOT_ALLOWED, "Destination not white-listed"),
    "1170": ErrorCode(Reason.RECIPIENT_UNREACHABLE, "Invalid or missing msisdn"),
    "1180": ErrorCode(Reason.PROVIDER_ERROR, "Absent subscriber, temporary", proven=False),
    "1190": ErrorCode(Reason.RECIPIENT_UNREACHABLE, "Absent subscriber, permanent"),
    "1210": ErrorCode(Reason.PROVIDER_REJECTED, "Anti-spam rejection"),
    "1220": _BEHIND,
    "1230": _BEHIND,
    "1240": ErrorCode(Reason.RECIPIENT_OPTED_OUT, "Illegal number, or opted out"),
    "1241": ErrorCode(Reason.THROUGHPUT, "Too many send requests"),
    "1250": _UNREACHABLE,
    "1260": _UNREACHABLE,
    "1300": ErrorCode(Reason.RECIPIENT_UNREACHABLE, "Not part of the provider network"),
    "1310": _UNREACHABLE,
    "1320": ErrorCode(Reason.DUPLICATE, "Message already sent"),
    "1330": ErrorCode(Reason.PROVIDER_REJECTED, "Unknown", proven=False),
    "1331": ErrorCode(Reason.PROVIDER_ERROR, "Provider error", proven=False),
    "1340": ErrorCode(Reason.WINDOW_CLOSED, "Outside of the allowed window"),
    "1360": ErrorCode(Reason.EXPIRED, "TTL expired"),
    "1370": _BAD_REQUEST,
    "1380": _MEDIA,
    "1381": _MEDIA,
    "1382": _MEDIA,
}

UNLISTED = ErrorCode(Reason.PROVIDER_REJECTED)


@dataclass(frozen=True, slots=True)
class Problem:
    """An RFC 7807 document. `code` is "" when `type` has no fragment and `title` is no number."""

    code: str
    detail: str

    @property
    def meaning(self) -> ErrorCode:
        return CODES.get(self.code, UNLISTED)


def problem_read(value: Any) -> Problem | None:
    """The error in an answer or a status; None when it is none."""
    if not isinstance(value, dict):
        return None
    kind, title = text(value.get("type")), text(value.get("title"))
    if not kind and not title:
        return None
    code = kind.partition("#")[2] or (title if title.isdecimal() else "")
    words = [text(value.get("detail")) or title, *_parameters(value)]
    return Problem(code[:40], "; ".join(word for word in words if word)[:1000])


def send_error(answer: Answer) -> SendError:
    """What an answer that is no acceptance means. Only a problem document is believed, and no code beside a 5xx."""
    problem = problem_read(answer.json_object())
    if problem is None:
        return answer_error(answer, {}, code="", detail="", understood=False)
    codes = {} if answer.status >= 500 else CODES
    return answer_error(answer, codes, code=problem.code, detail=problem.detail, understood=True)


def _parameters(value: JsonObject) -> list[str]:
    return [f"{text(item.get('name'))}: {text(item.get('reason'))}" for item in parts(value, "invalid_parameters")]
