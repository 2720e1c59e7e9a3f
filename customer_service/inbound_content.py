"""What a customer's message holds beside words: a place on the map, people with their phones. None of it is trusted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

#: How deep the providers' objects are looked into.
_DEPTH = 4
_MOST_CONTACTS = 20
_PHONE = re.compile(r"[+\d][\d ().-]{3,30}")


@dataclass(frozen=True, slots=True)
class Place:
    """A point, in degrees."""

    latitude: float
    longitude: float

    @property
    def words(self) -> str:
        return f"{self.latitude:.5f}, {self.longitude:.5f}"

    @property
    def map_url(self) -> str:
        """Where a map shows it; nothing is asked there before somebody opens it."""
        point = f"{self.latitude:.6f}/{self.longitude:.6f}"
        return f"https://www.openstreetmap.org/?mlat={self.latitude:.6f}&mlon={self.longitude:.6f}#map=17/{point}"


@dataclass(frozen=True, slots=True)
class Contact:
    """A person whose data the customer passed on."""

    name: str
    phones: tuple[str, ...]


def place_of(payload: Any) -> Place | None:
    """The place in a provider's object, by any of the names that providers give to its degrees."""
    for item in _objects(payload):
        lowered = {str(name).lower(): value for name, value in item.items()}
        latitude = _degrees(lowered.get("latitude", lowered.get("lat")), 90)
        longitude = _degrees(lowered.get("longitude", lowered.get("long")), 180)
        if latitude is not None and longitude is not None:
            return Place(latitude, longitude)
    return None


def contacts_of(payload: Any) -> list[Contact]:
    """The people in a provider's object that has Meta's shape, or Infobip's."""
    found = []
    for item in _objects(payload):
        listed = item.get("contacts")
        for entry in listed[:_MOST_CONTACTS] if isinstance(listed, list) else ():
            contact = _contact(entry) if isinstance(entry, dict) else None
            if contact is not None:
                found.append(contact)
    return found[:_MOST_CONTACTS]


def _contact(entry: dict[str, Any]) -> Contact | None:
    named = entry.get("name")
    name = _word(named, "formatted_name", "formattedName") if isinstance(named, dict) else ""
    listed = entry.get("phones")
    phones = (
        [_word(item, "phone") for item in listed[:10] if isinstance(item, dict)] if isinstance(listed, list) else []
    )
    usable = tuple(phone for phone in phones if _PHONE.fullmatch(phone))
    return Contact(name, usable) if name or usable else None


def _word(item: dict[str, Any], *names: str) -> str:
    return next((value.strip()[:200] for name in names if isinstance(value := item.get(name), str)), "")


def _degrees(value: Any, most: int) -> float | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        number = float(value)
    except ValueError:
        return None
    return number if -most <= number <= most else None


def _objects(value: Any, depth: int = _DEPTH) -> Iterator[dict[str, Any]]:
    if depth and isinstance(value, dict):
        yield value
        for item in value.values():
            yield from _objects(item, depth - 1)
    elif depth and isinstance(value, list):
        for item in value[:_MOST_CONTACTS]:
            yield from _objects(item, depth - 1)
