"""Money as people read it: always with its currency, beside it or once above a table's figures."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from django.utils import formats

_SIGNS = {"USD": "US$", "EUR": "€", "BRL": "R$", "GBP": "£"}

#: The price of one message is a fraction of a cent; a sum is not.
PRICE_DECIMALS = 4
SUM_DECIMALS = 2


def money_text(amount: Decimal, currency: str, *, decimals: int = PRICE_DECIMALS) -> str:
    """An amount with its currency, rounded, as a person of the active language writes it."""
    minus, number = _minus_and_number(amount, decimals)
    return f"{minus}{_SIGNS.get(currency, currency)} {number}"


def amount_text(amount: Decimal, *, decimals: int) -> str:
    """The same without its currency, for a table that says it once."""
    return "".join(_minus_and_number(amount, decimals))


def _minus_and_number(amount: Decimal, decimals: int) -> tuple[str, str]:
    # Django's own formatting cuts the rest off.
    rounded = Decimal(amount).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
    number = formats.number_format(abs(rounded), decimals, use_l10n=True, force_grouping=True)
    return "\u2212" if rounded < 0 else "", number
