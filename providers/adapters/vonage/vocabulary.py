"""Vonage's words and ours, as literals. A word that is not listed gets the default named beside its table."""

from __future__ import annotations

from providers.contracts import DeliveryStatus

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
TEMPLATE_STATUSES = {
    "APPROVED": "APPROVED",
    "PENDING": "PENDING",
    "IN_REVIEW": "PENDING",
    "REJECTED": "REJECTED",
    "PAUSED": "PAUSED",
    "DISABLED": "DISABLED",
    "IN_APPEAL": "IN_APPEAL",
    "PENDING_DELETION": "PENDING_DELETION",
    "DELETED": "DELETED",
}
