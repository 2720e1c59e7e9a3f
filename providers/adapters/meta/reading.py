"""Meta's own words in what came in a webhook; what every provider's JSON needs stands in `providers.reading`."""

from __future__ import annotations

from typing import Any

from providers.adapters.meta.vocabulary import MESSAGING_LIMITS
from providers.reading import Unreadable, language, moment, part, parts, phone, required, text, whole_number

__all__ = [
    "Unreadable",
    "language",
    "messaging_limit",
    "moment",
    "part",
    "parts",
    "phone",
    "required",
    "text",
    "whole_number",
]


def messaging_limit(value: Any) -> int | None:
    """Unique recipients in 24 h from TIER_10K or a number; -1 = no limit, None = not said."""
    number = whole_number(value)
    if number is not None:
        return number if number > 0 or number == -1 else None
    return MESSAGING_LIMITS.get(text(value).upper())
