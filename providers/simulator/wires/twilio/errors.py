"""Twilio's errors: what it answers at once, and the codes of messages that fail later."""

from __future__ import annotations

from providers.simulator.documents import Json
from providers.simulator.refusal import Refusal

AUTHENTICATE = (401, 20003, "Authenticate")
NO_CHANNEL = (400, 63007, "Twilio could not find a Channel with the specified From address")
SUSPENDED = (403, 20005, "Account is not active")
BUSY = (429, 20429, "Too Many Requests")
INTERNAL = (500, 20500, "Internal Server Error")
DOWN = (503, 20503, "Service Unavailable")
NO_CONTENT = (400, 21655, "The ContentSid is Invalid")

AT_ONCE: dict[int, tuple[int, int, str]] = {
    100: (400, 21604, "A 'To' phone number is required."),
    104: AUTHENTICATE,
    190: AUTHENTICATE,
    10: (403, 20003, "Permission Denied"),
    200: (403, 20003, "Permission Denied"),
    131005: (403, 20003, "Permission Denied"),
    368: SUSPENDED,
    131031: SUSPENDED,
    131021: (400, 63031, "Channel message cannot have same From and To"),
    131045: NO_CHANNEL,
    133010: NO_CHANNEL,
    130497: (400, 21408, "Permission to send to this region has not been enabled"),
    4: BUSY,
    80007: BUSY,
    130429: BUSY,
    131056: (429, 21611, "This 'From' number has exceeded the maximum number of queued messages"),
    1: INTERNAL,
    131000: INTERNAL,
    2: DOWN,
    131016: DOWN,
}

# Codes of messages that failed, and their text. An error that WhatsApp reports is `undelivered`, the others `failed`.
LATER: dict[int, tuple[int, str]] = {
    131000: (30008, "Unknown error"),
    131026: (63024, "Invalid message recipient"),
    131030: (63015, "The recipient has not joined the sandbox"),
    131042: (63020, "Business Manager account error"),
    131047: (
        63016,
        "Failed to send freeform message because you are outside the allowed window. "
        "If you are using WhatsApp, please use a Message Template.",
    ),
    131048: (63026, "The sender is flagged as spam"),
    131049: (63049, "Meta chose not to deliver this WhatsApp marketing message"),
    131050: (63014, "Blocked by an action of the user"),
    131053: (63019, "Media failed to download"),
    131057: (63009, "The provider answered with a 5xx"),
    130472: (63032, "A limitation of WhatsApp for this user"),
    132000: (63028, "Number of parameters provided does not match the template"),
    132001: (63027, "Template does not exist for a language"),
    132005: (63005, "The channel did not accept the given content"),
    132007: (63013, "The message violates the policy of the channel"),
    132012: (63028, "Number of parameters provided does not match the template"),
    132015: (63041, "The template is paused"),
    132016: (63042, "The template is disabled"),
    132018: (63030, "Unsupported parameter for this type of channel message"),
    134101: (63010, "Internal error"),
}
OTHER = (63023, "Channel generic error")
FROM_WHATSAPP = frozenset({130472, 131000, 131026, 131049, 131050, 131053})


class TwilioError(Refusal):
    """An error of Twilio's own that no neutral code stands for: HTTP status, code, text."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(100, message)
        self.row = (status, code, message)


def not_found(path: str) -> TwilioError:
    """20404, for an account, a message or a content that is not there."""
    return TwilioError(404, 20404, f"The requested resource {path} was not found")


def error_answer(refusal: Refusal) -> tuple[int, Json]:
    """HTTP status and body."""
    row = refusal.row if isinstance(refusal, TwilioError) else AT_ONCE.get(refusal.code, INTERNAL)
    status, code, message = row
    link = f"https://www.twilio.com/docs/errors/{code}"
    return status, {"code": code, "message": message, "more_info": link, "status": status}


def later_error(code: int) -> tuple[int, str]:
    """Code and text of a message that failed for this neutral reason."""
    return LATER.get(code, OTHER)


def failed_word(code: int) -> str:
    """Whether the channel refused the message, or WhatsApp could not deliver it."""
    return "undelivered" if code in FROM_WHATSAPP else "failed"
