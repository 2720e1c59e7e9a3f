"""Tables as CSV text that spreadsheet programs read as it is meant."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from itertools import islice
from typing import Any

#: Rows written out at a time: a million are never in memory.
CHUNK = 2_000
#: The mark by which spreadsheet programs know UTF-8.
MARK = "\ufeff"


def csv_text(rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """The rows as text in pieces, written as they are asked for. What a spreadsheet would take for a formula is only shown."""
    yield MARK
    waiting = iter(rows)
    while chunk := list(islice(waiting, CHUNK)):
        yield csv_lines(chunk)


def csv_lines(rows: Iterable[Sequence[Any]]) -> str:
    """These rows as text, without the mark at its beginning."""
    text = io.StringIO()
    csv.writer(text).writerows([[_plain(cell) for cell in row] for row in rows])
    return text.getvalue()


def harmless(text: str) -> str:
    """A text that a spreadsheet would take for a formula, made one that it only shows. Phones stay as they are."""
    is_phone = text[:1] == "+" and text[1:].replace(" ", "").replace("-", "").isdecimal()
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") and not is_phone else text


def _plain(cell: Any) -> Any:
    match cell:
        case str():
            return harmless(cell)
        case Decimal():
            return f"{cell:f}"
        case date():
            return cell.isoformat()
        case _:
            return cell
