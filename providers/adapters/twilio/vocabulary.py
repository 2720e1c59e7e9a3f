"""Twilio's words and ours, as literals. A word that is not listed gets the default named beside its table."""

from __future__ import annotations

from providers.contracts import DeliveryStatus

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
INBOUND_KINDS = {
    "text": "text",
    "button": "button",
    "interactive": "interactive",
    "image": "image",
    "audio": "audio",
    "voice": "audio",
    "video": "video",
    "document": "document",
    "sticker": "sticker",
    "location": "location",
    "contacts": "contacts",
    "reaction": "reaction",
    "order": "order",
}

# First half of `MediaContentType0`. Default: document.
MEDIA_KINDS = {"image": "image", "audio": "audio", "video": "video"}

# `approval_requests.status`. Default: UNKNOWN.
TEMPLATE_STATUSES = {
    "unsubmitted": "DRAFT",
    "received": "PENDING",
    "pending": "PENDING",
    "approved": "APPROVED",
    "rejected": "REJECTED",
    "paused": "PAUSED",
    "disabled": "DISABLED",
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
