"""What a provider says about what it charged, by day, country and category: frozen values, no Django."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

#: Categories beside WhatsApp's own: the provider's fee on messages, and charges that are of no message sent.
FEE, OTHER_CHARGE = "fee", "other_charge"
_TOO_MUCH = Decimal(10) ** 12
_MICRO = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class UsageRow:
    """What was charged on a day. `country` is an ISO code, "" where it is not told or the provider says no country.

    `category` as in PriceReport, or FEE or OTHER_CHARGE; "" = all of them. `count` and `amount` are None where not told.
    An amount below zero is a credit, which counts no messages; only an adapter whose provider corrects its usage so tells one.
    """

    day: date
    country: str = ""
    category: str = ""
    count: int | None = None
    amount: Decimal | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Usage:
    """All that was charged in the days asked for, in one currency ("" where no amounts are told).

    `zone` is that of its days; `counted_by` is "delivered" or "sent": when a message counts. `by_country` and `by_category`:
    whether its rows are told apart by them. `free`: messages that it names as free, which are in no row.
    """

    currency: str
    zone: str
    counted_by: str
    rows: Sequence[UsageRow] = field(default_factory=tuple)
    by_country: bool = True
    by_category: bool = True
    free: int = 0


@dataclass(frozen=True, slots=True)
class UsageAsked:
    """The provider took the question and answers later, by a reports.UsageEvent with this id."""

    request_id: str


class SeveralCurrencies(ValueError):
    """The provider charges in more than one currency: they are never added up."""


def one_currency(found: Sequence[str]) -> str:
    """The currency of all rows; "" when none names one. Raises SeveralCurrencies."""
    named = sorted({currency.upper() for currency in found if currency})
    if len(named) > 1:
        raise SeveralCurrencies(", ".join(named))
    return named[0] if named else ""


def amount_of(value: Any, *, credits_too: bool = False) -> Decimal | None:
    """An amount as providers write it (number or text), to the sixth decimal; None: it is none, or a negative one, unless
    `credits_too`."""
    if isinstance(value, bool) or value is None:
        return None
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        return None
    if not amount.is_finite() or abs(amount) >= _TOO_MUCH or (amount < 0 and not credits_too):
        return None
    return amount.quantize(_MICRO)


def count_of(value: Any) -> int | None:
    """A whole number of messages (number or text, "12.0" too); None: it is none."""
    amount = amount_of(value)
    return int(amount) if amount is not None and amount == int(amount) else None
