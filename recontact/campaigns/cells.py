"""What stands in a cell, as text: numbers as a person would write them, dates as ISO, phones with all their digits. Pure."""

from __future__ import annotations

import math
import re
from datetime import date, datetime, time
from decimal import Decimal

from providers.formula_cells import UNCOMPUTED

#: What a spreadsheet shows in place of a value that it could not compute.
CELL_ERRORS = frozenset(
    {"#N/A", "#N/D", "#REF!", "#¡REF!", "#VALUE!", "#¡VALOR!", "#DIV/0!", "#¡DIV/0!", "#NAME?", "#¿NOMBRE?", "#NULL!"}
    | {"#NUM!", "#¡NUM!", "#SPILL!", "#CALC!"}
)

#: Stands for a formula that was never computed; no cell's own text is it.
FORMULA = "#=?"

# NUL and lone surrogates cannot be stored; other control characters mean nothing in a name or a phone.
_UNSTORABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_SCIENTIFIC = re.compile(r"[+]?(\d)(?:[.,](\d+))?[eE][+]?(\d{1,2})")
_WHOLE = re.compile(r"([+]?\d+)[.,]0+")


class RoundedPhone(ValueError):
    """The spreadsheet has cut the phone's last digits: 5.49116E+12."""


def cell_text(value: object) -> str:
    """The cell's value as text, trimmed. Whole numbers have no decimals; a date at midnight has no time."""
    if value is None:
        return ""
    if value is UNCOMPUTED:
        return FORMULA
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return _float_text(value)
    if isinstance(value, datetime):
        midnight = (value.hour, value.minute, value.second) == (0, 0, 0)
        return value.strftime("%Y-%m-%d") if midnight else value.strftime("%Y-%m-%d %H:%M")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, time):
        return value.strftime("%H:%M")
    return _UNSTORABLE.sub("", str(value)).strip()


def _float_text(value: float) -> str:
    """With the 15 digits that a spreadsheet shows, and never in scientific form."""
    if not math.isfinite(value):
        return "#NUM!"
    if value.is_integer() and abs(value) < 1e16:
        return str(int(value))
    return f"{Decimal(f'{value:.15g}'):f}"


def phone_text(text: str) -> str:
    """A phone's cell without what spreadsheets make of numbers: 5.4911555501E12 and 1155550100.0 become their digits.

    Raises RoundedPhone when digits are lost.
    """
    scientific = _SCIENTIFIC.fullmatch(text)
    if scientific is not None:
        digits, exponent = scientific[1] + (scientific[2] or ""), int(scientific[3])
        if len(digits) <= exponent + 1:
            return _all_digits(text, digits, exponent + 1)
    whole = _WHOLE.fullmatch(text)
    return whole[1] if whole is not None else text


def _all_digits(text: str, digits: str, length: int) -> str:
    """Spreadsheets show six digits of a long number; a program that writes ten or more left out only zeros."""
    if len(digits) < min(length, 10):
        raise RoundedPhone(text)
    return digits.ljust(length, "0")
