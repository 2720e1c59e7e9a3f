"""What Gupshup reports about our messages: statuses and charges, of v2 and v3."""

from __future__ import annotations

from typing import Any

from providers.adapters.gupshup.errors import FAILURES_WITHOUT_PROOF, reason_of
from providers.adapters.gupshup.vocabulary import NOT_STATUSES, OWN_ID_STATUSES, STATUSES
from providers.contracts import DeliveryStatus, Event, JsonObject, PriceEvent, StatusEvent, UnknownEvent
from providers.reading import moment, part, parts, phone, required, text
from providers.whatsapp.pricing import price_read


def status_read(item: JsonObject, envelope: JsonObject, sender: str) -> Event:
    """The payload of a v2 `message-event`."""
    inner = part(item, "payload")
    return _status(
        item,
        word=text(item.get("type")),
        ours=text(item.get("gsId")),
        time=inner.get("ts") or envelope.get("timestamp"),
        recipient=phone(item.get("destination")),
        bsuid=text(item.get("userId")),
        sender=sender,
        failure=inner,
    )


def v3_status_read(item: JsonObject, envelope: JsonObject, sender: str) -> Event:
    """One of `statuses[]` of v3: Meta's shape, with `gs_id`, and a failure in Meta's words or Gupshup's."""
    errors = parts(item, "errors")
    return _status(
        item,
        word=text(item.get("status")),
        ours=text(item.get("gs_id")),
        time=item.get("timestamp"),
        recipient=phone(item.get("recipient_id")),
        bsuid=text(item.get("recipient_user_id")) or text(item.get("userId")),
        sender=sender,
        failure=errors[0] if errors else item,
    )


def billing_read(item: JsonObject, time: Any) -> Event:
    """`deductions` and `references`: the category that was charged; no webhook names an amount."""
    references = part(item, "references")
    return PriceEvent(
        provider_message_id=text(references.get("gsId")) or required(references, "id"),
        occurred_at=moment(time),
        price=price_read(part(item, "deductions")),
    )


def _status(
    item: JsonObject, *, word: str, ours: str, time: Any, recipient: str, bsuid: str, sender: str, failure: JsonObject
) -> Event:
    """A status, found by Gupshup's id: `gsId`, else `id`, which is Gupshup's own only with the words in OWN_ID_STATUSES."""
    raw = word.lower()
    if raw in NOT_STATUSES:
        return UnknownEvent(f"message-event {raw or text(item.get('type'))}".strip(), item)
    code = text(failure.get("code")) if raw == "failed" else ""
    # WhatsApp's id must not pass for the id of a message whose answer was lost, so what has no other names no person.
    known = bool(ours) or raw in OWN_ID_STATUSES
    status = STATUSES.get(raw, DeliveryStatus.UNKNOWN)
    return StatusEvent(
        provider_message_id=ours or required(item, "id"),
        status=DeliveryStatus.UNKNOWN if code in FAILURES_WITHOUT_PROOF else status,
        occurred_at=moment(time),
        sender_external_id=sender,
        recipient_phone=recipient if known else "",
        recipient_bsuid=bsuid if known else "",
        error_code=code,
        error_reason=reason_of(code) if raw == "failed" else "",
        error_detail=_detail(failure) if raw == "failed" else "",
        price=price_read(part(item, "pricing")) if "pricing" in item else None,
        raw_status=raw,
    )


def _detail(failure: JsonObject) -> str:
    words = (
        part(failure, "error_data").get("details"),
        *(failure.get(name) for name in ("reason", "message", "title")),
    )
    return next((found for word in words if (found := text(word))), "")[:1000]
