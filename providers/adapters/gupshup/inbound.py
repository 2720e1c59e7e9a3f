"""What the customer wrote, as v2 and v3 tell it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from providers.adapters.gupshup.vocabulary import INBOUND_KINDS
from providers.contracts import Event, InboundEvent, JsonObject, MediaPointer
from providers.reading import Unreadable, moment, part, parts, phone, required, text
from providers.whatsapp.media import FILE_KINDS
from providers.whatsapp.pricing import entry_point_read


def message_read(item: JsonObject, envelope: JsonObject, sender: str) -> Event:
    """The payload of a v2 `message`."""
    author, inner, context = part(item, "sender"), part(item, "payload"), part(item, "context")
    postback = text(inner.get("postbackText"))
    kind = INBOUND_KINDS.get(text(item.get("type")), "unknown")
    if kind == "text" and (postback or inner.get("type") == "button"):
        kind = "button"  # some apps report a quick reply as a text
    return InboundEvent(
        **_identity(item.get("source") or author.get("phone"), author.get("userId") or item.get("userId")),
        provider_message_id=required(item, "id"),
        sender_external_id=sender,
        occurred_at=moment(envelope.get("timestamp")),
        kind=kind,
        profile_name=text(author.get("name")),
        text=_first_text(inner.get(name) for name in ("text", "title", "caption", "name", "emoji")),
        button_payload=postback or (text(inner.get("id")) if kind == "interactive" else ""),
        context_message_id=text(context.get("gsId")) or text(context.get("id")),
        payload=item,
        media=tuple(_media(kind, inner)),
    )


def v3_message_read(item: JsonObject, envelope: JsonObject, sender: str) -> Event:
    """One of `messages[]` of v3: Meta's shape."""
    contact = next(iter(parts(envelope, "contacts")), {})
    kind = text(item.get("type"))
    content, context = part(item, kind), part(item, "context")
    reply = next((found for name in ("button_reply", "list_reply") if (found := part(content, name))), content)
    known = INBOUND_KINDS.get(kind, "unknown")
    return InboundEvent(
        **_identity(item.get("from") or contact.get("wa_id"), item.get("from_user_id") or contact.get("user_id")),
        provider_message_id=required(item, "id"),
        sender_external_id=sender,
        occurred_at=moment(item.get("timestamp")),
        kind=known,
        profile_name=text(part(contact, "profile").get("name")),
        text=_first_text(reply.get(name) for name in ("body", "text", "title", "caption", "name", "emoji")),
        button_payload=text(content.get("payload")) or (text(reply.get("id")) if known == "interactive" else ""),
        context_message_id=(
            text(context.get("gs_id")) or text(context.get("id")) or text(part(item, "reaction").get("message_id"))
        ),
        entry_point=entry_point_read(item),
        payload=item,
        media=tuple(_media(known, content)),
    )


def _identity(number: Any, bsuid: Any) -> dict[str, str]:
    found = {"phone": phone(number), "bsuid": text(bsuid)}
    if not any(found.values()):
        raise Unreadable("Nobody is named as the sender.")
    return found


def _media(kind: str, content: JsonObject) -> list[MediaPointer]:
    """v2 has `contentType`, v3 Meta's words; the address of both opens by itself for some days."""
    url = text(content.get("url")) if kind in FILE_KINDS else ""
    content_type = text(content.get("contentType")) or text(content.get("mime_type"))
    name = text(content.get("filename")) or text(content.get("name"))
    return [MediaPointer(url=url, content_type=content_type, file_name=name)] if url else []


def _first_text(values: Iterable[Any]) -> str:
    return next((found for value in values if (found := text(value))), "")
