"""Infobip's words and ours, as literals. A word that is not listed gets the default named beside its table."""

from __future__ import annotations

from providers.contracts import DeliveryStatus
from providers.whatsapp import words as whatsapp

PENDING, UNDELIVERABLE, DELIVERED, EXPIRED, REJECTED = 1, 2, 3, 4, 5

# `status.groupId` of a report. Default: UNKNOWN.
GROUPS = {
    PENDING: DeliveryStatus.ACCEPTED,
    UNDELIVERABLE: DeliveryStatus.FAILED,
    DELIVERED: DeliveryStatus.DELIVERED,
    EXPIRED: DeliveryStatus.FAILED,
    REJECTED: DeliveryStatus.FAILED,
}
# `status.groupId` in the answer to a send: the message was taken, or it was not. Default: the answer proves nothing.
TAKEN = frozenset({PENDING, DELIVERED})
NOT_TAKEN = frozenset({UNDELIVERABLE, EXPIRED, REJECTED})

# `message.type` of what the customer wrote. Default: unknown.
INBOUND_KINDS = {
    "TEXT": "text",
    "BUTTON": "button",
    "INTERACTIVE_BUTTON_REPLY": "interactive",
    "INTERACTIVE_LIST_REPLY": "interactive",
    "IMAGE": "image",
    "AUDIO": "audio",
    "VOICE": "audio",
    "VIDEO": "video",
    "DOCUMENT": "document",
    "STICKER": "sticker",
    "LOCATION": "location",
    "CONTACT": "contacts",
    "ORDER": "order",
    "UNSUPPORTED": "unsupported",
}

# `notificationMessagesStatus`: has the person opted out of marketing? Default: None (not understood).
PREFERENCES = whatsapp.PREFERENCES

# Default: UNKNOWN. FLAGGED is a warning about the quality: WhatsApp still sends the template, and if not, it refuses.
TEMPLATE_STATUSES = {
    **whatsapp.statuses_named(
        "APPROVED", "REINSTATED", "PENDING", "REJECTED", "IN_APPEAL", "PENDING_DELETION", "DELETED", "DISABLED"
    ),
    "FLAGGED": "APPROVED",
    "FIRST_PAUSED": "PAUSED",
    "SECOND_PAUSED": "PAUSED",
}

# Default: "" (not said).
QUALITIES = {"HIGH": "GREEN", "MEDIUM": "YELLOW", "LOW": "RED", "UNKNOWN": "UNKNOWN"}
