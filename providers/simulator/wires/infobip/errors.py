"""Infobip's errors: of requests, of single messages in a 200, and those that only a delivery report tells.

Which error stands for which of WhatsApp's codes is published for a few only; the others are inferred from their names.
"""

from __future__ import annotations

from providers.simulator.documents import Json
from providers.simulator.refusal import CODES, Refusal

BAD_REQUEST = (400, "BAD_REQUEST", "Bad request")
UNAUTHORIZED = (401, "UNAUTHORIZED", "Unauthorized")
FORBIDDEN = (403, "FORBIDDEN", "Forbidden")
NOT_FOUND = (404, "NOT_FOUND", "Not found")
BUSY = (429, "TOO_MANY_REQUESTS", "Too many requests")
FAILED = (500, "GENERAL_ERROR", "Something went wrong. Please contact support.")

#: Refusals of the whole request.
WHOLE: dict[int, tuple[int, str, str]] = {
    100: BAD_REQUEST,
    131051: BAD_REQUEST,
    104: UNAUTHORIZED,
    190: UNAUTHORIZED,
    10: FORBIDDEN,
    200: FORBIDDEN,
    131005: FORBIDDEN,
    4: BUSY,
    80007: BUSY,
    130429: BUSY,
    1: FAILED,
    2: FAILED,
    131000: FAILED,
    131016: FAILED,
}
DUPLICATE = 135000
#: Refusals of one message within a 200: id, name, description; all of group 5.
SINGLE: dict[int, tuple[int, str, str]] = {
    130497: (6, "REJECTED_NETWORK", "Network is forbidden"),
    133010: (11, "REJECTED_SOURCE", "Invalid Source address"),
    131042: (12, "REJECTED_NOT_ENOUGH_CREDITS", "Not enough credits"),
    131030: (18, "REJECTED_DESTINATION_NOT_REGISTERED", "Destination not registered"),
    131056: (20, "REJECTED_FLOODING_FILTER", "Rejected flooding filter"),
    131021: (52, "REJECTED_DESTINATION", "Invalid destination address"),
    DUPLICATE: (23, "REJECTED_DUPLICATE_MESSAGE_ID", "Duplicate message ID"),
}
BAD_MESSAGE = (7006, "EC_BAD_REQUEST", "Bad request", True)
#: Errors of delivery reports: id, name, description, permanent.
REPORTED: dict[int, tuple[int, str, str, bool]] = {
    368: (7011, "EC_ACCOUNT_ISSUE", "Account issue", True),
    131000: (7050, "EC_PROVIDER_INTERNAL_ERROR", "Provider internal error", False),
    131026: (7002, "EC_UNKNOWN_USER", "Unknown user", True),
    131031: (7011, "EC_ACCOUNT_ISSUE", "Account issue", True),
    131042: (7019, "EC_PROVIDER_BILLING_ERROR", "Provider billing error", True),
    131045: (7034, "EC_SENDER_NOT_REGISTERED", "Sender not registered", True),
    131047: (7010, "EC_NO_SESSION", "No session", True),
    131048: (7016, "EC_SPAM_RATE", "Spam rate", True),
    131049: (7032, "EC_FREQUENCY_CAPPING", "Frequency capping", True),
    131050: (7033, "EC_MARKETING_OPT_OUT", "Marketing opt out", True),
    131053: (7014, "EC_MEDIA_UPLOAD_ERROR", "Media upload error", False),
    131057: (7012, "EC_DEPLOYMENT_ERROR", "Deployment error", False),
    131063: (7027, "EC_BLOCKED_CONTENT", "Blocked content", True),
    131064: (7027, "EC_BLOCKED_CONTENT", "Blocked content", True),
    132000: (7008, "EC_INVALID_TEMPLATE_ARGS", "Invalid template args", True),
    132001: (7009, "EC_INVALID_TEMPLATE", "Invalid template", True),
    132005: (7008, "EC_INVALID_TEMPLATE_ARGS", "Invalid template args", True),
    132007: (7027, "EC_BLOCKED_CONTENT", "Blocked content", True),
    132012: (7008, "EC_INVALID_TEMPLATE_ARGS", "Invalid template args", True),
    132015: (7037, "EC_TEMPLATE_NOT_AVAILABLE", "Template not available", False),
    132016: (7009, "EC_INVALID_TEMPLATE", "Invalid template", True),
    134101: (7036, "EC_TEMPLATE_NOT_SYNCED", "Template not synced", False),
}
#: Which errors are of the provider's side; the others are the handset's, as the samples group them.
USER_ERRORS = frozenset({7011, 7012, 7014, 7019, 7036, 7037, 7050})
NEWER_PATHS = ("/messages-api/", "/whatsapp/1/templates", "/billing/")

PENDING: Json = {
    "groupId": 1,
    "groupName": "PENDING",
    "id": 7,
    "name": "PENDING_ENROUTE",
    "description": "Message sent to next instance",
}
DELIVERED: Json = {
    "groupId": 3,
    "groupName": "DELIVERED",
    "id": 5,
    "name": "DELIVERED_TO_HANDSET",
    "description": "Message delivered to handset",
}
UNDELIVERABLE: Json = {
    "groupId": 2,
    "groupName": "UNDELIVERABLE",
    "id": 9,
    "name": "UNDELIVERABLE_NOT_DELIVERED",
    "description": "Message sent not delivered",
}
NO_ERROR: Json = {
    "groupId": 0,
    "groupName": "OK",
    "id": 0,
    "name": "NO_ERROR",
    "description": "No Error",
    "permanent": False,
}


class MissingObject(Refusal):
    """A template or a sender that the path names is not there."""

    def __init__(self) -> None:
        super().__init__(100)


def error_answer(refusal: Refusal, path: str) -> tuple[int, Json]:
    """HTTP status and body of a refused request, in the style of the path."""
    status, word, text = NOT_FOUND if isinstance(refusal, MissingObject) else WHOLE.get(refusal.code, BAD_REQUEST)
    field, _, why = (refusal.details or "").partition(": ")
    if any(newer in path for newer in NEWER_PATHS):
        violations = [{"property": field, "violation": why or text}] if status == 400 else []
        action = "Check the syntax, violations and adjust the request."
        return status, {
            "errorCode": f"E{status}",
            "description": "Request cannot be processed." if status == 400 else text,
            "action": action if status == 400 else "",
            "violations": violations,
            "resources": [],
        }
    exception: Json = {"messageId": word, "text": text}
    if status == 400 and field:
        exception["validationErrors"] = {field: [why or "is not valid"]}
    return status, {"requestError": {"serviceException": exception}}


def rejected(code: int) -> Json:
    """The status of a message that is refused by itself."""
    number, name, description = SINGLE[code]
    return {"groupId": 5, "groupName": "REJECTED", "id": number, "name": name, "description": description}


def reported(code: int) -> Json:
    """The error of a delivery report."""
    number, name, description, permanent = REPORTED.get(code, (*BAD_MESSAGE[:2], CODES[code].capitalize(), True))
    group = (2, "USER_ERRORS") if number in USER_ERRORS else (1, "HANDSET_ERRORS")
    return {
        "groupId": group[0],
        "groupName": group[1],
        "id": number,
        "name": name,
        "description": description,
        "permanent": permanent,
    }
