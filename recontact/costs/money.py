"""Money as people read it: always with its currency."""

from __future__ import annotations

from decimal import Decimal

from django.utils import formats

_SIGNS = {"USD": "US$", "EUR": "€", "BRL": "R$", "GBP": "£"}

#: The price of one message is a fraction of a cent; a sum is not.
PRICE_DECIMALS = 4
SUM_DECIMALS = 2


def money_text(amount: Decimal, currency: str, *, decimals: int = PRICE_DECIMALS) -> str:
    """An amount with its currency, as a person of the active language writes it."""
    number = formats.number_format(amount, decimals, use_l10n=True, force_grouping=True)
    return f"{_SIGNS.get(currency, currency)} {number}"
