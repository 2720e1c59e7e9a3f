"""Money as people read it: always with its currency."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from django.utils import formats

_SIGNS = {"USD": "US$", "EUR": "€", "BRL": "R$", "GBP": "£"}

#: The price of one message is a fraction of a cent; a sum is not.
PRICE_DECIMALS = 4
SUM_DECIMALS = 2


def money_text(amount: Decimal, currency: str, *, decimals: int = PRICE_DECIMALS) -> str:
    """An amount with its currency, rounded, as a person of the active language writes it."""
    # Django's own formatting cuts the rest off.
    rounded = Decimal(amount).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
    number = formats.number_format(abs(rounded), decimals, use_l10n=True, force_grouping=True)
    minus = "\u2212" if rounded < 0 else ""
    return f"{minus}{_SIGNS.get(currency, currency)} {number}"
