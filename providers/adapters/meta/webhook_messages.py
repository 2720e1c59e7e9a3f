"""Items of the `messages` and `user_preferences` fields: statuses, inbound messages, account errors, preferences."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from providers.adapters.meta.errors import error_read, reason_of
from providers.adapters.meta.reading import Unreadable, moment, part, parts, phone, required, text
from providers.adapters.meta.vocabulary import INBOUND_KINDS, NOT_MESSAGES, NUMBER_CHANGES, PREFERENCES, STATUSES
from providers.contracts import (
    AccountEvent,
    DeliveryStatus,
    Event,
    IdentityChangeEvent,
    InboundEvent,
    JsonObject,
    MediaPointer,
    PreferenceEvent,
    PriceReport,
    StatusEvent,
    UnknownEvent,
)
from providers.whatsapp.media import FILE_KINDS
from providers.whatsapp.pricing import entry_point_read, price_read


def status_read(item: JsonObject, value: JsonObject) -> Event:
    """One of `statuses[]`. It needs an id, ours or Meta's, and a time."""
    message_id, reference = text(item.get("id")), text(item.get("biz_opaque_callback_data"))
    if not message_id and not reference:
        raise Unreadable("id is missing.")
    raw_status = required(item, "status")
    error = next((read for read in map(error_read, parts(item, "errors")) if read), None)
    recipient = phone(item.get("recipient_participant_id") or item.get("recipient_id"))
    return StatusEvent(
        provider_message_id=message_id,
        status=STATUSES.get(raw_status.lower(), DeliveryStatus.UNKNOWN),
        occurred_at=moment(item.get("timestamp")),
        reference=reference,
        sender_external_id=_sender(value),
        recipient_phone=recipient,
        recipient_bsuid=text(item.get("recipient_user_id")),
        error_code=error.code_text if error else "",
        error_reason=reason_of(error) if error else "",
        error_detail=error.detail if error else "",
        price=_price(item.get("pricing")),
        raw_status=raw_status,
    )


def message_read(item: JsonObject, value: JsonObject) -> Event:
    """One of `messages[]`: what the customer wrote, or that he changed number."""
    kind = text(item.get("type"))
    system = part(item, "system")
    if kind == "system" and text(system.get("type")) in NUMBER_CHANGES:
        return _number_change(item, system)
    if kind in NOT_MESSAGES:
        return UnknownEvent(f"messages.{kind}", item)
    contact = _contact(item, value)
    number, bsuid = phone(item.get("from")), text(item.get("from_user_id")) or text(contact.get("user_id"))
    if not number and not bsuid:
        raise Unreadable("Nobody is named as the sender.")
    known = INBOUND_KINDS.get(kind, "unknown")
    return InboundEvent(
        provider_message_id=required(item, "id"),
        sender_external_id=_sender(value),
        occurred_at=moment(item.get("timestamp")),
        kind=known,
        phone=number,
        bsuid=bsuid,
        profile_name=text(part(contact, "profile").get("name")),
        text=_readable(known, item),
        button_payload=_button_payload(item),
        context_message_id=text(part(item, "context").get("id")) or text(part(item, "reaction").get("message_id")),
        entry_point=entry_point_read(item),
        payload=item,
        media=tuple(_media(known, item)),
    )


def error_read_from_value(item: JsonObject, _value: JsonObject) -> Event:
    """One of `value.errors[]`: trouble of the account that belongs to no message. Only to be shown."""
    error = error_read(item)
    if error is None or error.code is None:
        raise Unreadable("code is missing.")
    # These carry no time, and the entries of this field have none either.
    return AccountEvent(datetime.now(UTC), f"ERROR {error.code_text}", reason=reason_of(error), detail=error.detail)


