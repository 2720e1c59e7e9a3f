"""Vonage's words and ours, as literals. A word that is not listed gets the default named beside its table."""

from __future__ import annotations

from providers.contracts import DeliveryStatus
from providers.whatsapp import words as whatsapp

# Default: UNKNOWN.
STATUSES = {
    "submitted": DeliveryStatus.SENT,
    "delivered": DeliveryStatus.DELIVERED,
    "read": DeliveryStatus.READ,
    "rejected": DeliveryStatus.FAILED,
    "undeliverable": DeliveryStatus.FAILED,
}

# `message_type` of what the customer wrote. Default: unknown.
INBOUND_KINDS = {
    "text": "text",
    "button": "button",
    "reply": "interactive",
    "image": "image",
    "audio": "audio",
    "video": "video",
    "file": "document",
    "sticker": "sticker",
    "location": "location",
    "contact": "contacts",
    "reaction": "reaction",
    "order": "order",
    "unsupported": "unsupported",
}

# Default: UNKNOWN. The list of templates is Meta's, passed on.
TEMPLATE_STATUSES = whatsapp.statuses_named(
    "APPROVED",
    "PENDING",
    "IN_REVIEW",
    "REJECTED",
    "PAUSED",
    "DISABLED",
    "IN_APPEAL",
    "PENDING_DELETION",
    "DELETED",
)
