"""What Gupshup's error codes mean here (https://docs.gupshup.io/docs/error-and-status-messages, of 2026-06-29).

A refusal in the answer to a send has no code, only words; an event of a failed message has a code, Gupshup's or Meta's.
"""

from __future__ import annotations

import json
from typing import Any

from providers.contracts import JsonObject
from providers.errors import ErrorCode, Reason, SendError
from providers.http import Answer
from providers.policy import answer_error
from providers.whatsapp import errors as whatsapp

_OPT_IN = ErrorCode(Reason.PROVIDER_REJECTED, "opt-in missing")

#: The words of a refusal, which stand in the answer's `message`.
WORDS: dict[str, ErrorCode] = {
    "Invalid Destination": ErrorCode(Reason.RECIPIENT_UNREACHABLE, "Invalid Destination"),
    "Invalid App Details": ErrorCode(Reason.CONFIGURATION, "Invalid App Details"),
    "Authentication Failed": ErrorCode(Reason.CREDENTIALS, "Authentication Failed"),
    "Unauthorized Access": ErrorCode(Reason.CREDENTIALS, "Unauthorized Access"),
    "Too Many Requests": ErrorCode(Reason.THROUGHPUT, "Too Many Requests", seconds=5),
}

#: Meta's, which Gupshup passes through, with Gupshup's words.
META_WORDS = {
    "130429": "rate limit hit",
    "131026": "message undeliverable",
    "131042": "payment issue",
    "131047": "re-engagement message",
    "131048": "spam rate limit hit",
    "131049": "healthy ecosystem engagement",
    "131050": "user stopped marketing messages",
    "131056": "pair rate limit hit",
    "132000": "",
    "132001": "template does not exist",
    "132012": "",
    "132015": "template is paused",
    "132016": "template is disabled",
}

CODES: dict[str, ErrorCode] = {
    **WORDS,
    "HTTP 401": ErrorCode(Reason.CREDENTIALS, "Authentication Failed"),
    "HTTP 429": ErrorCode(Reason.THROUGHPUT, "Too Many Requests", seconds=5),
    "HTTP 500": ErrorCode(Reason.PROVIDER_ERROR, "Internal server error", proven=False),
    # Gupshup's own, in events of failed messages.
    "500": ErrorCode(Reason.PROVIDER_ERROR, "Gupshup internal error", proven=False),
    "1001": ErrorCode(Reason.CONFIGURATION, "no app mapped"),
    "1002": ErrorCode(Reason.RECIPIENT_UNREACHABLE, "Number Does Not Exists On WhatsApp"),
    "1003": ErrorCode(Reason.BILLING, "wallet balance low"),
    "1004": ErrorCode(Reason.CONFIGURATION, "templates disabled for the account"),
    "1005": ErrorCode(Reason.TEMPLATE_PARAMETERS, "template match failed"),
    "1006": _OPT_IN,
    "1007": _OPT_IN,
    "1008": _OPT_IN,
    "1009": ErrorCode(Reason.BAD_REQUEST, "required parameter missing"),
    "1010": ErrorCode(Reason.MEDIA, "media URL invalid or unreachable"),
    "1011": ErrorCode(Reason.MEDIA, "media too large"),
    "1012": ErrorCode(Reason.RECIPIENT_OPTED_OUT, "recipient opted out"),
    "4001": ErrorCode(Reason.ACCOUNT_RATE, "API rate limited"),
    "4002": ErrorCode(Reason.UNREADABLE_ANSWER, "invalid response from WhatsApp", proven=False),
    "4003": ErrorCode(Reason.TEMPLATE_PARAMETERS, "no template matches the name and parameters"),
    "4004": ErrorCode(Reason.CONFIGURATION, "only the Cloud API is supported"),
    "4005": ErrorCode(Reason.TEMPLATE_PAUSED, "template paused"),
    # Meta's; the first is of WhatsApp's older API.
    "470": ErrorCode(Reason.WINDOW_CLOSED, "outside the 24 h window"),
    **whatsapp.codes_worded(META_WORDS),
}

#: Codes of `failed` events after which the message may yet have gone out, so that it must not be sent again.
FAILURES_WITHOUT_PROOF = frozenset({"4002"})

_BY_WORDS = {word.lower(): word for word in WORDS}
_UNLISTED = ErrorCode(Reason.PROVIDER_REJECTED)


def send_error(answer: Answer, body: JsonObject | None) -> SendError:
    """What an answer that is no acceptance means. `body` is None when the answer is no JSON object."""
    detail = message_read(body)
    code = _BY_WORDS.get(detail.strip().rstrip(".!").lower(), "")
    # Beside a 5xx, or beside an id, no words prove that nothing was sent.
    believed = answer.status < 500 and not (body or {}).get("messageId")
    return answer_error(answer, CODES if believed else {}, code=code, detail=detail, understood=is_error(body))


def is_error(body: JsonObject | None) -> bool:
    """Whether this is an error as Gupshup writes them."""
    return body is not None and str(body.get("status", "")).lower() == "error"


def message_read(body: JsonObject | None) -> str:
    """The words of an error: a text, or an object (or JSON in a text) that holds them in turn."""
    found: Any = (body or {}).get("message")
    for _level in range(3):
        if isinstance(found, str) and found.lstrip().startswith("{"):
            try:
                found = json.loads(found)
            except (ValueError, RecursionError):
                break
        if not isinstance(found, dict):
            break
        found = found.get("message") or found.get("reason") or ""
    return found[:1000] if isinstance(found, str) else ""


def reason_of(code: str) -> Reason:
    """The normalized reason of a code in an event of a failed message."""
    return CODES.get(code, _UNLISTED).reason
