"""What a group of messages came to, and the SQL that adds it up from cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from datetime import date
from decimal import Decimal
from typing import Any

from recontact.costs.rollup import WHOLE_SUM, amount

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Figures:
    """What the messages of one group came to, in one currency.

    Estimates: `awaiting` is sent and not decided, `uncharged` failed or free, `unreported` charged without the provider's price,
    `confirmed` charged with it. `reported` is the provider's. `monthly` are the provider's monthly fees, which are part of no
    message. `before` is what was spent in the period before.
    """

    messages: int = 0
    sent: int = 0
    delivered: int = 0
    read: int = 0
    answered: int = 0
    failed: int = 0
    priced: int = 0
    awaiting: Decimal = ZERO
    uncharged: Decimal = ZERO
    unreported: Decimal = ZERO
    confirmed: Decimal = ZERO
    reported: Decimal = ZERO
    monthly: Decimal = ZERO
    before: Decimal = ZERO

    @property
    def charged(self) -> Decimal:
        """What was charged for the messages: the provider's price, and our estimate where none was told."""
        return self.reported + self.unreported

    @property
    def spent(self) -> Decimal:
        """What was charged in all: for the messages, and by the month."""
        return self.charged + self.monthly

    @property
    def estimated(self) -> Decimal:
        """What all that was sent would have cost by our estimates."""
        return self.awaiting + self.uncharged + self.unreported + self.confirmed

    @property
    def difference(self) -> Decimal:
        """Estimated less charged: what failed or was free, what is not decided, and where the provider's price differs."""
        return self.estimated - self.charged

    @property
    def price_difference(self) -> Decimal:
        """Of what the provider told a price: our estimates less its prices."""
        return self.confirmed - self.reported

    @property
    def per_delivered(self) -> Decimal | None:
        return self.charged / self.delivered if self.delivered else None

    @property
    def per_read(self) -> Decimal | None:
        return self.charged / self.read if self.read else None

    @property
    def per_answered(self) -> Decimal | None:
        return self.charged / self.answered if self.answered else None

    @property
    def change(self) -> Decimal | None:
        """Spent against the period before, in percent; None when nothing was spent then."""
        return (self.spent - self.before) / self.before * 100 if self.before else None


@dataclass(frozen=True, slots=True)
class Group:
    """One row: the keys of its groupings, in the question's order."""

    keys: tuple[Any, ...]
    figures: Figures


@dataclass(slots=True)
class Answer:
    """A page of groups, how many there are in all, the groups of the first grouping that cost most, and the whole.

    `over_time` is what was spent by bucket of time and top group (its key as text, None for all others). `currencies` are all
    that the period has figures in, the most used first; `currency` is the one of these figures.
    """

    currency: str = ""
    currencies: list[str] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    count: int = 0
    tops: list[Group] = field(default_factory=list)
    total: Figures = field(default_factory=Figures)
    over_time: dict[tuple[date, str | None], Decimal] = field(default_factory=dict)


#: SQL of the counts of a cell c, by figure.
_COUNTS = {
    "messages": "c.waiting + c.uncertain + c.on_its_way + c.delivered + c.read + c.failed + c.not_sent",
    "sent": "c.on_its_way + c.delivered + c.read + c.failed",
    "delivered": "c.delivered + c.read",
    "read": "c.read",
    "answered": "c.answered",
    "failed": "c.failed",
    "priced": "c.priced",
}
_ESTIMATES = ("awaiting", "uncharged", "unreported", "confirmed")
NAMES = ", ".join(each.name for each in fields(Figures))
ZEROS = ", ".join("0" for _each in fields(Figures))
_OF_CELLS = _COUNTS | {name: f"c.{name}" for name in (*_ESTIMATES, "reported", "monthly")}
#: SQL: what figures are made of, of each cell c; and added up.
CELLS_TOLD = ", ".join(f"{sql} AS {name}" for name, sql in _OF_CELLS.items())
CELLS_SUMMED = ", ".join(f"{WHOLE_SUM}({sql}) AS {name}" for name, sql in _OF_CELLS.items())


def _sum(sql: str, condition: str) -> str:
    return f"coalesce({WHOLE_SUM}({sql}) FILTER (WHERE {condition}), 0)"


def figures_sql(currency: str) -> str:
    """SQL: the figures in one currency, of rows of `CELLS_TOLD` with their currencies and whether they are `early`."""
    mine = f"coalesce(nullif(reported_currency, ''), currency) = {currency}"
    estimated, told = f"currency = {currency}", f"reported_currency = {currency}"
    sums = {
        **{name: _sum(name, f"{mine} AND NOT early") for name in _COUNTS},
        **{name: _sum(name, f"{estimated} AND NOT early") for name in _ESTIMATES},
        "reported": _sum("reported", f"{told} AND NOT early"),
        "monthly": _sum("monthly", f"{estimated} AND NOT early"),
        "before": f"{_sum('unreported + monthly', f'{estimated} AND early')} + {_sum('reported', f'{told} AND early')}",
    }
    return ", ".join(f"{sql} AS {name}" for name, sql in sums.items())


def spent_sql(currency: str) -> dict[str, str]:
    """SQL on cells c in one currency or the other: what was `spent` in this one, and a number (`told`) that says whether there
    is something to tell beside it: messages, and estimates of messages that the provider charged in another. Each is zero where
    there is nothing; neither of the two that `told` adds up is ever below zero."""
    estimated, reported = f"c.currency = {currency}", f"c.reported_currency = {currency}"
    mine = f"CASE c.reported_currency WHEN '' THEN {estimated} ELSE {reported} END"
    elsewhere = "c.awaiting + c.uncharged + c.confirmed"
    return {
        "spent": f"""{WHOLE_SUM}(CASE WHEN {estimated} THEN c.unreported + c.monthly ELSE 0 END
                         + CASE WHEN {reported} THEN c.reported ELSE 0 END)""",
        "told": f"{WHOLE_SUM}(CASE WHEN {mine} THEN {_COUNTS['messages']} WHEN {estimated} THEN {elsewhere} ELSE 0 END)",
    }


_READ = tuple(int if each.name in _COUNTS else amount for each in fields(Figures))


def figures_read(found: Sequence[Any]) -> Figures:
    """The figures of a row of `NAMES`."""
    told: list[Any] = [read(value) for read, value in zip(_READ, found, strict=True)]
    return Figures(*told)
