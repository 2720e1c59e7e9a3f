"""Values of the fields that are about templates, numbers and the account itself."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from providers.adapters.meta.reading import (
    Unreadable,
    language,
    messaging_limit,
    moment,
    part,
    parts,
    phone,
    required,
    text,
)
from providers.adapters.meta.vocabulary import (
    ACCOUNT_PARKS,
    BAN_PARKS,
    SENDING_RESTRICTIONS,
    TEMPLATE_STATUSES,
    UPGRADED_THROUGHPUT,
)
from providers.contracts import AccountEvent, Event, JsonObject, NumberEvent, TemplateEvent
from providers.errors import Reason
from providers.whatsapp.words import category_read


def template_status_read(value: JsonObject, time: Any) -> Event:
    """APPROVED, PAUSED, REJECTED... in any case; what the word does not settle is left to a sync."""
    status = TEMPLATE_STATUSES.get(required(value, "event").upper(), "UNKNOWN")
    return TemplateEvent(
        **_template(value, time),
        status=status,
        category=category_read(value.get("message_template_category")),
        reason=_template_reason(value),
        components_changed=status in ("", "UNKNOWN"),
    )


def template_quality_read(value: JsonObject, time: Any) -> Event:
    """GREEN, YELLOW, RED or UNKNOWN."""
    return TemplateEvent(**_template(value, time), quality=required(value, "new_quality_score").upper())


def template_components_read(value: JsonObject, time: Any) -> Event:
    """Somebody edited the template: the event shows the parts in another shape, so a sync fetches them."""
    return TemplateEvent(**_template(value, time), components_changed=True)


def template_category_read(value: JsonObject, time: Any) -> Event:
    """`new_category` is the current one, also in the notice of a change to `correct_category` 24 h ahead."""
    return TemplateEvent(
        **_template(value, time),
        category=category_read(value.get("new_category")),
        coming_category=category_read(value.get("correct_category")),
    )


def number_read(value: JsonObject, time: Any) -> Event:
    """The limit or the throughput of a number. Meta no longer reports GREEN, YELLOW and RED here."""
    event = text(value.get("event")).upper()
    limits = (messaging_limit(value.get(name)) for name in ("max_daily_conversations_per_business", "current_limit"))
    return NumberEvent(
        occurred_at=moment(time, "time"),
        display_phone=phone(value.get("display_phone_number")),
        messaging_limit=next((limit for limit in limits if limit is not None), None),
        throughput=UPGRADED_THROUGHPUT if event == "THROUGHPUT_UPGRADE" else None,
        event=event,
    )


def capability_read(value: JsonObject, time: Any) -> Event:
    """The portfolio's new limit of unique recipients in 24 h."""
    limits = (
        messaging_limit(value.get(name))
        for name in ("max_daily_conversations_per_business", "max_daily_conversation_per_phone")
    )
    limit = next((found for found in limits if found is not None), None)
    return AccountEvent(moment(time, "time"), "BUSINESS_CAPABILITY_UPDATE", messaging_limit=limit)


def account_alert_read(value: JsonObject, time: Any) -> Event:
    """A notice for people."""
    alert = part(value, "alert_info") or value
    return AccountEvent(
        moment(time, "time"), required(alert, "alert_type"), detail=text(alert.get("alert_description"))
    )


def account_update_read(value: JsonObject, time: Any) -> Event:
    """Restrictions, bans, reinstatements and news of the account."""
    event = required(value, "event").upper()
    occurred_at = moment(time, "time")
    if event == "ACCOUNT_RESTRICTION":
        return _restriction(value, event, occurred_at)
    if event == "DISABLED_UPDATE":
        ban = part(value, "ban_info")
        state = text(ban.get("waba_ban_state")).upper()
        park = BAN_PARKS.get(state)
        detail = f"{state} {text(ban.get('waba_ban_date'))}".strip()
    else:
        park = ACCOUNT_PARKS.get(event)
        detail = _news(value)
    return AccountEvent(occurred_at, event, park=park, reason=Reason.ACCOUNT_BLOCKED if park else "", detail=detail)


def _restriction(value: JsonObject, event: str, occurred_at: datetime) -> AccountEvent:
    """Parked until the last of the restrictions that stop sending ends; without an end, until a person looks."""
    restrictions = parts(value, "restriction_info")
    detail = ", ".join(text(item.get("restriction_type")) for item in restrictions)
    ends = [item.get("expiration") for item in restrictions if item.get("restriction_type") in SENDING_RESTRICTIONS]
    if not ends:
        return AccountEvent(occurred_at, event, detail=detail)
    until = max(moment(end, "expiration") for end in ends) if all(ends) else None
    return AccountEvent(occurred_at, event, park=True, until=until, reason=Reason.ACCOUNT_BLOCKED, detail=detail)


def _news(value: JsonObject) -> str:
    """The values of an event as `name: value`, for people."""
    facts = {name: item for name, item in value.items() if name != "event"}
    nested = [part(facts, name) or {name: item} for name, item in facts.items()]
    return ", ".join(f"{name}: {item}" for group in nested for name, item in group.items())[:500]


def _template(value: JsonObject, time: Any) -> dict[str, Any]:
    external_id, name = text(value.get("message_template_id")), text(value.get("message_template_name"))
    if not external_id and not name:
        raise Unreadable("No template is named.")
    return {
        "external_id": external_id,
        "name": name,
        "language": language(value.get("message_template_language")),
        "occurred_at": moment(time, "time"),
    }


def _template_reason(value: JsonObject) -> str:
    """The most telling words on why: the reviewer's, the pause's, or Meta's single word."""
    word = text(value.get("reason"))
    words = (
        text(part(value, "rejection_info").get("reason")),
        text(part(value, "other_info").get("description")),
        "" if word == "NONE" else word,
    )
    return next((found for found in words if found), "")
