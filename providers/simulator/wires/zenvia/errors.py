"""Zenvia's errors: what it answers at once, and what it only reports by webhook.

Zenvia checks its own side at once (body, token, sender, its limits). What WhatsApp refuses comes as a REJECTED or
NOT_DELIVERED status with WhatsApp's code as the cause.
"""

from __future__ import annotations

from providers.simulator.documents import Json
from providers.simulator.refusal import CODES, Refusal

VALIDATION = (400, "VALIDATION_ERROR", "Validation error")
AUTHENTICATION = (401, "AUTHENTICATION_ERROR", "No authorization token was found")
EXISTS = (409, "DUPLICATED", "Entity already exists")
MISSING = (404, "NOT_FOUND", "Not found")
# The spec names no code for 429.
BUSY = (429, "TOO_MANY_REQUESTS", "Too many requests")
INTERNAL = (500, "INTERNAL_ERROR", "Internal error")

AT_ONCE: dict[int, tuple[int, str, str]] = {
    100: VALIDATION,
    131008: VALIDATION,
    131009: VALIDATION,
    131021: VALIDATION,
    131051: VALIDATION,
    132000: VALIDATION,
    132012: VALIDATION,
    10: AUTHENTICATION,
    104: AUTHENTICATION,
    190: AUTHENTICATION,
    200: AUTHENTICATION,
    131005: AUTHENTICATION,
    133010: MISSING,
    4: BUSY,
    80007: BUSY,
    130429: BUSY,
    1: INTERNAL,
    2: INTERNAL,
    131000: INTERNAL,
    131016: INTERNAL,
}
# Failures after Zenvia handed the message on; every other failure is a REJECTED.
NOT_DELIVERED = (130472, 131000, 131026, 131047, 131049, 131050, 131053)


class InvalidField(Refusal):
    """A field of the body that is missing or wrong: its path, a code, and a sentence."""

    def __init__(self, path: str, code: str = "MISSING_REQUIRED", message: str = "Missing required property") -> None:
        super().__init__(100, message)
        self.path = path
        self.reason = code


class Duplicated(Refusal):
    """What is to be made is there already."""

    def __init__(self) -> None:
        super().__init__(100)


def error_answer(refusal: Refusal) -> tuple[int, Json]:
    """HTTP status and body."""
    row = EXISTS if isinstance(refusal, Duplicated) else AT_ONCE[refusal.code]
    status, code, message = row
    body: Json = {"code": code, "message": message}
    if row is VALIDATION:
        path, reason = "contents.0.fields", "INVALID"
        if isinstance(refusal, InvalidField):
            path, reason = refusal.path, refusal.reason
        body["details"] = [{"code": reason, "path": path, "message": refusal.details or CODES[refusal.code]}]
    return status, body


def cause(code: int) -> Json:
    """Why a message was rejected or not delivered, with WhatsApp's code."""
    words = CODES[code]
    return {"channelErrorCode": str(code), "reason": words.capitalize(), "details": f"{words.capitalize()}."}
