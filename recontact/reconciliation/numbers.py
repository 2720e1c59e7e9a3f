"""Amounts, counts and days as providers and spreadsheets write them: read by the whole column, never guessed cell by cell."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation

from providers.rates.tariff import MICRO

_SIGNS = "$€£₹ \u00a0\u202f"
_THOUSANDS = {",": re.compile(r"[-+]?\d{1,3}(,\d{3})+"), ".": re.compile(r"[-+]?\d{1,3}(\.\d{3})+")}
_NUMBER = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)")
#: More than an amount, or a sum of amounts, may be.
TOO_MUCH = Decimal(10) ** 12
#: How days are written: a pattern and the places of year, month and day in it.
_DAYS = (
    (re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})"), (1, 2, 3)),
    (re.compile(r"(\d{4})(\d{2})(\d{2})"), (1, 2, 3)),
    (re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})"), (3, 2, 1)),
    (re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})"), (3, 1, 2)),
)
_TIME = re.compile(r"[T ]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?$")


def decimal_mark(texts: Iterable[str], *, comma_is_decimal: bool) -> str:
    """What parts the decimals in a column of amounts: "," or "."."""
    cells = [_bare(text) for text in texts]
    for cell in cells:
        if "," in cell and "." in cell:
            return "," if cell.rfind(",") > cell.rfind(".") else "."
    commas = [cell for cell in cells if "," in cell]
    if any(not _THOUSANDS[","].fullmatch(cell) for cell in commas) or (commas and comma_is_decimal):
        return ","
    return "."


def amount_read(text: str, mark: str) -> Decimal | None:
    """The amount, rounded to the sixth decimal; None: it is no number. May be negative."""
    bare, other = _bare(text), "." if mark == "," else ","
    if other in bare:
        whole = bare.partition(mark)[0]
        if not _THOUSANDS[other].fullmatch(whole):
            return None
        bare = bare.replace(other, "")
    bare = bare.replace(mark, ".")
    if not _NUMBER.fullmatch(bare):
        return None
    try:
        value = Decimal(bare)
    except InvalidOperation:
        return None
    return value.quantize(MICRO) if abs(value) < TOO_MUCH else None


def count_read(text: str) -> int | None:
    """A whole number, with its thousands apart or not; None: it is none. May be negative."""
    bare = _bare(text)
    for mark in ",.":
        if _THOUSANDS[mark].fullmatch(bare):
            bare = bare.replace(mark, "")
    whole, _point, rest = bare.partition(".")
    if rest.strip("0") or not re.fullmatch(r"[-+]?\d{1,15}", whole):
        return None
    return int(whole)


def days_read(texts: Sequence[str], *, first: date, last: date) -> list[date | None]:
    """The days of a column, in one way of writing: of those that read most of it the one with most days in the period. None: it
    is no day."""
    return max(
        (_days(texts, pattern, places) for pattern, places in _DAYS),
        key=lambda days: (
            sum(day is not None for day in days),
            sum(day is not None and first <= day <= last for day in days),
        ),
    )


def _days(texts: Sequence[str], pattern: re.Pattern[str], places: tuple[int, int, int]) -> list[date | None]:
    return [_day(_TIME.sub("", text.strip()), pattern, places) for text in texts]


def _day(text: str, pattern: re.Pattern[str], places: tuple[int, int, int]) -> date | None:
    found = pattern.fullmatch(text)
    if found is None:
        return None
    try:
        return date(*(int(found.group(place)) for place in places))
    except ValueError:
        return None


def _bare(text: str) -> str:
    return "".join(letter for letter in text if letter not in _SIGNS)
