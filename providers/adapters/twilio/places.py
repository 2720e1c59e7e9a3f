"""Twilio's places in a text, {{2}} or {{name}}, and ours, numbered within each component. Pure.

Twilio names a variable once for the whole content; ours are numbered per component. A component's `variables` holds
Twilio's names in the order of our numbers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

PLACE = re.compile(r"\{\{\s*(\w+)\s*\}\}")


@dataclass(frozen=True, slots=True)
class Numbered:
    """A text with our places, Twilio's names by our numbers, and their samples."""

    text: str
    names: list[str]
    samples: list[str]


def numbered(raw: str, samples: Mapping[str, str]) -> Numbered:
    """`raw` with places 1..n; those that are so already keep their numbers."""
    names = list(dict.fromkeys(PLACE.findall(raw)))
    if set(names) == {str(number) for number in range(1, len(names) + 1)}:
        names.sort(key=int)
    numbers = {name: number for number, name in enumerate(names, start=1)}
    text = PLACE.sub(lambda match: f"{{{{{numbers[match.group(1)]}}}}}", raw)
    return Numbered(text, names, [samples.get(name, "") for name in names])


def filled(raw: str, samples: Mapping[str, str]) -> str:
    """`raw` with every place filled by its sample."""
    return PLACE.sub(lambda match: samples.get(match.group(1), ""), raw)


def value_of_place(raw: str, whole: str) -> dict[str, str] | None:
    """What the one place of `raw` must hold for `raw` to become `whole`; {} when it has none; None when it cannot."""
    found = PLACE.findall(raw)
    if not found:
        return {} if raw == whole else None
    before, _name, after = PLACE.split(raw, maxsplit=1)
    fits = len(whole) > len(before) + len(after) and whole.startswith(before) and whole.endswith(after)
    if len(found) > 1 or not fits:
        return None
    return {found[0]: whole[len(before) : len(whole) - len(after)]}
