"""Careful reading of what a provider wrote: every part may be missing or of another type. Pure, shared by the adapters."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from providers.contracts import BadItem, Event, JsonObject, UnreadableWebhook

_PHONE = re.compile(r"\+?[0-9]{5,20}")
_SEPARATORS = re.compile(r"[\s().-]")
_OFFSET_WITHOUT_COLON = re.compile(r"([+-]\d{2})(\d{2})$")
# 13 digits are milliseconds; seconds have ten until the year 2286.
_MILLISECONDS = 100_000_000_000
# Real bodies have about ten levels; a thousand would break the storing of an event.
DEEPEST = 64


class Unreadable(Exception):
    """One item cannot be read; the message says what is wrong and repeats nothing of it."""


# --- parts of a JSON object --------------------------------------------------------------------------------------------


def text(value: Any) -> str:
    """`value` when it is a text, a whole number as text, "" otherwise."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""


def part(value: JsonObject, name: str) -> JsonObject:
    """The object under `name`, an empty one when it is missing or something else."""
    found = value.get(name)
    return found if isinstance(found, dict) else {}


def parts(value: JsonObject, name: str) -> list[JsonObject]:
    """The objects in the list under `name`."""
    found = value.get(name)
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def required(value: JsonObject, name: str) -> str:
    """The text under `name`. Raises Unreadable when there is none."""
    found = text(value.get(name))
    if not found:
        raise Unreadable(f"{name} is missing.")
    return found


def whole_number(value: Any) -> int | None:
    """`value` as an int when it is one of at most 18 digits, or such a text; None otherwise."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value if abs(value) < 10**18 else None
    if isinstance(value, str) and value.lstrip("-").isdecimal() and value.isascii() and len(value) < 19:
        try:
            return int(value)
        except ValueError:
            return None
    return None


def phone(value: Any) -> str:
    """A number as providers write it (digits, sometimes with + and separators) in E.164 with +; "" when it is none."""
    digits = _SEPARATORS.sub("", text(value))
    return f"+{digits.removeprefix('+')}" if _PHONE.fullmatch(digits) else ""


def language(value: Any) -> str:
    """A template's language with an underscore: es-AR becomes es_AR."""
    return text(value).replace("-", "_")


def moment(value: Any, name: str = "timestamp") -> datetime:
    """A time as an aware datetime: epoch seconds or milliseconds (text or number), or ISO 8601. Raises Unreadable."""
    seconds = whole_number(value)
    if seconds is None and isinstance(value, float) and math.isfinite(value):
        seconds = int(value)
    try:
        if seconds is not None:
            if seconds <= 0:
                raise Unreadable(f"{name} is not a time.")
            return datetime.fromtimestamp(seconds / 1000 if seconds > _MILLISECONDS else seconds, tz=UTC)
        found = datetime.fromisoformat(_OFFSET_WITHOUT_COLON.sub(r"\1:\2", text(value)))
        return found if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError, OSError):
        raise Unreadable(f"{name} is not a time.") from None


# --- a webhook's body --------------------------------------------------------------------------------------------------


# Escapes of NUL and of halves of surrogate pairs, and bytes that may be either; nearly no body has any.
_MAY_BE_UNSTORABLE = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])|[\x00\xed]")


def _finite(text: str) -> float | None:
    number = float(text)
    return number if math.isfinite(number) else None


def body_object(body: bytes) -> JsonObject:
    """The body as a JSON object that PostgreSQL can store. Raises UnreadableWebhook when it is none."""
    try:
        parsed = json.loads(body, parse_constant=lambda _word: None, parse_float=_finite)
        if _MAY_BE_UNSTORABLE.search(body) or body.count(b"{") + body.count(b"[") > DEEPEST:
            parsed = storable(parsed)
    except (ValueError, RecursionError) as error:
        raise UnreadableWebhook("The body is no JSON.") from error
    if not isinstance(parsed, dict):
        raise UnreadableWebhook("The body is no JSON object.")
    return parsed


def storable(value: Any, depth: int = 0) -> Any:
    """`value` without what PostgreSQL cannot store: NUL, halves of surrogate pairs, numbers that are none.

    Raises ValueError when it is nested deeper than anything a provider sends.
    """
    if depth > DEEPEST:
        raise ValueError("nested too deep")
    if isinstance(value, str):
        return value.replace("\x00", "").encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {storable(key): storable(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        return [storable(item, depth + 1) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def items_read(
    items: Iterable[tuple[str, Any]], reader: Callable[[JsonObject], Event | list[Event]]
) -> list[Event | BadItem]:
    """Read each (position, payload) by itself: what one item holds never costs the others of the same delivery."""
    found: list[Event | BadItem] = []
    for position, payload in items:
        try:
            if not isinstance(payload, dict):
                raise Unreadable("It is not an object.")
            events = reader(payload)
        except Unreadable as problem:
            found.append(BadItem(position, str(problem), payload))
        except Exception as error:
            found.append(BadItem(position, f"It could not be read ({type(error).__name__}).", payload))
        else:
            found.extend(events if isinstance(events, list) else [events])
    return found
