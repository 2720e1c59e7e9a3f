"""Reports about our messages: delivery and seen, as webhooks bring them and as look-ups answer them."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from providers.adapters.infobip.errors import trouble_read
from providers.adapters.infobip.vocabulary import GROUPS, NOT_TAKEN, PENDING
from providers.contracts import DeliveryStatus, JsonObject, PriceReport, StatusEvent
from providers.reading import moment, part, phone, required, text, whole_number


def delivery_read(item: JsonObject) -> StatusEvent:
    """A delivery report. `messageId` is our reference: we chose it."""
    message_id, status = required(item, "messageId"), part(item, "status")
    group = whole_number(status.get("groupId"))
    word = GROUPS.get(group or 0, DeliveryStatus.UNKNOWN)
    trouble = trouble_read(item) if group in NOT_TAKEN else None
    if trouble and not trouble.proves_failure:
        word = DeliveryStatus.UNKNOWN
    contact = part(item, "contact")
    return StatusEvent(
        message_id,
        word,
        moment(item.get("doneAt") or item.get("sentAt"), "doneAt"),
        reference=message_id,
        sender_external_id=phone(item.get("from") or item.get("sender")).lstrip("+"),
        recipient_phone=phone(item.get("to") or item.get("destination")) or phone(contact.get("phoneNumber")),
        recipient_bsuid=text(contact.get("userId")),
        error_code=trouble.code if trouble else "",
        error_reason=trouble.meaning.reason if trouble else "",
        error_detail=trouble.detail if trouble else "",
        # What is still on its way costs nothing yet, which is not to say that it is free.
        price=None if group == PENDING else price_read(item.get("price")),
        raw_status=text(status.get("name")),
    )


def seen_read(item: JsonObject) -> StatusEvent:
    """A seen report. Its `from` is the reader and its `to` the sender, or the other way round: neither is read."""
    message_id, contact = required(item, "messageId"), part(item, "contact")
    return StatusEvent(
        message_id,
        DeliveryStatus.READ,
        moment(item.get("seenAt"), "seenAt"),
        reference=message_id,
        recipient_phone=phone(contact.get("phoneNumber")),
        recipient_bsuid=text(contact.get("userId")),
        raw_status="SEEN",
    )


def price_read(value: Any) -> PriceReport | None:
    """The price of one message; None when there is none. That 0 means "not charged" is inferred, so it is not claimed."""
    if not isinstance(value, dict):
        return None
    given, currency = value.get("pricePerMessage"), text(value.get("currency"))
    try:
        amount = None if isinstance(given, bool) else Decimal(str(given))
    except InvalidOperation:
        amount = None
    if amount is None or not amount.is_finite() or amount < 0 or not currency:
        return None
    return PriceReport(billable=True if amount else None, category="", amount=amount, currency=currency)
