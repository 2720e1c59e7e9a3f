"""Bird's words and ours, as literals. A word that is not listed gets the default named beside its table."""

from __future__ import annotations

from providers.contracts import DeliveryStatus

# Default: UNKNOWN. `skipped` and `deleted` are not said to mean that nothing arrived, so they prove nothing.
STATUSES = {
    "accepted": DeliveryStatus.ACCEPTED,
    "processing": DeliveryStatus.ACCEPTED,
    "sent": DeliveryStatus.SENT,
    "delivered": DeliveryStatus.DELIVERED,
    "delivery_failed": DeliveryStatus.FAILED,
    "sending_failed": DeliveryStatus.FAILED,
}

# `type` of whatsapp.interaction that is a fact about a message of ours. Others are only kept.
INTERACTIONS = {"read": DeliveryStatus.READ}

# `body.type` of an inbound message. Default: unknown.
INBOUND_KINDS = {
    "text": "text",
    "image": "image",
    "video": "video",
    "audio": "audio",
    "file": "document",
    "sticker": "sticker",
    "location": "location",
    "contact": "contacts",
    "contacts": "contacts",
    "reaction": "reaction",
    "order": "order",
    "list": "interactive",
    "action": "interactive",
}

# `status` of a version of a template. Default: UNKNOWN, which is never sendable.
TEMPLATE_STATUSES = {"active": "APPROVED", "pending": "PENDING", "draft": "DRAFT", "inactive": "DISABLED"}
# Of a project's versions the first of these that there is stands for the project.
TEMPLATE_ORDER = ("active", "pending", "draft", "inactive")
