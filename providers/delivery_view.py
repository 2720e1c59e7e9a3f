"""A stored webhook as people may look at it: indented, and without people's phones for roles that need not see them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from providers.models import WebhookDelivery
from providers.redaction import PERSON_NAMES, Redactor

#: Enough for any ordinary delivery; a page of megabytes helps nobody.
LONGEST = 200_000


def delivery_text(delivery: WebhookDelivery, *, whole: bool) -> str:
    """The body as indented JSON; with `whole` as it came, else masked. What is no JSON is shown only to the former."""
    body = bytes(delivery.body)
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError):
        return body.decode("utf-8", "replace")[:LONGEST] if whole else ""
    shown = parsed if whole else _masked(parsed)
    return json.dumps(shown, indent=2, ensure_ascii=False)[:LONGEST]


def _masked(parsed: Any) -> Any:
    """Phones and ids of people masked wherever they occur, in texts too; the redactor learns them first."""
    redactor = Redactor()
    redactor.request(list(_people(parsed)), kept_paths=frozenset())
    return redactor.answer(parsed)


def _people(value: Any, name: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _people(item, str(key))
    elif isinstance(value, list):
        for item in value:
            yield from _people(item, name)
    elif name.lower() in PERSON_NAMES and isinstance(value, str | int):
        yield str(value)
