"""Gupshup's webhooks, both forms: v2 (one event a body, its own words) and v3 (Meta's envelope with Gupshup's ids)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from providers.adapters.gupshup.account_events import account_read, preferences_read, template_read, user_read
from providers.adapters.gupshup.inbound import message_read, v3_message_read
from providers.adapters.gupshup.statuses import billing_read, status_read, v3_status_read
from providers.contracts import BadItem, Event, JsonObject, UnknownEvent, UnreadableWebhook, WebhookRequest
from providers.reading import body_object, items_read, part, parts, phone, text

_Reader = Callable[[JsonObject, JsonObject, str], Event]
_AccountReader = Callable[[JsonObject, Any], Event | list[Event]]

_V2_MESSAGES: dict[str, _Reader] = {"message-event": status_read, "message": message_read}
_V2_OTHERS: dict[str, _AccountReader] = {
    "billing-event": billing_read,
    "template-event": template_read,
    "account-event": account_read,
    "user-event": user_read,
    "preference-event": lambda payload, time: preferences_read(part(payload, "payload"), time),
}
_V3_LISTS: dict[str, _Reader] = {"statuses": v3_status_read, "messages": v3_message_read}
_V3_FIELDS: dict[str, _AccountReader] = {
    "billing-event": lambda value, time: billing_read(part(value, "billing"), time),
    "account-event": account_read,
    "template-event": template_read,
    "user_preferences": preferences_read,
}


def body_parse(request: WebhookRequest, *, sender: str) -> list[Event | BadItem]:
    """The events of a body. `sender`: the digits of the app's number, which v2 does not name. Raises UnreadableWebhook."""
    body = body_object(request.body)
    if isinstance(body.get("entry"), list) and body["entry"]:
        return [
            event for number, entry in enumerate(body["entry"]) for event in _entry(f"entry[{number}]", entry, sender)
        ]
    if parts(body, "statuses"):
        # What Gupshup posts when the address is entered: {"statuses": [{"type": "set-callback"}]}.
        return items_read(_positions("", body, "statuses"), _with(v3_status_read, body, sender))
    kind = text(body.get("type"))
    if not kind:
        raise UnreadableWebhook("The body names no type of event and has no entries.")
    number = phone(body.get("phone")).removeprefix("+") or sender
    return items_read([("payload", body.get("payload"))], lambda payload: _v2_read(kind, payload, body, number))


def _v2_read(kind: str, payload: JsonObject, envelope: JsonObject, sender: str) -> Event | list[Event]:
    if kind in _V2_MESSAGES:
        return _V2_MESSAGES[kind](payload, envelope, sender)
    if kind in _V2_OTHERS:
        return _V2_OTHERS[kind](payload, envelope.get("timestamp"))
    return UnknownEvent(kind, payload)


def _entry(position: str, entry: Any, sender: str) -> Iterator[Event | BadItem]:
    changes = entry.get("changes") if isinstance(entry, dict) else None
    if not isinstance(changes, list):
        yield BadItem(position, "It is not an object with changes.", entry)
        return
    for number, change in enumerate(changes):
        place = f"{position}.changes[{number}]"
        value = change.get("value") if isinstance(change, dict) else None
        if not isinstance(value, dict):
            yield BadItem(place, "It is not an object with a value.", change)
            continue
        yield from _change(place, text(change.get("field")), value, entry.get("time"), sender)


def _change(place: str, field: str, value: JsonObject, time: Any, sender: str) -> Iterator[Event | BadItem]:
    listed = [name for name in _V3_LISTS if field in ("", "messages") and isinstance(value.get(name), list)]
    for name in listed:
        number = phone(part(value, "metadata").get("display_phone_number")).removeprefix("+") or sender
        yield from items_read(_positions(place, value, name), _with(_V3_LISTS[name], value, number))
    if not listed:
        yield from items_read([(place, value)], lambda payload: _v3_read(field, payload, time))


def _v3_read(field: str, value: JsonObject, time: Any) -> Event | list[Event]:
    reader = _V3_FIELDS.get(field)
    return UnknownEvent(field or "unknown", value) if reader is None else reader(value, time)


def _positions(place: str, value: JsonObject, name: str) -> list[tuple[str, Any]]:
    return [(f"{place}.{name}[{number}]".lstrip("."), item) for number, item in enumerate(value[name])]


def _with(reader: _Reader, envelope: JsonObject, sender: str) -> Callable[[JsonObject], Event]:
    return lambda item: reader(item, envelope, sender)
