"""The errors that the Graph API answers, word for word, and the shape they come in.

The HTTP statuses are those of the contract page; Meta no longer prints them, so no client should lean on them.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from providers.simulator.documents import Json
from providers.simulator.refusal import Refusal

ERRORS_PAGE = "https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes"
POLICY = (
    "The WhatsApp Business Account associated with the app has been restricted or disabled for violating a "
    "platform policy."
)
SPAM = "Message failed to send because there are restrictions on how many messages can be sent from this phone number."
EXPIRED = (
    "Error validating access token: Session has expired on Thursday, 05-Nov-26 12:00:00 PST. "
    "The current time is Friday, 06-Nov-26 09:14:11 PST."
)
NO_WABA_PERMISSION = (
    "You do not have the necessary permissions required to send messages on behalf of this WhatsApp Business Account"
)
SYNCING = (
    "When you send a message from a template, the template syncing process can take up to 10 minutes to complete. "
    "Wait a few minutes, and then try sending your message again."
)
LATE = "Message failed to send because more than 24 hours have passed since the customer last replied to this number."


@dataclass(frozen=True, slots=True)
class GraphError:
    """One error: HTTP status, title without its ``(#code)``, details, and the rarer fields."""

    status: int
    title: str
    details: str | None = None
    numbered: bool = True
    subcode: int | None = None
    transient: bool | None = None


GRAPH_ERRORS: dict[int, GraphError] = {
    1: GraphError(400, "An unknown error occurred", numbered=False),
    2: GraphError(503, "Service temporarily unavailable", numbered=False, transient=True),
    4: GraphError(429, "Application request limit reached", transient=True),
    10: GraphError(403, "Application does not have permission for this action"),
    100: GraphError(400, "Invalid parameter", "Invalid parameter"),
    104: GraphError(401, "An access token is required to request this resource.", numbered=False),
    190: GraphError(401, EXPIRED, numbered=False, subcode=463),
    200: GraphError(403, NO_WABA_PERMISSION),
    368: GraphError(403, "Temporarily blocked for policies violations", POLICY),
    80007: GraphError(400, "Rate limit issues", "The WhatsApp Business Account has reached its rate limit."),
    130429: GraphError(429, "Rate limit hit", "Cloud API message throughput has been reached."),
    130497: GraphError(
        403,
        "Business account is restricted from messaging users in this country.",
        "The WhatsApp Business Account is restricted from messaging to users in certain countries.",
    ),
    131000: GraphError(500, "Something went wrong", "Message failed to send due to an unknown error."),
    131005: GraphError(403, "Access denied", "Permission is either not granted or has been removed."),
    131008: GraphError(400, "Required parameter is missing", "A required parameter is missing."),
    131009: GraphError(400, "Parameter value is not valid", "One or more parameter values are invalid."),
    131016: GraphError(500, "Service unavailable", "A service is temporarily unavailable."),
    131021: GraphError(400, "Recipient cannot be sender", "Sender and recipient phone number is the same."),
    131026: GraphError(400, "Message undeliverable", "Message Undeliverable."),
    131030: GraphError(
        400,
        "Recipient phone number not in allowed list",
        "Recipient phone number not in allowed list: Add recipient phone number to recipient list and try again.",
    ),
    131031: GraphError(403, "Account has been locked", POLICY),
    131042: GraphError(
        400,
        "Business eligibility payment issue",
        "Message failed to send because there were one or more errors related to your payment method.",
    ),
    131045: GraphError(
        500, "Incorrect certificate", "Message failed to send due to a phone number registration error."
    ),
    131047: GraphError(400, "Re-engagement message", LATE),
    131048: GraphError(
        429,
        "Spam rate limit hit",
        SPAM + " This may be because too many previous messages were blocked or flagged as spam.",
    ),
    131051: GraphError(400, "Unsupported message type", "Message type is not currently supported."),
    131053: GraphError(400, "Media upload error", "Unable to upload the media used in the message."),
    131056: GraphError(
        429,
        "(Business Account, Consumer Account) pair rate limit hit",
        "Too many messages sent from the sender phone number to the same recipient phone number in a short period "
        "of time.",
    ),
    131057: GraphError(500, "Account in maintenance mode", "Business Account is in maintenance mode"),
    131062: GraphError(
        400,
        "Business-scoped User ID (BSUID) recipients are not supported for this message.",
        "Business-scoped User ID (BSUID) recipients are not supported for this message.",
    ),
    131063: GraphError(
        400,
        "Marketing templates are disabled on Cloud API",
        "Your template is categorized as Marketing, but marketing templates are currently disabled for your Cloud "
        "API configuration.",
    ),
    131064: GraphError(
        400,
        "Messaging limit reached due to template classification violations",
        "Message failed to send because this account has reached its messaging limit due to template classification "
        "violations.",
    ),
    132000: GraphError(400, "Number of parameters does not match the expected number of params"),
    132001: GraphError(404, "Template name does not exist in the translation"),
    132005: GraphError(400, "Translated text too long", "Translated text is too long."),
    132007: GraphError(
        400, "Template format character policy violated", "Template content violates a WhatsApp policy."
    ),
    132012: GraphError(400, "Parameter format does not match format in the created template"),
    132015: GraphError(
        400,
        "Template is paused",
        "Template is paused due to low quality so it cannot be sent in a template message.",
    ),
    132016: GraphError(
        400,
        "Template is disabled",
        "Template has been paused too many times due to low quality and is now permanently disabled.",
    ),
    132018: GraphError(400, "Template validation error", "There's an issue with the parameters in your template."),
    133010: GraphError(
        400, "Phone number not registered", "Phone number not registered on the WhatsApp Business Platform."
    ),
    134100: GraphError(
        400, "Only marketing messages supported", "You're only able to send marketing messages on this API."
    ),
    134101: GraphError(400, "Your template is still syncing", SYNCING),
    134102: GraphError(
        500,
        "Template unavailable for use",
        "Please check your eligibility status to ensure you are onboarded or contact Meta's customer support.",
    ),
    135000: GraphError(
        400,
        "Generic user error",
        "Message failed to send because of an unknown error with your request parameters.",
    ),
}

# What a `failed` status says where it differs from the synchronous error of the same code, or has none.
FAILURES: dict[int, tuple[str, str]] = {
    130472: (
        "User's number is part of an experiment",
        "Failed to send message because this user's phone number is part of an experiment",
    ),
    131048: ("Spam rate limit hit", SPAM),
    131049: (
        "This message was not delivered to maintain healthy ecosystem engagement.",
        "In order to maintain a healthy ecosystem engagement, the message failed to be delivered.",
    ),
    131050: (
        "User has stopped marketing messages",
        "Unable to deliver the message. This recipient has chosen to stop receiving marketing messages on WhatsApp "
        "from your business",
    ),
    131053: (
        "Media upload error",
        "Media download error: https://cdn.example.com/banner.jpg returned HTTP 404",
    ),
}


def graph_answer(refusal: Refusal) -> tuple[int, Json]:
    """HTTP status and body of a refusal."""
    if isinstance(refusal, SpecialRefusal):
        return 400, {"error": refusal.error}
    error = GRAPH_ERRORS.get(refusal.code) or GraphError(400, *FAILURES[refusal.code])
    body: Json = {
        "message": f"(#{refusal.code}) {error.title}" if error.numbered else error.title,
        "type": "OAuthException",
        "code": refusal.code,
    }
    details = refusal.details or error.details
    if details is not None:
        body["error_data"] = {"messaging_product": "whatsapp", "details": details}
    if error.subcode is not None:
        body["error_subcode"] = error.subcode
    if error.transient is not None:
        body["is_transient"] = error.transient
    return error.status, {"error": {**body, "fbtrace_id": trace_id()}}


class SpecialRefusal(Refusal):
    """A refusal (100) that Graph writes in its own way: the fields of its ``error``."""

    def __init__(self, **error: object) -> None:
        super().__init__(100)
        self.error: Json = {"code": 100, **error, "fbtrace_id": trace_id()}


class UnknownObject(SpecialRefusal):
    """The object does not exist, or this token may not see it: Graph answers both alike (100, subcode 33)."""

    def __init__(self, object_id: str, verb: str = "get") -> None:
        super().__init__(
            message=f"Unsupported {verb} request. Object with ID '{object_id}' does not exist, cannot "
            "be loaded due to missing permissions, or does not support this operation. Please read the Graph API "
            "documentation at https://developers.facebook.com/docs/graph-api",
            type="GraphMethodException",
            error_subcode=33,
        )


class InvalidTemplate(SpecialRefusal):
    """A template that cannot be created or changed: the subcode names why, with words for the person."""

    def __init__(self, subcode: int, title: str, text: str) -> None:
        super().__init__(
            message="Invalid parameter",
            type="OAuthException",
            error_subcode=subcode,
            is_transient=False,
            error_user_title=title,
            error_user_msg=text,
        )


def failure_items(code: int) -> list[Json]:
    """The ``errors`` of a ``failed`` status or of an account-wide webhook."""
    if code in FAILURES:
        title, details = FAILURES[code]
    else:
        error = GRAPH_ERRORS[code]
        title, details = error.title, error.details or error.title
    return [
        {
            "code": code,
            "title": title,
            "message": title,
            "error_data": {"details": details},
            "href": ERRORS_PAGE,
        }
    ]


def trace_id() -> str:
    """A new ``fbtrace_id``."""
    return "A" + secrets.token_urlsafe(17)[:22]
