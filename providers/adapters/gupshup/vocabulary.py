"""Gupshup's words and ours, as literals. A word that is not listed gets the default named beside its table."""

from __future__ import annotations

from providers.contracts import DeliveryStatus
from providers.whatsapp import words as whatsapp

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
    **whatsapp.INBOUND_KINDS,
    "quick_reply": "button",
    "button_reply": "interactive",
    "list_reply": "interactive",
    "file": "document",
    "contact": "contacts",
}

# Default: UNKNOWN.
TEMPLATE_STATUSES = {
    **whatsapp.statuses_named("APPROVED", "PENDING", "REJECTED", "PAUSED", "DISABLED", "DELETED"),
    "FAILED": "REJECTED",
    "DEACTIVATED": "DISABLED",
}

# `templateType` and the format of Meta's header. Default: no header but the text that the template names.
HEADER_FORMATS = {"IMAGE": "IMAGE", "VIDEO": "VIDEO", "DOCUMENT": "DOCUMENT", "LOCATION": "LOCATION"}

# Unique recipients in 24 h; -1 = no limit. Default: None (not said).
MESSAGING_LIMITS = whatsapp.MESSAGING_LIMITS

# `value` of user_preferences: has the person opted out?
PREFERENCES = whatsapp.PREFERENCES
