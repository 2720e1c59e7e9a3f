"""Gupshup's errors: the few that it answers at once, and what it only reports by a ``failed`` event.

It checks key, app, destination and rate at once. All else, a wrong number of parameters as well, is taken with a message id and
fails by webhook: before Meta with a code of Gupshup's own, after Meta with Meta's.
"""

from __future__ import annotations

from providers.simulator.documents import Json
from providers.simulator.refusal import CODES, Refusal

INVALID_DESTINATION = (400, "Invalid Destination")
INVALID_APP = (400, "Invalid App Details")
UNAUTHENTICATED = (401, "Authentication Failed")
BUSY = (429, "Too Many Requests")
INTERNAL = (500, "Internal server error")

AT_ONCE: dict[int, tuple[int, str]] = {
    100: INVALID_DESTINATION,
    131021: INVALID_DESTINATION,
    133010: INVALID_APP,
    10: UNAUTHENTICATED,
    104: UNAUTHENTICATED,
    190: UNAUTHENTICATED,
    200: UNAUTHENTICATED,
    131005: UNAUTHENTICATED,
    4: BUSY,
    80007: BUSY,
    130429: BUSY,
    1: INTERNAL,
    2: INTERNAL,
    131000: INTERNAL,
    131016: INTERNAL,
}

# What fails before it reaches Meta: Gupshup's own code and words.
BEFORE_META: dict[int, tuple[int, str]] = {
    131009: (1009, "Required parameter is missing"),
    131008: (1009, "Required parameter is missing"),
    131042: (1003, "Unable to send message | Check your wallet balance"),
    131047: (470, "Message failed to send because more than 24 hours have passed since the customer last replied"),
    131053: (1010, "Invalid media URL"),
    132000: (1005, "Message sending failed as user is inactive for session message and template did not match"),
    132001: (4003, "No template match for the given name and params"),
    132012: (1005, "Message sending failed as user is inactive for session message and template did not match"),
    132015: (4005, "Template is paused"),
    132016: (1004, "Template is disabled for the account"),
}


class BadForm(Refusal):
    """A form, or a template to create, that Gupshup refuses with these words."""

    def __init__(self, words: str) -> None:
        super().__init__(100, words)


def error_answer(refusal: Refusal) -> tuple[int, Json]:
    """HTTP status and body."""
    status, words = AT_ONCE[refusal.code]
    if isinstance(refusal, BadForm):
        words = refusal.details or words
    return status, {"message": words, "status": "error"}


def failure(code: int) -> tuple[bool, int, str]:
    """Whether it failed before Meta, and the code and words of the event."""
    if code in BEFORE_META:
        return True, *BEFORE_META[code]
    return False, code, CODES[code].capitalize()
