"""Zenvia's words and ours, as literals. A word that is not listed gets the default named beside its table."""

from __future__ import annotations

from providers.contracts import DeliveryStatus
from providers.whatsapp import words as whatsapp

# Default: UNKNOWN. CLICKED and VERIFIED prove nothing: what opens a link first may be a machine that checks it.
STATUSES = {
    "ACCEPTED": DeliveryStatus.ACCEPTED,
    "SENT": DeliveryStatus.SENT,
    "DELIVERED": DeliveryStatus.DELIVERED,
    "READ": DeliveryStatus.READ,
    "REJECTED": DeliveryStatus.FAILED,
    "NOT_DELIVERED": DeliveryStatus.FAILED,
}

# `type` of a content of an inbound message. Default: unknown. A file is told by its media type.
INBOUND_KINDS = {
    "text": "text",
    "location": "location",
    "contacts": "contacts",
    "sticker": "sticker",
    "reaction": "reaction",
    "order": "order",
}
# The beginning of a file's media type. Default: document.
FILE_KINDS = {"image": "image", "video": "video", "audio": "audio"}

# Default: UNKNOWN.
TEMPLATE_STATUSES = {
    **whatsapp.statuses_named("APPROVED", "REJECTED", "PAUSED", "DISABLED"),
    "WAITING_REVIEW": "PENDING",
    "WAITING_APPROVAL": "PENDING",
}

# A header's type and the format of Meta's. Default: the word itself, which the portal does not send.
HEADER_FORMATS = {
    "MEDIA_IMAGE": "IMAGE",
    "MEDIA_VIDEO": "VIDEO",
    "MEDIA_DOCUMENT": "DOCUMENT",
    "TEXT_TEMPLATE": "TEXT",
    "TEXT_FIXED": "TEXT",
}
# A button that stops marketing is tapped and answers like a quick reply. Default: the word itself.
BUTTON_TYPES = {"OPT_OUT": "QUICK_REPLY"}

# The fields that Zenvia reserves for what is no variable of a text.
MEDIA_FIELDS = {"image": "imageUrl", "video": "videoUrl", "document": "documentUrl"}
TOKEN_FIELD = "token"  # noqa: S105 - the name of the field with a one-time code
COUPON_FIELD = "code"
