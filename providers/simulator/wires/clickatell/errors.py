"""Clickatell's errors: what it answers for a whole request or one message of it, and what it only reports as a status.

The numbers of answers are guesses (see the contract page); those of statuses are documented.
"""

from __future__ import annotations

from providers.simulator.documents import Json
from providers.simulator.refusal import Refusal

PARAMETERS = (400, "101", "Invalid or missing parameters.")
KEY = (401, "108", "Invalid or missing Integration API Key.")
BALANCE = (402, "25", "Insufficient account balance.")
FORBIDDEN = (403, "110", "The integration may not do this.")
BUSY = (429, "133", "Too many requests.")
INTERNAL = (500, "901", "Internal error - please retry.")

# The whole request is refused.
REQUEST: dict[int, tuple[int, str, str]] = {
    100: PARAMETERS,
    104: KEY,
    190: KEY,
    131042: BALANCE,
    10: FORBIDDEN,
    200: FORBIDDEN,
    368: FORBIDDEN,
    131005: FORBIDDEN,
    131031: FORBIDDEN,
    131045: FORBIDDEN,
    133010: FORBIDDEN,
    4: BUSY,
    80007: BUSY,
    130429: BUSY,
    1: INTERNAL,
    2: INTERNAL,
    131000: INTERNAL,
    131016: INTERNAL,
}
# One message is refused, the others of its request are not.
DESTINATION = ("105", "Invalid Destination Address.")
MESSAGE: dict[int, tuple[str, str]] = {
    131021: DESTINATION,
    131030: DESTINATION,
    131008: ("101", "Invalid or missing parameters."),
    131051: ("101", "Invalid or missing parameters."),
}

MISMATCH = (141, "TEMPLATE_FORMAT_MISMATCH")
FAILURE = (23, "DELIVERY_FAILURE")
# Of the two newer statuses only the words are known.
STATUSES: dict[int, tuple[int | None, str]] = {
    131026: (29, "RECIPIENT_DOES_NOT_EXIST"),
    131042: (130, "WHATSAPP_ACCOUNT_PAYMENT_ISSUE"),
    131047: (131, "RE_ENGAGEMENT_REQUIRED"),
    131048: (132, "SPAM_RATE_LIMIT"),
    131049: (None, "EXCESSIVE_MESSAGES_TO_RECIPIENT"),
    131050: (None, "STOP_MARKETING_MESSAGES"),
    131056: (133, "SERVER_RATE_LIMIT"),
    131057: (100, "ROUTING_ERROR"),
    130472: (139, "EXPERIMENTAL_NUMBER"),
    130497: (100, "ROUTING_ERROR"),
    132000: MISMATCH,
    132001: MISMATCH,
    132005: (140, "TEMPLATE_TEXT_TOO_LONG"),
    132012: MISMATCH,
    132018: MISMATCH,
}


class BadMessage(Refusal):
    """One message that is refused at once: its code and text at Clickatell."""

    def __init__(self, code: str = "101", description: str = "Invalid or missing parameters.") -> None:
        super().__init__(131008, description)
        self.own_code = code


def request_error(refusal: Refusal) -> tuple[int, Json]:
    """HTTP status and body for a request that is refused as a whole."""
    status, code, words = REQUEST.get(refusal.code, PARAMETERS)
    return status, {"messages": [], "error": {"code": code, "description": words}}


def message_error(refusal: Refusal) -> Json:
    """The error of one message in an answer."""
    code, words = MESSAGE.get(refusal.code, DESTINATION)
    if isinstance(refusal, BadMessage):
        code, words = refusal.own_code, refusal.details or words
    return {"code": code, "description": words}


def failed_status(code: int) -> tuple[int | None, str]:
    """Number (None: not known) and word of the status that reports a failure."""
    return STATUSES.get(code, FAILURE)