def preference_read(item: JsonObject, value: JsonObject) -> Event:
    """One of `user_preferences[]`: stop or resume of marketing."""
    opted_out = PREFERENCES.get(text(item.get("value")).lower())
    if opted_out is None or text(item.get("category")) not in ("", "marketing_messages"):
        return UnknownEvent("user_preferences", item)
    contact = _contact({"from": item.get("wa_id"), "from_user_id": item.get("user_id")}, value)
    number = phone(item.get("wa_id")) or phone(contact.get("wa_id"))
    bsuid = text(item.get("user_id")) or text(contact.get("user_id"))
    if not number and not bsuid:
        raise Unreadable("Nobody is named.")
    return PreferenceEvent(moment(item.get("timestamp")), opted_out, number, bsuid, text(item.get("detail")))


def _sender(value: JsonObject) -> str:
    return text(part(value, "metadata").get("phone_number_id"))


def _contact(item: JsonObject, value: JsonObject) -> JsonObject:
    """The contact that an item is about: by number, by user id, or the only one there when the item names nobody."""
    contacts = parts(value, "contacts")
    number, bsuid = phone(item.get("from")), text(item.get("from_user_id"))
    for contact in contacts:
        if (number and phone(contact.get("wa_id")) == number) or (bsuid and text(contact.get("user_id")) == bsuid):
            return contact
    return contacts[0] if len(contacts) == 1 and not number and not bsuid else {}


def _number_change(item: JsonObject, system: JsonObject) -> IdentityChangeEvent:
    old, new = phone(item.get("from")), phone(system.get("wa_id") or system.get("new_wa_id"))
    old_bsuid, new_bsuid = text(item.get("from_user_id")), text(system.get("user_id"))
    if not (old or old_bsuid) or not (new or new_bsuid):
        raise Unreadable("The old or the new number is missing.")
    return IdentityChangeEvent(moment(item.get("timestamp")), old, new, old_bsuid, new_bsuid)


def _price(pricing: Any) -> PriceReport | None:
    return price_read(pricing) if isinstance(pricing, dict) else None


# --- what a person reads -----------------------------------------------------------------------------------------------


def _interactive(item: JsonObject) -> str:
    interactive = part(item, "interactive")
    replies = (part(interactive, name) for name in ("button_reply", "list_reply", "nfm_reply"))
    return next((found for reply in replies if (found := text(reply.get("title")) or text(reply.get("body")))), "")


def _location(item: JsonObject) -> str:
    place = part(item, "location")
    named = [text(place.get(name)) for name in ("name", "address")]
    return ", ".join(word for word in named if word) or f"{place.get('latitude', '')}, {place.get('longitude', '')}"


def _contacts(item: JsonObject) -> str:
    names = [text(part(contact, "name").get("formatted_name")) for contact in parts(item, "contacts")]
    return ", ".join(name for name in names if name)


_READERS: dict[str, Callable[[JsonObject], str]] = {
    "text": lambda item: text(part(item, "text").get("body")),
    "button": lambda item: text(part(item, "button").get("text")),
    "interactive": _interactive,
    "reaction": lambda item: text(part(item, "reaction").get("emoji")),
    "location": _location,
    "contacts": _contacts,
    "order": lambda item: text(part(item, "order").get("text")),
    "document": lambda item: text(part(item, "document").get("caption") or part(item, "document").get("filename")),
}


def _readable(kind: str, item: JsonObject) -> str:
    reader = _READERS.get(kind)
    return reader(item) if reader else text(part(item, kind).get("caption"))


def _media(kind: str, item: JsonObject) -> list[MediaPointer]:
    """The file of a message that has one. Its `url`, where one is told, is good for minutes only: the id is asked for."""
    file = part(item, kind)
    media_id = text(file.get("id")) if kind in FILE_KINDS else ""
    if not media_id:
        return []
    return [MediaPointer(media_id, content_type=text(file.get("mime_type")), file_name=text(file.get("filename")))]


def _button_payload(item: JsonObject) -> str:
    interactive = part(item, "interactive")
    replies = [text(part(interactive, name).get("id")) for name in ("button_reply", "list_reply")]
    return text(part(item, "button").get("payload")) or next((reply for reply in replies if reply), "")
