"""A stored webhook as people may look at it: indented, and without people's phones for roles that need not see them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import parse_qsl

from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrPromise

from providers.contracts import BadItem, Event
from providers.models import WebhookDelivery
from providers.redaction import PERSON_NAMES, Redactor

#: Enough for any ordinary delivery; a page of megabytes helps nobody.
LONGEST = 200_000
FORM = "application/x-www-form-urlencoded"

#: Fields of events that hold who a person is, or what he wrote.
_PERSONAL = (
    "phone",
    "bsuid",
    "profile_name",
    "text",
    "recipient_phone",
    "recipient_bsuid",
    "old_phone",
    "new_phone",
    "old_bsuid",
    "new_bsuid",
)

ITEM_NAMES: dict[str, StrPromise] = {
    "StatusEvent": _("Delivery report"),
    "InboundEvent": _("Incoming message"),
    "IdentityChangeEvent": _("Change of number"),
    "PreferenceEvent": _("Marketing preference"),
    "TemplateEvent": _("News of a template"),
    "NumberEvent": _("News of a number"),
    "AccountEvent": _("News of the account"),
    "PriceEvent": _("Price"),
    "UnknownEvent": _("Something the portal does not know"),
    "BadItem": _("Something that cannot be read"),
}


def delivery_text(delivery: WebhookDelivery, items: Iterable[Event | BadItem], *, whole: bool) -> str:
    """The body as indented JSON (a form as its fields); with `whole` as it came, else masked.

    `items` are what the adapter reads in it: they say what there is a person's. What is neither JSON nor form is shown only
    to who may see it whole.
    """
    body = bytes(delivery.body)
    parsed = _parsed(body, str(delivery.headers.get("content-type", "")))
    if parsed is None:
        return body.decode("utf-8", "replace")[:LONGEST] if whole else ""
    return _indented(parsed if whole else _masked(parsed, items))


def query_text(delivery: WebhookDelivery, items: Iterable[Event | BadItem], *, whole: bool) -> str:
    """The query of the address that was called, as the body is shown; "" without one."""
    if not delivery.query:
        return ""
    fields = dict(parse_qsl(delivery.query, keep_blank_values=True))
    return _indented(fields if whole else _masked(fields, items))


def items_counted(items: Iterable[Event | BadItem]) -> list[tuple[str, int]]:
    """How many items of each kind a delivery holds, in words, in the order of their first."""
    counts = Counter(type(item).__name__ for item in items)
    return [(str(ITEM_NAMES.get(name, name)), count) for name, count in counts.items()]


def _parsed(body: bytes, content_type: str) -> Any:
    if content_type.partition(";")[0].strip().lower() == FORM:
        fields: dict[str, Any] = {}
        for name, value in parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True):
            fields[name] = _json_in(value)
        return fields
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _json_in(value: str) -> Any:
    """Some forms hold JSON in a field: shown, and masked, as what it is."""
    if value[:1] not in ("{", "["):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value


def _indented(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)[:LONGEST]


def _masked(parsed: Any, items: Iterable[Event | BadItem]) -> Any:
    """What is a person's masked wherever it occurs, in texts too; the redactor learns it first."""
    redactor = Redactor()
    redactor.request([*_people(parsed), *_people_in(items)], kept_paths=frozenset())
    return redactor.answer(parsed)


def _people_in(items: Iterable[Event | BadItem]) -> Iterator[str]:
    for item in items:
        for name in _PERSONAL:
            value = getattr(item, name, "")
            if value:
                yield str(value)


def _people(value: Any, name: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _people(item, str(key))
    elif isinstance(value, list):
        for item in value:
            yield from _people(item, name)
    elif name.lower() in PERSON_NAMES and isinstance(value, str | int):
        yield str(value)
