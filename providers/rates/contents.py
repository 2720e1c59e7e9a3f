"""What a file of prices says, before anything is stored, and what is wrong with it by row and column."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from django.utils.translation import gettext as _

from providers.rates.currencies import CURRENCIES
from providers.rates.files import Table, shortened, thousands_or_decimals
from providers.rates.markets import market_read
from providers.rates.tariff import MICRO

#: No price of one message, and no monthly fee, is so much in any currency.
TOO_MUCH = Decimal(1_000_000)


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a file is refused: the row in it (0 = the whole file), the column, and the reason as a sentence."""

    row: int
    column: str
    reason: str


@dataclass(frozen=True, slots=True)
class RateRow:
    """One of Meta's prices. `tier_to` None = all further messages."""

    market: str
    category: str
    price: Decimal
    tier_from: int = 0
    tier_to: int | None = None


@dataclass(frozen=True, slots=True)
class FeeRow:
    """One of the provider's own fees."""

    kind: str
    category: str
    value: Decimal
    exempt_codes: tuple[str, ...] = ()


@dataclass(slots=True)
class Contents:
    """All that a file says; with any problem nothing of it is stored."""

    currency: str = ""
    rates: list[RateRow] = field(default_factory=list)
    fees: list[FeeRow] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


class Reader:
    """Reads cells by column, and notes what is wrong with each."""

    def __init__(self, table: Table, columns: dict[str, int], contents: Contents) -> None:
        self.table, self.columns, self.contents = table, columns, contents
        self.number = 0
        self._row: list[str] = []

    def turn(self, number: int, row: list[str]) -> None:
        """Go to a row."""
        self.number, self._row = number, row

    def text(self, column: str) -> str:
        """The cell's text; empty where the row or the file has no such cell."""
        position = self.columns.get(column, len(self._row))
        return self._row[position] if position < len(self._row) else ""

    def refuse(self, column: str, reason: str) -> None:
        """Note a problem of this row."""
        self.contents.problems.append(Problem(self.number, column, reason))

    def currency(self, column: str) -> None:
        """Take the file's currency from this row: a known one, and the same in all rows."""
        code = self.text(column).upper()
        if code not in CURRENCIES:
            self.refuse(column, _("There is no currency “%(code)s” in ISO 4217.") % {"code": shortened(code)})
        elif self.contents.currency and code != self.contents.currency:
            self.refuse(
                column,
                _("The rows before are in %(other)s: a card has one currency.") % {"other": self.contents.currency},
            )
        else:
            self.contents.currency = code

    def market(self, column: str) -> str:
        """The market's code; empty when there is no such market."""
        market = market_read(self.text(column))
        if market is None:
            self.refuse(column, _("There is no market “%(market)s”.") % {"market": shortened(self.text(column))})
        return market or ""

    def choice(self, column: str, known: Callable[[str], str | None]) -> str:
        """One of the words that `known` translates; empty when it is none."""
        found = known(self.text(column))
        if found is None:
            self.refuse(column, _("“%(text)s” is not known here.") % {"text": shortened(self.text(column))})
        return found or ""

    def amount(self, column: str) -> Decimal | None:
        """A number of at most six decimals, not negative; None when the cell is empty, says n/a, or is refused."""
        typed = self.text(column)
        text = typed.replace("\u00a0", "").strip("$€£₹ ")
        if not text or text.casefold() in ("n/a", "na", "-", "–"):
            return None
        if self.table.comma_is_decimal and thousands_or_decimals(text):
            words = _("“%(text)s” may mean thousands or decimals. Write it as in 1500 or 1,5.")
            self.refuse(column, words % {"text": shortened(typed)})
            return None
        if self.table.comma_is_decimal and "." not in text:
            text = text.replace(",", ".")
        value = _decimal(text)
        if value is None:
            self.refuse(column, _("“%(text)s” is no number. Write it as in 0.0618.") % {"text": shortened(typed)})
        elif value < 0:
            self.refuse(column, _("The amount is negative: %(text)s.") % {"text": shortened(typed)})
        elif value >= TOO_MUCH:
            self.refuse(column, _("The amount is too large: %(text)s.") % {"text": shortened(typed)})
        elif value != value.quantize(MICRO):
            self.refuse(column, _("There are more than six decimals: %(text)s.") % {"text": shortened(typed)})
        else:
            return value.quantize(MICRO)
        return None

    def count(self, column: str) -> int | None:
        """A whole number of messages; None when the cell is empty, says MAX, or is refused."""
        text = self.text(column)
        if not text or text.casefold() in ("max", "n/a", "-", "∞"):
            return None
        if not text.isascii() or not text.isdecimal() or len(text) > 15:
            self.refuse(
                column, _("“%(text)s” is no number of messages. Write it as in 150000.") % {"text": shortened(text)}
            )
            return None
        return int(text)


def _decimal(text: str) -> Decimal | None:
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    plain = set(text) <= set("0123456789.-+")
    return value if plain and value.is_finite() else None


def repeated_rows(contents: Contents) -> bool:
    """Whether two rows price the same market, category and tier, or two fees are of the same kind and category."""
    rates = {(row.market, row.category, row.tier_from) for row in contents.rates}
    fees = {(row.kind, row.category) for row in contents.fees}
    return len(rates) < len(contents.rates) or len(fees) < len(contents.fees)
