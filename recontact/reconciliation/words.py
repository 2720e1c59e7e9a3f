"""What people read of a row: its market and category."""

from __future__ import annotations

from recontact.places import place_name
from recontact.reconciliation.mapping import CATEGORY_WORDS


def category_words(category: str) -> str:
    """The category's name; what the provider names otherwise shows as it is."""
    return str(CATEGORY_WORDS.get(category, category))


def market_words(market: str) -> str:
    """The market's name."""
    return place_name(market) if market else ""
