"""Twilio's words and ours, as literals. A word that is not listed gets the default named beside its table."""

from __future__ import annotations

from providers.contracts import DeliveryStatus
from providers.whatsapp import words as whatsapp

# Default: UNKNOWN. `partially_delivered` is not listed on purpose: a message to one person is never half there.
STATUSES = {
    "accepted": DeliveryStatus.ACCEPTED,
    "scheduled": DeliveryStatus.ACCEPTED,
    "queued": DeliveryStatus.ACCEPTED,
    "sending": DeliveryStatus.ACCEPTED,
    "sent": DeliveryStatus.SENT,
    "delivered": DeliveryStatus.DELIVERED,
    "read": DeliveryStatus.READ,
    "failed": DeliveryStatus.FAILED,
    "undelivered": DeliveryStatus.FAILED,
    "canceled": DeliveryStatus.FAILED,
}

# `MessageType` of an inbound message. Default: by its media, else text.
INBOUND_KINDS = {word: kind for word, kind in whatsapp.INBOUND_KINDS.items() if word != "unsupported"}

# First half of `MediaContentType0`. Default: document.
MEDIA_KINDS = {"image": "image", "audio": "audio", "video": "video"}

# `approval_requests.status` in capitals. Default: UNKNOWN.
TEMPLATE_STATUSES = {
    "UNSUBMITTED": "DRAFT",
    "RECEIVED": "PENDING",
    **whatsapp.statuses_named("PENDING", "APPROVED", "REJECTED", "PAUSED", "DISABLED"),
}

# Ends of a media address. Default: DEFAULT_MEDIA, because Twilio does not name the kind.
MEDIA_FORMATS = {
    "jpg": "IMAGE",
    "jpeg": "IMAGE",
    "png": "IMAGE",
    "webp": "IMAGE",
    "mp4": "VIDEO",
    "3gp": "VIDEO",
    "pdf": "DOCUMENT",
}
DEFAULT_MEDIA = "IMAGE"

# Kinds of content with a meaning on WhatsApp, the first one found counts when the approval names none.
CONTENT_KINDS = (
    "whatsapp/authentication",
    "whatsapp/card",
    "whatsapp/flows",
    "twilio/carousel",
    "twilio/card",
    "twilio/call-to-action",
    "twilio/quick-reply",
    "twilio/media",
    "twilio/text",
)
