"""Sinch's words and ours, as literals. A word that is not listed gets the default named beside its table."""

from __future__ import annotations

from providers.contracts import DeliveryStatus
from providers.whatsapp import words as whatsapp

# Default: UNKNOWN. SWITCHING_CHANNEL is none of a message that may go by one channel only.
STATUSES = {
    "QUEUED_ON_CHANNEL": DeliveryStatus.SENT,
    "DELIVERED": DeliveryStatus.DELIVERED,
    "READ": DeliveryStatus.READ,
    "FAILED": DeliveryStatus.FAILED,
}

# `contact_message` holds one of these. Default: unknown.
INBOUND_KINDS = {
    "text_message": "text",
    "choice_response_message": "button",
    "media_message": "document",
    "media_card_message": "document",
    "location_message": "location",
    "product_response_message": "order",
    "channel_specific_message": "interactive",
    "fallback_message": "unsupported",
}

# A media message names only its address. Default: document.
MEDIA_KINDS = {
    "jpg": "image",
    "jpeg": "image",
    "png": "image",
    "webp": "sticker",
    "mp4": "video",
    "3gp": "video",
    "ogg": "audio",
    "oga": "audio",
    "mp3": "audio",
    "m4a": "audio",
    "amr": "audio",
    "aac": "audio",
}

# `state` of a template. Default: UNKNOWN, which is never sendable.
TEMPLATE_STATES = {
    **whatsapp.statuses_named("PENDING", "IN_APPEAL", "APPROVED", "REJECTED", "PAUSED", "DISABLED", "DELETED"),
    "DRAFT": "DRAFT",
    "IN_PROGRESS": "PENDING",
}

# Older words of Sinch for WhatsApp's categories. Default: the word itself in lower case.
CATEGORIES = {"otp": "authentication", "transactional": "utility"}
