"""Vonage's errors (RFC 7807), and the codes of messages that it reports as rejected or undeliverable.

Which code stands for which of WhatsApp's is not published; it is inferred from their names.
"""

from __future__ import annotations

import uuid

from providers.simulator.documents import Json
from providers.simulator.refusal import Refusal

SITE = "https://developer.vonage.com"
INVALID = (422, f"{SITE}/api-errors/messages#1150", "Invalid params", "The value of one or more parameters is invalid.")
UNAUTHORIZED = (401, f"{SITE}/api-errors#unauthorized", "Unauthorized", "You did not provide correct credentials.")
FORBIDDEN = (403, f"{SITE}/api-errors#forbidden", "Forbidden", "Your account does not have permission to do this.")
NOT_FOUND = (404, f"{SITE}/api-errors#not-found", "Not found", "The requested resource does not exist.")
LOW_BALANCE = (
    402,
    "https://developer.nexmo.com/api-errors/#low-balance",
    "Low balance",
    "This request could not be performed due to your account balance being low.",
)
THROTTLED = (
    429,
    f"{SITE}/api-errors/messages#1000",
    "Throttled",
    "You have exceeded the submission capacity allowed on this account. Please wait and retry.",
)
SENDER = (422, f"{SITE}/api-errors/messages#1120", "Illegal Sender Address", "The sender is not one of the account's.")
INTERNAL = (500, f"{SITE}/api-errors/messages#1030", "Internal error", "There was an error processing your request.")

AT_ONCE: dict[int, tuple[int, str, str, str]] = {
    100: INVALID,
    131021: INVALID,
    131051: INVALID,
    104: UNAUTHORIZED,
    190: UNAUTHORIZED,
    10: FORBIDDEN,
    200: FORBIDDEN,
    131005: FORBIDDEN,
    131042: LOW_BALANCE,
    4: THROTTLED,
    80007: THROTTLED,
    130429: THROTTLED,
    133010: SENDER,
    1: INTERNAL,
    2: INTERNAL,
    131000: INTERNAL,
    131016: INTERNAL,
}
TEMPLATE = (1022, "Invalid template")
PROVIDER = (1331, "Provider error")
BARRED = (1060, "Partner account barred")
UNKNOWN = (1330, "Unknown error")
REPORTED: dict[int, tuple[int, str]] = {
    368: BARRED,
    130497: (1240, "Illegal number"),
    131000: PROVIDER,
    131026: (1300, "Not part of the provider network"),
    131030: (1160, "Non-whitelisted destination"),
    131031: BARRED,
    131042: (1070, "Partner quota exceeded"),
    131045: (1120, "Illegal Sender Address"),
    131047: (1340, "Outside the allowed window"),
    131048: (1210, "Anti-spam rejection"),
    131050: (1240, "Illegal number: the user has opted out"),
    131053: (1380, "Invalid media"),
    131056: (1241, "Too many sends"),
    131057: (1180, "Temporary failure"),
    132000: TEMPLATE,
    132001: TEMPLATE,
    132005: TEMPLATE,
    132012: TEMPLATE,
    132015: TEMPLATE,
    132016: TEMPLATE,
    132018: TEMPLATE,
}
#: The person could not be reached; everything else is a rejection.
UNDELIVERABLE = frozenset({130472, 131000, 131026, 131053, 131057})


class Missing(Refusal):
    """What the path names is not there."""

    def __init__(self) -> None:
        super().__init__(100)


def error_answer(refusal: Refusal) -> tuple[int, Json]:
    """HTTP status and body."""
    row = NOT_FOUND if isinstance(refusal, Missing) else AT_ONCE.get(refusal.code, INVALID)
    status, kind, title, detail = row
    body: Json = {"type": kind, "title": title, "detail": detail, "instance": uuid.uuid4().hex}
    if row is INVALID:
        name, _, why = (refusal.details or "message").partition(": ")
        body["invalid_parameters"] = [{"name": name, "reason": why or "invalid value"}]
    return status, body


def reported(code: int) -> tuple[str, Json]:
    """The status word and the error of a message that failed."""
    number, words = REPORTED.get(code, UNKNOWN)
    error = {
        "type": f"{SITE}/api-errors/messages#{number}",
        "title": str(number),
        "detail": words,
        "instance": uuid.uuid4().hex,
    }
    return "undeliverable" if code in UNDELIVERABLE else "rejected", error
