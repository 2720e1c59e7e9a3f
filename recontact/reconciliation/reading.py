"""From a provider's file to lines: all of them, or the reasons by row and column why not. Nothing is stored here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from django.utils.translation import gettext as _

from providers.rates.contents import Problem
from providers.rates.files import Table, shortened
from recontact.reconciliation.mapping import FEE, FIELDS, OTHER, TOTAL, Columns, plain_word
from recontact.reconciliation.numbers import TOO_MUCH, amount_read, count_read, days_read, decimal_mark

#: Charges that are of no single message: they may leave day and country empty.
APART = (FEE, OTHER)
_MOST_WORDS = 60


@dataclass(frozen=True, slots=True)
class Line:
    """One line as it is to be stored; None and "" = not said. Of a credit the amount is negative, and the count not positive."""

    row: int
    day: date | None = None
    market: str = ""
    category: str = ""
    count: int | None = None
    amount: Decimal | None = None
    detail: str = ""
    is_credit: bool = False


@dataclass(slots=True)
class Reading:
    """What a file says. With any problem nothing of it may be stored.

    `unknown` are words of the columns category and market that nobody gave a meaning (as they stand in the file); `sums` counts
    the rows left out as sums of others.
    """

    columns: Columns
    lines: list[Line] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    unknown: dict[str, list[str]] = field(default_factory=lambda: {"category": [], "market": []})
    sums: int = 0

    @property
    def credits(self) -> int:
        """How many lines are credits."""
        return sum(line.is_credit for line in self.lines)

    @property
    def has_fees_apart(self) -> bool:
        return any(line.category == FEE for line in self.lines)

    @property
    def count(self) -> int | None:
        """The messages of all lines; None where they tell none. A fee counts no messages of its own."""
        counts = [line.count for line in self.lines if line.count is not None]
        return sum(counts) if counts else None

    @property
    def total(self) -> Decimal | None:
        """The amounts of all lines."""
        amounts = [line.amount for line in self.lines if line.amount is not None]
        return sum(amounts, Decimal(0)) if amounts else None


def statement_read(
    table: Table, columns: Columns, *, currency: str, first: date, last: date, is_credit_note: bool = False
) -> Reading:
    """The lines of a file by its mapping; each must be of the period, and in the currency where it says one.

    Of a credit note every amount is a credit, written with a minus or without, and no messages are counted.
    """
    reading = Reading(columns)
    number, header = table.rows[0]
    places = _places(reading, number, header)
    if reading.problems:
        return reading
    reader = _Rows(table, places, reading, is_credit_note=is_credit_note)
    days = reader.days(first, last)
    for place, (number, _row) in enumerate(table.rows[1:]):
        reader.turn(place, number)
        reader.line(None if days is None else days[place], currency, first, last)
    if is_credit_note and len(reader.signs) > 1:
        words = _("A credit note has amounts of one sign. Import those that are no credits as an invoice.")
        reading.problems.append(Problem(0, columns.columns.get("amount", ""), words))
    if not reading.problems and not reading.lines:
        reading.problems.append(Problem(0, "", _("The file has no lines.")))
    for name, sums in (("amount", reading.total), ("count", reading.count)):
        if sums is not None and abs(Decimal(sums)) >= TOO_MUCH:
            words = _("All lines together come to too much: %(sum)s.") % {"sum": sums}
            reading.problems.append(Problem(0, columns.columns.get(name, ""), words))
    return reading


def _places(reading: Reading, number: int, header: Sequence[str]) -> dict[str, int]:
    """Field -> place of its column. One that is needed, was chosen and is not there, or says two things is a problem."""
    chosen = {name: column for name, column in reading.columns.columns.items() if column}
    doubled = [name for name, count in Counter(filter(None, header)).items() if count > 1 and name in chosen.values()]
    if doubled:
        words = _("The column stands there twice: %(columns)s.") % {"columns": ", ".join(doubled)}
        reading.problems.append(Problem(number, ", ".join(doubled), words))
    if "amount" not in chosen:
        title = str(FIELDS["amount"])
        words = _("The file lacks a column for this: %(field)s. Choose which one it is.") % {"field": title}
        reading.problems.append(Problem(number, title, words))
    for name, column in chosen.items():
        if column not in header:
            words = _("The file has no column “%(column)s” (%(field)s).") % {"column": column, "field": FIELDS[name]}
            reading.problems.append(Problem(number, column, words))
    twice = [column for column, count in Counter(chosen.values()).items() if count > 1]
    if twice:
        words = _("One column cannot say two things: %(columns)s.") % {"columns": ", ".join(twice)}
        reading.problems.append(Problem(number, ", ".join(twice), words))
    return {name: header.index(column) for name, column in chosen.items() if column in header}


class _Rows:
    """Reads row after row, and notes what is wrong with each cell."""

    def __init__(self, table: Table, places: dict[str, int], reading: Reading, *, is_credit_note: bool) -> None:
        self._table, self._places, self._reading = table, places, reading
        self._is_credit_note = is_credit_note
        #: Whether there were amounts below zero, and above it.
        self.signs: set[bool] = set()
        self._mark = decimal_mark(self._column("amount"), comma_is_decimal=table.comma_is_decimal)
        self._row: list[str] = []
        self._number = 0

    def turn(self, place: int, number: int) -> None:
        self._row, self._number = self._table.rows[place + 1][1], number

    def days(self, first: date, last: date) -> list[date | None] | None:
        """The days of all rows; None where the file has no such column."""
        return days_read(self._column("day"), first=first, last=last) if "day" in self._places else None

    def line(self, day: date | None, currency: str, first: date, last: date) -> None:
        """Add the row's line, unless it is a sum of others or something is wrong with it."""
        before = len(self._reading.problems)
        category = self._category()
        if category == TOTAL:
            self._reading.sums += 1
            return
        apart = category in APART
        self._day_problem(day, apart, first, last)
        market = "" if apart else self._market()
        self._currency_problem(currency)
        amount = self._amount()
        is_credit = amount is not None and amount < 0
        count = self._count(is_credit=is_credit)
        if len(self._reading.problems) == before:
            detail = " · ".join(self._text(name) for name in ("category", "market") if self._text(name))[:300]
            count = None if apart or self._is_credit_note else count
            self._reading.lines.append(Line(self._number, day, market, category, count, amount, detail, is_credit))

    def _text(self, name: str) -> str:
        place = self._places.get(name, len(self._row))
        return self._row[place] if place < len(self._row) else ""

    def _column(self, name: str) -> list[str]:
        place = self._places.get(name)
        rows = self._table.rows[1:]
        return [] if place is None else [row[place] if place < len(row) else "" for _number, row in rows]

    def _refuse(self, name: str, reason: str) -> None:
        column = self._reading.columns.columns.get(name, "")
        self._reading.problems.append(Problem(self._number, column, reason))

    def _unknown(self, name: str, reason: str) -> None:
        words = self._reading.unknown[name]
        text = self._text(name)
        if plain_word(text) not in map(plain_word, words) and len(words) < _MOST_WORDS:
            words.append(text)
        self._refuse(name, reason % {"text": shortened(text)})

    def _category(self) -> str:
        if "category" not in self._places:
            return ""
        if not self._text("category"):
            self._refuse("category", _("The category is missing."))
            return ""
        found = self._reading.columns.category(self._text("category"))
        if found is None:
            self._unknown("category", _("The category “%(text)s” is not known here. Say what it means."))
        return found or ""

    def _market(self) -> str:
        if "market" not in self._places:
            return ""
        if not self._text("market"):
            self._refuse("market", _("The country is missing."))
            return ""
        found = self._reading.columns.market(self._text("market"))
        if found is None:
            self._unknown("market", _("There is no market “%(text)s”. Say what it means."))
        return found or ""

    def _day_problem(self, day: date | None, apart: bool, first: date, last: date) -> None:
        text = self._text("day")
        if "day" not in self._places or (apart and not text):
            return
        if day is None:
            self._refuse("day", _("“%(text)s” is no day. Write it as in 2026-11-30.") % {"text": shortened(text)})
        elif not first <= day <= last:
            self._refuse("day", _("The day %(day)s is not in the period.") % {"day": day.isoformat()})

    def _currency_problem(self, currency: str) -> None:
        text = self._text("currency").strip().upper()
        if "currency" in self._places and text != currency:
            words = _(
                "This row is in “%(text)s”, the statement in %(currency)s: each currency is a statement of its own."
            )
            self._refuse("currency", words % {"text": shortened(text), "currency": currency})

    def _count(self, *, is_credit: bool) -> int | None:
        text = self._text("count")
        if not text:
            return None
        count = count_read(text)
        if count is None:
            self._refuse(
                "count", _("“%(text)s” is no number of messages. Write it as in 150000.") % {"text": shortened(text)}
            )
        elif is_credit:
            # Beside a credit a positive number says how many messages it is about, and charges none.
            return count if count < 0 else None
        elif count < 0 and not self._is_credit_note:
            self._refuse("count", _("The number of messages is negative: %(text)s.") % {"text": shortened(text)})
        return count

    def _amount(self) -> Decimal | None:
        text = self._text("amount")
        amount = amount_read(text, self._mark)
        if not text:
            self._refuse("amount", _("The amount is missing."))
        elif amount is None:
            self._refuse("amount", _("“%(text)s” is no amount. Write it as in 741.60.") % {"text": shortened(text)})
        elif self._is_credit_note:
            if amount != 0:
                self.signs.add(amount < 0)
            return -abs(amount)
        elif amount < 0 and not self._reading.columns.credits:
            words = _(
                "The amount is negative: %(text)s. If it is a credit, say that negative amounts are credits, or that the file"
                " is a credit note."
            )
            self._refuse("amount", words % {"text": shortened(text)})
        return amount
