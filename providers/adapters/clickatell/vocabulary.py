"""Clickatell's words and ours, as literals.

Source: https://docs.clickatell.com/channels/one-api/one-api-message-status-table/
"""

from __future__ import annotations

from providers.contracts import DeliveryStatus

# By code, and by word where a look-up or a newer callback names no code. What is no failure of the table: UNKNOWN.
STATUSES = {
    "2": DeliveryStatus.ACCEPTED,
    "3": DeliveryStatus.ACCEPTED,
    "4": DeliveryStatus.SENT,
    "5": DeliveryStatus.DELIVERED,
    "6": DeliveryStatus.READ,
    "QUEUED": DeliveryStatus.ACCEPTED,
    "SCHEDULED": DeliveryStatus.ACCEPTED,
    "SENT_TO_SUPPLIER": DeliveryStatus.SENT,
    "DEVICE_ACK": DeliveryStatus.DELIVERED,
    "READ": DeliveryStatus.READ,
}

# The first half of an inbound medium's content type. Default: document.
MEDIA_KINDS = {"image": "image", "audio": "audio", "video": "video"}
