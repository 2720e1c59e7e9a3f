"""Gupshup's words and ours, as literals. A word that is not listed gets the default named beside its table."""

from __future__ import annotations

from providers.contracts import DeliveryStatus

# Default: UNKNOWN. `deleted` says nothing about the delivery.
STATUSES = {
    "enqueued": DeliveryStatus.ACCEPTED,
    "sent": DeliveryStatus.SENT,
    "delivered": DeliveryStatus.DELIVERED,
    "read": DeliveryStatus.READ,
    "failed": DeliveryStatus.FAILED,
}
# Without `gsId` the `id` of these is Gupshup's own; of all others it is WhatsApp's.
OWN_ID_STATUSES = frozenset({"enqueued", "failed"})
# Informs that WhatsApp knows the person under another number; it is no status.
NOT_STATUSES = frozenset({"", "mismatch"})

# Of a v2 message and of a v3 one. Default: unknown.
INBOUND_KINDS = {
    "text": "text",
    "quick_reply": "button",
    "button": "button",
    "button_reply": "interactive",
    "list_reply": "interactive",
    "interactive": "interactive",
    "image": "image",
    "video": "video",
    "audio": "audio",
    "voice": "audio",
    "file": "document",
    "document": "document",
    "sticker": "sticker",
    "location": "location",
    "contact": "contacts",
    "contacts": "contacts",
    "reaction": "reaction",
    "order": "order",
    "unsupported": "unsupported",
}

# Default: UNKNOWN.
TEMPLATE_STATUSES = {
    "APPROVED": "APPROVED",
    "PENDING": "PENDING",
    "REJECTED": "REJECTED",
    "FAILED": "REJECTED",
    "PAUSED": "PAUSED",
    "DISABLED": "DISABLED",
    "DEACTIVATED": "DISABLED",
    "DELETED": "DELETED",
}
TEMPLATE_QUALITIES = frozenset({"GREEN", "YELLOW", "RED", "UNKNOWN"})

# `templateType` and the format of Meta's header. Default: no header but the text that the template names.
HEADER_FORMATS = {"IMAGE": "IMAGE", "VIDEO": "VIDEO", "DOCUMENT": "DOCUMENT", "LOCATION": "LOCATION"}

# Unique recipients in 24 h; -1 = no limit. Default: None (not said).
MESSAGING_LIMITS = {
    "TIER_50": 50,
    "TIER_250": 250,
    "TIER_1K": 1000,
    "TIER_2K": 2000,
    "TIER_10K": 10_000,
    "TIER_100K": 100_000,
    "TIER_UNLIMITED": -1,
}

# `value` of user_preferences: has the person opted out?
PREFERENCES = {"stop": True, "resume": False}
