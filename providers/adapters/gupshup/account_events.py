"""What Gupshup reports about templates, the account and its number, and about people's preferences."""

from __future__ import annotations

from typing import Any

from providers.adapters.gupshup.vocabulary import MESSAGING_LIMITS, PREFERENCES, TEMPLATE_STATUSES
from providers.contracts import AccountEvent, Event, JsonObject, PreferenceEvent, TemplateEvent, UnknownEvent
from providers.reading import Unreadable, language, moment, part, parts, phone, required, text
from providers.whatsapp.words import quality_read


def template_read(item: JsonObject, time: Any) -> Event:
    """`status-update` says the status; other types change something that a sync fetches."""
    external_id, name = text(item.get("id")), text(item.get("elementName"))
    if not external_id and not name:
        raise Unreadable("No template is named.")
    is_status = item.get("type") == "status-update"
    status = TEMPLATE_STATUSES.get(text(item.get("status")).upper(), "UNKNOWN") if is_status else ""
    return TemplateEvent(
        external_id=external_id,
        name=name,
        language=language(item.get("languageCode")),
        occurred_at=moment(time),
        status=status,
        quality=quality_read(item.get("quality")),
        reason=text(item.get("rejectedReason"))[:1000],
        components_changed=status in ("", "UNKNOWN"),
    )


def account_read(item: JsonObject, time: Any) -> Event:
    """Tier, status and quality of the number. The page shows no payload, so nothing is stopped by it: people are told."""
    facts = part(item, "payload") or {name: value for name, value in item.items() if name != "type"}
    limits = (MESSAGING_LIMITS.get(text(facts.get(name)).upper()) for name in ("currentLimit", "current_limit"))
    words = [f"{name}: {text(value)}" for name, value in facts.items() if text(value)]
    return AccountEvent(
        occurred_at=moment(time),
        event=required(item, "type"),
        messaging_limit=next((limit for limit in limits if limit is not None), None),
        detail=", ".join(words)[:500],
    )


def user_read(item: JsonObject, time: Any) -> Event:
    """Legacy opt-outs at Gupshup. An opt-in there is no word on marketing, so it gives nothing back."""
    number, bsuid = phone(item.get("phone")), text(item.get("userId"))
    if item.get("type") != "opted-out" or not (number or bsuid):
        return UnknownEvent(f"user-event {text(item.get('type'))}".strip(), item)
    return PreferenceEvent(moment(time), opted_out=True, phone=number, bsuid=bsuid, detail="opted-out")


def preferences_read(value: JsonObject, time: Any) -> list[Event]:
    """`user_preferences[]`: WhatsApp's own stop and resume of marketing."""
    items = parts(value, "user_preferences")
    if not items:
        raise Unreadable("user_preferences is missing.")
    return [_preference(item, time) for item in items]


def _preference(item: JsonObject, time: Any) -> Event:
    opted_out = PREFERENCES.get(text(item.get("value")).lower())
    number, bsuid = phone(item.get("wa_id")), text(item.get("userid")) or text(item.get("user_id"))
    about_marketing = text(item.get("category")) in ("", "marketing_messages")
    if opted_out is None or not about_marketing or not (number or bsuid):
        return UnknownEvent("user_preferences", item)
    return PreferenceEvent(moment(item.get("timestamp") or time), opted_out, number, bsuid, text(item.get("detail")))
