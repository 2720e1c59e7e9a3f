"""Sinch's errors: what it answers at once, and the reasons of what it only reports by webhook.

Sinch checks its own side at once (body, credentials, app, its limits). What WhatsApp refuses comes as a FAILED report.
Which reason stands for which of WhatsApp's codes is published for a few only; the others are inferred from their names.
"""

from __future__ import annotations

from providers.simulator.documents import Json
from providers.simulator.refusal import CODES, Refusal

INVALID = (400, "INVALID_ARGUMENT", "Invalid argument")
UNAUTHENTICATED = (401, "UNAUTHENTICATED", "Request had invalid authentication credentials")
DENIED = (403, "PERMISSION_DENIED", "Permission denied")
MISSING = (404, "NOT_FOUND", "App not found")
BUSY = (429, "RESOURCE_EXHAUSTED", "Rate limit exceeded")
INTERNAL = (500, "INTERNAL", "Internal error")
DOWN = (503, "UNAVAILABLE", "Service unavailable")

AT_ONCE: dict[int, tuple[int, str, str]] = {
    100: INVALID,
    131051: INVALID,
    104: UNAUTHENTICATED,
    190: UNAUTHENTICATED,
    10: DENIED,
    200: DENIED,
    131005: DENIED,
    133010: MISSING,
    4: BUSY,
    80007: BUSY,
    130429: BUSY,
    1: INTERNAL,
    131000: INTERNAL,
    2: DOWN,
    131016: DOWN,
}
REASONS: dict[int, str] = {
    368: "CHANNEL_BAD_CONFIGURATION",
    130472: "CHANNEL_REJECT",
    130497: "DELIVERY_REJECTED_DUE_TO_POLICY",
    131000: "INTERNAL_ERROR",
    131008: "BAD_REQUEST",
    131009: "BAD_REQUEST",
    131021: "RECIPIENT_INVALID_CHANNEL_IDENTITY",
    131026: "RECIPIENT_NOT_REACHABLE",
    131030: "CHANNEL_REJECT",
    131031: "CHANNEL_BAD_CONFIGURATION",
    131042: "CHANNEL_BAD_CONFIGURATION",
    131045: "CHANNEL_BAD_CONFIGURATION",
    131047: "OUTSIDE_ALLOWED_SENDING_WINDOW",
    131048: "DELIVERY_REJECTED_DUE_TO_POLICY",
    131049: "DELIVERY_REJECTED_DUE_TO_POLICY",
    131050: "RECIPIENT_NOT_OPTED_IN",
    131053: "MEDIA_NOT_REACHABLE",
    131056: "RATE_LIMITED",
    131057: "CHANNEL_FAILURE",
    131062: "UNSUPPORTED_OPERATION",
    131063: "DELIVERY_REJECTED_DUE_TO_POLICY",
    131064: "DELIVERY_REJECTED_DUE_TO_POLICY",
    132000: "TEMPLATE_INSUFFICIENT_PARAMETERS",
    132001: "TEMPLATE_NOT_FOUND",
    132005: "BAD_REQUEST",
    132007: "DELIVERY_REJECTED_DUE_TO_POLICY",
    132012: "TEMPLATE_INSUFFICIENT_PARAMETERS",
    132015: "CHANNEL_REJECT",
    132016: "CHANNEL_REJECT",
}


def error_answer(refusal: Refusal) -> tuple[int, Json]:
    """HTTP status and body of the Conversation API."""
    status, word, message = AT_ONCE[refusal.code]
    if refusal.details:
        message = f"{message}: {refusal.details}" if status == 400 else refusal.details
    return status, {"error": {"code": status, "message": message, "status": word, "details": []}}


def provisioning_answer(refusal: Refusal) -> tuple[int, Json]:
    """HTTP status and body of the provisioning API."""
    status, word, message = AT_ONCE[refusal.code]
    return status, {"errorCode": word, "message": refusal.details or message, "resolution": ""}


def reason(code: int) -> Json:
    """The reason of a FAILED report."""
    words = CODES[code].capitalize()
    return {"code": REASONS.get(code, "UNKNOWN"), "description": words, "sub_code": "UNSPECIFIED_SUB_CODE"}
