"""Why a message is not sent, in one vocabulary for all wires: WhatsApp's own codes, which every provider passes on.

Each wire has a table from these codes to its own HTTP status, code and text.
"""

from __future__ import annotations

CODES: dict[int, str] = {
    1: "unknown error",
    2: "temporary outage",
    4: "calls per hour of the application",
    10: "permission missing",
    100: "invalid parameter",
    104: "no credentials in the request",
    190: "credentials unknown, expired or revoked",
    200: "no permission on the account",
    368: "account blocked for policy",
    80007: "rate limit of the account",
    130429: "throughput of the number",
    130472: "recipient is part of an experiment",
    130497: "country not allowed",
    131000: "unknown error at the provider (a 5xx answer; nothing was sent)",
    131005: "access denied",
    131008: "required parameter missing",
    131009: "parameter value not valid",
    131016: "service unavailable (a 5xx answer; nothing was sent)",
    131021: "recipient is the sender",
    131026: "undeliverable: not on WhatsApp",
    131030: "recipient not in the allowed list of a test account",
    131031: "account locked",
    131042: "payment problem",
    131045: "registration of the number",
    131047: "text outside the 24 h window",
    131048: "number restricted for spam",
    131049: "marketing limit per person",
    131050: "recipient stopped marketing messages",
    131051: "message type not supported",
    131053: "media could not be fetched",
    131056: "too many to the same person",
    131057: "number in maintenance",
    131062: "recipient without a phone not supported for this message",
    131063: "marketing disabled on this API",
    131064: "limit for misclassified templates",
    132000: "wrong number of template parameters",
    132001: "template does not exist in this language, or is not approved",
    132005: "filled text too long",
    132007: "template content against policy",
    132012: "wrong format of template parameters",
    132015: "template paused",
    132016: "template disabled",
    132018: "template parameters not valid",
    133010: "number not registered, or not of this account",
    134100: "only marketing messages on this API",
    134101: "template still syncing",
    134102: "template unavailable",
    135000: "other error of the request",
}


class Refusal(Exception):
    """A request, or one message of it, that is refused: a code of `CODES`, and details where they say more."""

    def __init__(self, code: int, details: str | None = None) -> None:
        super().__init__(code, details)
        self.code = code
        self.details = details
