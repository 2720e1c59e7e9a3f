"""Careful reading of what came in a webhook: every part may be missing or of another type."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from providers.adapters.meta.errors import whole_number
from providers.adapters.meta.vocabulary import MESSAGING_LIMITS
from providers.contracts import JsonObject

_PHONE = re.compile(r"\+?[0-9]{5,20}")
_SEPARATORS = re.compile(r"[\s().-]")
# 13 digits are milliseconds; seconds have ten until the year 2286.
_MILLISECONDS = 100_000_000_000


class Unreadable(Exception):
    """One item cannot be read; the message says what is wrong and repeats nothing of it."""


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


def phone(value: Any) -> str:
    """A number as Meta writes it (digits, sometimes with separators) in E.164 with +; "" when it is none."""
    digits = _SEPARATORS.sub("", text(value))
    return f"+{digits.removeprefix('+')}" if _PHONE.fullmatch(digits) else ""


def moment(value: Any, name: str = "timestamp") -> datetime:
    """An epoch time (seconds, as text or number) as an aware datetime. Raises Unreadable when it is none."""
    seconds = whole_number(value)
    if seconds is None and isinstance(value, float):
        seconds = int(value)
    if seconds is None or seconds <= 0:
        raise Unreadable(f"{name} is not a time.")
    try:
        return datetime.fromtimestamp(seconds / 1000 if seconds > _MILLISECONDS else seconds, tz=UTC)
    except (ValueError, OverflowError, OSError):
        raise Unreadable(f"{name} is not a time.") from None


def language(value: Any) -> str:
    """A template's language with an underscore, as the REST API writes it."""
    return text(value).replace("-", "_")


def category(value: Any) -> str:
    """A template's category in lower case."""
    return text(value).lower()


def messaging_limit(value: Any) -> int | None:
    """Unique recipients in 24 h from TIER_10K or a number; -1 = no limit, None = not said."""
    number = whole_number(value)
    if number is not None:
        return number if number > 0 or number == -1 else None
    return MESSAGING_LIMITS.get(text(value).upper())
