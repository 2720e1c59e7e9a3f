"""Several currencies in one, by the dated table of exchange rates and by nothing else: each day's spending at that day's rate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from recontact.costs.asked import Question
from recontact.costs.grouped import spent_by_day
from recontact.models import ExchangeRate


@dataclass(frozen=True, slots=True)
class Together:
    """What was spent in all currencies that have rates, in one; `left_out` have none on some day, and are not in it at all."""

    currency: str
    amount: Decimal
    left_out: Sequence[str]


def spent_together(question: Question) -> Together:
    """In the question's currency. Two queries, whatever the period."""
    rates = _rates(question.currency)
    amounts: dict[str, Decimal | None] = {}
    for day, currency, amount in spent_by_day(question):
        rate = Decimal(1) if currency == question.currency else _on(rates.get(currency, []), day)
        before = amounts.get(currency, Decimal(0))
        amounts[currency] = None if rate is None or before is None else before + amount * rate
    counted = [amount for amount in amounts.values() if amount is not None]
    left_out = sorted(currency for currency, amount in amounts.items() if amount is None)
    return Together(question.currency, sum(counted, Decimal(0)), left_out)


def _rates(currency: str) -> dict[str, list[tuple[date, Decimal]]]:
    """Of every other currency, the rates to this one, the newest first."""
    found: dict[str, list[tuple[date, Decimal]]] = {}
    rows = ExchangeRate.objects.filter(to_currency=currency).order_by("-valid_from")
    for other, since, rate in rows.values_list("from_currency", "valid_from", "rate"):
        found.setdefault(other, []).append((since, rate))
    return found


def _on(rates: Sequence[tuple[date, Decimal]], day: date) -> Decimal | None:
    return next((rate for since, rate in rates if since <= day), None)
