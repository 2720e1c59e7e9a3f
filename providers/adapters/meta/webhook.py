"""Meta's webhooks: the GET handshake, the signature, and the reading of a body into events, item by item."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from providers.adapters.meta import webhook_account, webhook_messages
from providers.adapters.meta.reading import Unreadable, text
from providers.contracts import (
    AccountEvent,
    BadItem,
    BadSignature,
    Event,
    JsonObject,
    UnknownEvent,
    UnreadableWebhook,
    WebhookRequest,
)
from providers.reading import body_object

SIGNATURE_HEADER = "x-hub-signature-256"


def signature_verify(request: WebhookRequest, *, app_secret: str) -> None:
    """Raise BadSignature unless the raw bytes are signed with the app secret. Constant time."""
    if not app_secret:
        raise BadSignature("The account has no app secret.")
    digest = hmac.new(app_secret.encode(), request.body, hashlib.sha256).hexdigest()
    given = request.headers.get(SIGNATURE_HEADER, "")
    if not hmac.compare_digest(f"sha256={digest}".encode(), given.strip().lower().encode("utf-8", "replace")):
        raise BadSignature("The signature does not fit the body.")


def challenge_answer(query: Mapping[str, str], *, verify_token: str) -> str | None:
    """The challenge to answer to the handshake, None when the token is not ours."""
    given = query.get("hub.verify_token", "")
    if query.get("hub.mode") != "subscribe" or not verify_token:
        return None
    if not hmac.compare_digest(given.encode("utf-8", "replace"), verify_token.encode()):
        return None
    return query.get("hub.challenge")


def body_parse(body: bytes, *, account_external_id: str) -> list[Event | BadItem]:
    """The events of a body, in its order. Raises UnreadableWebhook when there is nothing in it to read."""
    entries = body_object(body).get("entry")
    if not isinstance(entries, list) or not entries:
        raise UnreadableWebhook("The body has no entries.")
    return [event for item in _items(entries) for event in _events(item, account_external_id)]


# --- from bytes to items -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Item:
    """The smallest part that can go wrong alone."""

    position: str
    payload: Any
    field: str = ""
    value: JsonObject | None = None
    list_name: str = ""
    time: Any = None
    account: str = ""


def _items(entries: list[Any]) -> Iterator[_Item]:
    for number, entry in enumerate(entries):
        position = f"entry[{number}]"
        changes = entry.get("changes") if isinstance(entry, dict) else None
        if not isinstance(changes, list):
            yield _Item(position, entry)
            continue
        for index, change in enumerate(changes):
            yield from _change_items(f"{position}.changes[{index}]", entry, change)


def _change_items(position: str, entry: JsonObject, change: Any) -> Iterator[_Item]:
    value = change.get("value") if isinstance(change, dict) else None
    if not isinstance(value, dict):
        yield _Item(position, change)
        return
    # Some of Meta's own samples print `field` one level off.
    named = (change.get("field"), value.get("field"), entry.get("field"))
    field = next((name for name in named if isinstance(name, str) and name), "")
    whole = _Item(position, value, field, value, time=entry.get("time"), account=text(entry.get("id")))
    # Other fields have lists of the same names with other things in them (`calls` has statuses of calls).
    lists = [name for name in _LISTS if value.get(name) and isinstance(value[name], list)] if field in _LISTED else []
    if not lists or "message_template_id" in value:
        yield whole
        return
    for name in lists:
        for index, payload in enumerate(value[name]):
            place = f"{position}.value.{name}[{index}]"
            yield _Item(place, payload, field, value, name, whole.time, whole.account)


# --- from items to events ----------------------------------------------------------------------------------------------

_ListReader = Callable[[JsonObject, JsonObject], Event]
_ValueReader = Callable[[JsonObject, Any], Event]

_LISTS: dict[str, _ListReader] = {
    "statuses": webhook_messages.status_read,
    "messages": webhook_messages.message_read,
    "errors": webhook_messages.error_read_from_value,
    "user_preferences": webhook_messages.preference_read,
}
_LISTED = frozenset({"", "messages", "user_preferences"})
_FIELDS: dict[str, _ValueReader] = {
    "message_template_status_update": webhook_account.template_status_read,
    "message_template_quality_update": webhook_account.template_quality_read,
    "message_template_components_update": webhook_account.template_components_read,
    "template_category_update": webhook_account.template_category_read,
    "phone_number_quality_update": webhook_account.number_read,
    "business_capability_update": webhook_account.capability_read,
    "account_update": webhook_account.account_update_read,
    "account_alerts": webhook_account.account_alert_read,
}


def _events(item: _Item, account_external_id: str) -> Iterator[Event | BadItem]:
    try:
        event = _event(item)
    except Unreadable as problem:
        yield BadItem(item.position, str(problem), item.payload)
    except Exception as error:
        # Nothing that one item holds may cost the others of the same delivery.
        yield BadItem(item.position, f"It could not be read ({type(error).__name__}).", item.payload)
    else:
        elsewhere = bool(item.account and account_external_id and item.account != account_external_id)
        if isinstance(event, AccountEvent) and elsewhere:
            # One app serves many accounts: what happens to another one must not stop this one.
            yield UnknownEvent(item.field or "unknown", _object(item.payload))
        else:
            yield event


def _event(item: _Item) -> Event:
    if item.value is None:
        raise Unreadable("It is not an object with changes and values.")
    if item.list_name:
        if not isinstance(item.payload, dict):
            raise Unreadable("It is not an object.")
        return _LISTS[item.list_name](item.payload, item.value)
    # Meta's page of 2025 prints the wrong field for this one.
    if "new_quality_score" in item.value:
        return webhook_account.template_quality_read(item.value, item.time)
    reader = _FIELDS.get(item.field)
    if reader is None:
        return UnknownEvent(item.field or "unknown", item.value)
    return reader(item.value, item.time)


def _object(payload: Any) -> JsonObject:
    return payload if isinstance(payload, dict) else {"item": payload}
