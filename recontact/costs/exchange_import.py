"""Exchange rates from a file: all of its rows, or none and the reasons. What is there already is not stored twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation

from django.db import transaction
from django.utils.translation import gettext as _

from providers.rates.contents import Problem
from providers.rates.currencies import CURRENCIES
from providers.rates.files import Table, UnreadableFile, shortened, table_read, thousands_or_decimals
from recontact.models import ExchangeRate

COLUMNS = ("from", "to", "rate", "valid_from")
#: As ExchangeRate keeps them.
_SMALLEST, _DECIMALS = Decimal("0.0000000001"), 10
_TOO_MUCH = Decimal(10) ** 10


class ExchangeRefused(Exception):
    """Nothing was stored. `problems` says why, by row and column."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(f"{len(problems)} problems")
        self.problems = list(problems)


@dataclass(frozen=True, slots=True)
class Imported:
    """How many rates are new, and how many were there already."""

    new: int
    known: int


@transaction.atomic
def exchange_rates_import(body: bytes, *, source: str = "") -> Imported:
    """Store the rates of a CSV or XLSX with the columns from, to, rate, valid_from (and source). Raises ExchangeRefused."""
    try:
        table = table_read(body)
    except UnreadableFile as error:
        raise ExchangeRefused([Problem(0, "", str(error))]) from error
    rates, problems = _read(table, source)
    known = {
        (row.from_currency, row.to_currency, row.valid_from): row.rate
        for row in ExchangeRate.objects.filter(valid_from__in={rate.valid_from for _row, rate in rates})
    }
    new: dict[tuple[str, str, date], ExchangeRate] = {}
    for number, rate in rates:
        key = (rate.from_currency, rate.to_currency, rate.valid_from)
        before = known.get(key, new[key].rate if key in new else rate.rate)
        if before != rate.rate:
            words = _("From that day on it is %(rate)s already: a rate is never changed, a new day gets a new one.")
            problems.append(Problem(number, "rate", words % {"rate": f"{before.normalize():f}"}))
        if key not in known:
            new.setdefault(key, rate)
    if not problems and not rates:
        problems.append(Problem(0, "", _("The file has no rates.")))
    if problems:
        raise ExchangeRefused(problems)
    ExchangeRate.objects.bulk_create(new.values())
    return Imported(len(new), len(rates) - len(new))


def _read(table: Table, source: str) -> tuple[list[tuple[int, ExchangeRate]], list[Problem]]:
    number, header = table.rows[0]
    columns = {name.strip().casefold(): place for place, name in enumerate(header)}
    missing = [name for name in COLUMNS if name not in columns]
    if missing:
        words = _("The file lacks these columns: %(columns)s.") % {"columns": ", ".join(missing)}
        return [], [Problem(number, ", ".join(missing), words)]
    rates: list[tuple[int, ExchangeRate]] = []
    problems: list[Problem] = []
    for number, row in table.rows[1:]:
        texts = {name: row[place] if place < len(row) else "" for name, place in columns.items()}
        wrong = _problems(texts, comma=table.comma_is_decimal)
        problems += [Problem(number, column, reason) for column, reason in wrong]
        if not wrong:
            rates.append((number, _rate(texts, source, comma=table.comma_is_decimal)))
    return rates, problems


def _problems(texts: dict[str, str], *, comma: bool) -> list[tuple[str, str]]:
    found = [
        (name, _("There is no currency “%(code)s” in ISO 4217.") % {"code": shortened(texts[name])})
        for name in ("from", "to")
        if texts[name].upper() not in CURRENCIES
    ]
    if texts["from"].upper() == texts["to"].upper():
        found.append(("to", _("Both are the same currency.")))
    value = _number(texts["rate"], comma=comma)
    if value is None or not _SMALLEST <= value < _TOO_MUCH or value != round(value, _DECIMALS):
        words = _("“%(text)s” is no rate: a number above 0 with at most ten decimals.")
        found.append(("rate", words % {"text": shortened(texts["rate"])}))
    if _day(texts["valid_from"]) is None:
        words = _("“%(text)s” is no day. Write it as in 2026-11-30.")
        found.append(("valid_from", words % {"text": shortened(texts["valid_from"])}))
    return found


def _rate(texts: dict[str, str], source: str, *, comma: bool) -> ExchangeRate:
    return ExchangeRate(
        from_currency=texts["from"].upper(),
        to_currency=texts["to"].upper(),
        rate=_number(texts["rate"], comma=comma) or Decimal(0),
        valid_from=_day(texts["valid_from"]) or date.min,
        source=(texts.get("source") or source)[:200],
    )


def _number(text: str, *, comma: bool) -> Decimal | None:
    if comma and thousands_or_decimals(text):
        return None
    if comma and "." not in text:
        text = text.replace(",", ".")
    if not set(text) <= set("0123456789."):
        return None
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def _day(text: str) -> date | None:
    """A spreadsheet's day comes with its midnight."""
    try:
        return date.fromisoformat(text.removesuffix(" 00:00:00"))
    except ValueError:
        return None
