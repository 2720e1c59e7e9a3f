"""A file of prices as rows of texts: CSV or XLSX, small, and never believed."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import openpyxl
from django.utils.translation import gettext as _
from openpyxl.utils import get_column_letter

from providers.formula_cells import UNCOMPUTED, rows_told

#: Meta's longest file has some forty rows; with volume tiers a few hundred.
MAX_BYTES = 2 * 1024**2
MAX_ROWS = 5_000
_MAX_UNPACKED = 64 * 1024**2
_DELIMITERS = ",;\t"
#: So much of a cell is repeated in a refusal.
MOST_REPEATED = 60


class UnreadableFile(ValueError):
    """The file is no table. Its message says why, to a person."""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows with their numbers in the file, cells as text. `comma_is_decimal`: how its numbers are to be read."""

    rows: list[tuple[int, list[str]]]
    comma_is_decimal: bool = False


def table_read(body: bytes, *, most_rows: int = MAX_ROWS) -> Table:
    """The rows of a file that have any text. Raises UnreadableFile."""
    if len(body) > MAX_BYTES:
        raise UnreadableFile(_("The file is larger than %(limit)s MB.") % {"limit": MAX_BYTES // 1024**2})
    table = _workbook(body, most_rows) if body[:2] == b"PK" else _delimited(body, most_rows)
    if not table.rows:
        raise UnreadableFile(_("The file is empty."))
    return table


def _delimited(body: bytes, most_rows: int) -> Table:
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableFile(_("The file is neither a spreadsheet (.xlsx) nor a CSV in UTF-8.")) from error
    if "\x00" in text:
        raise UnreadableFile(_("The file is neither a spreadsheet (.xlsx) nor a CSV in UTF-8."))
    first = text.partition("\n")[0]
    delimiter = max(_DELIMITERS, key=first.count)
    try:
        rows = list(_numbered(csv.reader(io.StringIO(text), delimiter=delimiter, strict=True), most_rows))
    except csv.Error as error:
        raise UnreadableFile(_("The CSV is damaged: a quote is not closed.")) from error
    return Table(rows, comma_is_decimal=delimiter != ",")


def _workbook(body: bytes, most_rows: int) -> Table:
    damaged = _("The workbook is damaged and cannot be read. Open it, save it again as .xlsx, and retry.")
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > _MAX_UNPACKED:
                raise UnreadableFile(_("The workbook unpacks to more than the portal reads. Save the sheet as .csv."))
        workbook = openpyxl.load_workbook(io.BytesIO(body), read_only=True, data_only=True, keep_links=False)
        try:
            sheet: Any = workbook.worksheets[0]
            # The size that a file says it has may be wrong, and rows would be filled up to it.
            sheet.reset_dimensions()
            rows = _computed(rows_told(io.BytesIO(body), sheet))
            cells = ([_cell(value) for value in row] for row in rows)
            return Table(list(_numbered(cells, most_rows)))
        finally:
            workbook.close()
    except UnreadableFile:
        raise
    except Exception as error:
        # What the reader raises for files that only look like a workbook has no common class.
        raise UnreadableFile(damaged) from error


def _computed(rows: Iterator[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    """The rows as they are. Raises UnreadableFile at the first formula without a value: what it means nobody knows."""
    for number, row in enumerate(rows, start=1):
        if UNCOMPUTED in row:
            words = _(
                "The cell %(cell)s holds a formula without a value. Open the file in a spreadsheet program and save it,"
                " or paste the values in."
            )
            raise UnreadableFile(words % {"cell": f"{get_column_letter(row.index(UNCOMPUTED) + 1)}{number}"})
        yield row


def _numbered(rows: Iterator[list[str]], most_rows: int) -> Iterator[tuple[int, list[str]]]:
    for number, row in enumerate(rows, start=1):
        if number > most_rows:
            raise UnreadableFile(_("The file has more than %(limit)s rows.") % {"limit": most_rows})
        texts = [cell.strip() for cell in row]
        if any(texts):
            yield number, texts


def thousands_or_decimals(text: str) -> bool:
    """Whether a number as 1.500 may mean either, in a file whose numbers may have decimal commas."""
    return re.fullmatch(r"[-+]?[1-9]\d{0,2}(\.\d{3})+", text) is not None


def shortened(text: str) -> str:
    """What a cell says, as it is repeated in a refusal."""
    return text if len(text) <= MOST_REPEATED else f"{text[:MOST_REPEATED]}…"


def _cell(value: Any) -> str:
    """A number as a spreadsheet shows it: the shortest text that means it, never in exponents."""
    if value is None:
        return ""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"{Decimal(repr(value)):f}"
    return str(value)
