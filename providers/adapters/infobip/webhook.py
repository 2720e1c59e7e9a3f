"""Infobip's webhooks: reports and inbound messages under `results`, templates and marketing preferences by themselves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from providers.adapters.infobip.reports import delivery_read, seen_read
from providers.adapters.infobip.usage import usage_event
from providers.adapters.infobip.vocabulary import INBOUND_KINDS, PREFERENCES, QUALITIES, TEMPLATE_STATUSES
from providers.contracts import (
    BadItem,
    Event,
    InboundEvent,
    JsonObject,
    MediaPointer,
    PreferenceEvent,
    TemplateEvent,
    UnknownEvent,
)
from providers.reading import Unreadable, body_object, items_read, language, moment, part, parts, phone, required, text
from providers.whatsapp.media import FILE_KINDS
from providers.whatsapp.words import category_read


def body_parse(body: bytes) -> list[Event | BadItem]:
    """The events of a body, in its order. Raises UnreadableWebhook when it is no JSON object."""
    document = body_object(body)
    results = document.get("results")
    if isinstance(results, list):
        return items_read(((f"results[{index}]", item) for index, item in enumerate(results)), _result)
    return items_read([("body", document)], _single)


def _result(item: JsonObject) -> Event:
    if item.get("seenAt"):
        return seen_read(item)
    if isinstance(item.get("message"), dict):
        return _inbound(item)
    if isinstance(item.get("status"), dict):
        return delivery_read(item)
    return UnknownEvent("results", item)


def _single(item: JsonObject) -> Event:
    if "requestId" in item and "status" in item:
        return usage_event(item)
    if "messageTemplateId" in item:
        return _template(item)
    if "notificationMessagesStatus" in part(item, "content"):
        return _preference(item)
    return UnknownEvent("body", item)


# --- what the customer wrote ---------------------------------------------------------------------------------------------


def _inbound(item: JsonObject) -> Event:
    message, contact = part(item, "message"), part(item, "contact")
    number = phone(item.get("from")) or phone(contact.get("phoneNumber"))
    bsuid = text(contact.get("userId"))
    if not number and not bsuid:
        raise Unreadable("Nobody is named as the sender.")
    kind = INBOUND_KINDS.get(text(message.get("type")).upper(), "unknown")
    return InboundEvent(
        required(item, "messageId"),
        phone(item.get("to")).lstrip("+"),
        moment(item.get("receivedAt"), "receivedAt"),
        kind,
        phone=number,
        bsuid=bsuid,
        profile_name=text(contact.get("name")),
        text=_readable(kind, message),
        button_payload=text(message.get("payload")) or (text(message.get("id")) if kind == "interactive" else ""),
        context_message_id=text((part(message, "context") or part(item, "context")).get("id")),
        payload=item,
        media=tuple(_media(kind, message)),
    )


def _media(kind: str, message: JsonObject) -> list[MediaPointer]:
    url = text(message.get("url")) if kind in FILE_KINDS else ""
    return [MediaPointer(url=url, file_name=text(message.get("filename")))] if url else []


def _location(message: JsonObject) -> str:
    named = ", ".join(word for word in (text(message.get("name")), text(message.get("address"))) if word)
    return named or f"{message.get('latitude', '')}, {message.get('longitude', '')}"


def _contacts(message: JsonObject) -> str:
    names = (part(contact, "name") for contact in parts(message, "contacts"))
    return ", ".join(found for name in names if (found := text(name.get("formattedName"))))


_READERS: dict[str, Callable[[JsonObject], str]] = {
    "interactive": lambda message: text(message.get("title")),
    "location": _location,
    "contacts": _contacts,
}


def _readable(kind: str, message: JsonObject) -> str:
    reader = _READERS.get(kind)
    return reader(message) if reader else text(message.get("text")) or text(message.get("caption"))


# --- preferences and templates -------------------------------------------------------------------------------------------


def _preference(item: JsonObject) -> Event:
    content = part(item, "content")
    opted_out = PREFERENCES.get(text(content.get("notificationMessagesStatus")).lower())
    if opted_out is None:
        return UnknownEvent("content", item)
    person = text(content.get("from"))
    number = phone(person)
    if not person:
        raise Unreadable("Nobody is named.")
    return PreferenceEvent(
        moment(item.get("createdAt"), "createdAt"),
        opted_out,
        number,
        "" if number else person,
        text(content.get("description")),
    )


def _template(item: JsonObject) -> Event:
    change = part(item, "change")
    event = TemplateEvent(
        required(item, "messageTemplateId"),
        text(item.get("messageTemplateName")),
        language(item.get("messageTemplateLanguage")),
        moment(item.get("timestamp")),
    )
    kind, reason = text(change.get("type")), text(change.get("reason"))
    if kind == "TEMPLATE_STATUS_UPDATE":
        status = TEMPLATE_STATUSES.get(text(change.get("newStatus")).upper(), "UNKNOWN")
        return replace(event, status=status, reason="" if reason == "NONE" else reason)
    if kind == "TEMPLATE_CATEGORY_UPDATE":
        return replace(event, category=category_read(change.get("newCategory")))
    if kind == "TEMPLATE_QUALITY_UPDATE":
        return replace(event, quality=QUALITIES.get(text(change.get("newQualityScore")).upper(), ""))
    return UnknownEvent("change", item)
