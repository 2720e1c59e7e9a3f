"""Bird's errors: what it answers at once, and the failures that it only reports by webhook.

Bird checks its own side at once (body, key, channel, the studio's template and its variables, its limits). What WhatsApp
refuses comes as ``sending_failed``, what it could not deliver as ``delivery_failed``, with WhatsApp's code.
"""

from __future__ import annotations

from providers.simulator.documents import Json
from providers.simulator.refusal import CODES, Refusal

INVALID = (422, "InvalidPayload", "The provided payload is invalid")
UNAUTHORIZED = (401, "Unauthorized", "Unauthorized")
FORBIDDEN = (403, "Forbidden", "Forbidden")
MISSING = (404, "NotFound", "Not found")
BUSY = (429, "TooManyRequests", "Too many requests")
INTERNAL = (500, "InternalError", "Internal error")
DOWN = (503, "ServiceUnavailable", "Service unavailable")

AT_ONCE: dict[int, tuple[int, str, str]] = {
    100: INVALID,
    131051: INVALID,
    132000: INVALID,
    132001: INVALID,
    104: UNAUTHORIZED,
    190: UNAUTHORIZED,
    10: FORBIDDEN,
    200: FORBIDDEN,
    131005: FORBIDDEN,
    133010: MISSING,
    4: BUSY,
    80007: BUSY,
    130429: BUSY,
    1: INTERNAL,
    131000: INTERNAL,
    2: DOWN,
    131016: DOWN,
}
PLACES = {132000: ".template.parameters", 132001: ".template"}
# Failures after WhatsApp had the message; every other one is a sending_failed.
NOT_DELIVERED = (130472, 131000, 131026, 131049, 131050, 131053)


class InvalidField(Refusal):
    """A field of the body that is missing or wrong: its path, and a sentence."""

    def __init__(self, path: str, message: str = "must not be empty") -> None:
        super().__init__(100, message)
        self.path = path


def error_answer(refusal: Refusal) -> tuple[int, Json]:
    """HTTP status and body."""
    row = AT_ONCE[refusal.code]
    status, code, message = row
    body: Json = {"code": code, "message": message}
    if row is INVALID:
        place = refusal.path if isinstance(refusal, InvalidField) else PLACES.get(refusal.code, ".")
        body["details"] = {place: [refusal.details or CODES[refusal.code]]}
    return status, body


def failure(code: int) -> Json:
    """The ``failure`` of a message."""
    return {"code": code, "description": CODES[code].capitalize()}
