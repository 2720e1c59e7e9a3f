"""Formulas without a value are told from empty cells, and from formulas that came to an empty text."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import openpyxl
import pytest

from providers.formula_cells import UNCOMPUTED, rows_told
from providers.rates.files import UnreadableFile, table_read

EXCELS_EMPTY_TEXT = b'<c r="B1" t="str"><f>A1</f><v></v></c>'
EXCELS_NUMBER = b'<c r="B1"><f>A1</f><v>7</v></c>'
WRITTEN_ONLY = b'<c r="B1"><f>A1</f></c>'


def workbook_of(*rows: tuple[Any, ...]) -> io.BytesIO:
    book = openpyxl.Workbook()
    for row in rows:
        book.worksheets[0].append(row)
    body = io.BytesIO()
    book.save(body)
    return body


def with_cell(cell: bytes) -> io.BytesIO:
    """A workbook whose B1 is this element, as another program would have written it."""
    made, body = workbook_of((1, "=A1")), io.BytesIO()
    with zipfile.ZipFile(made) as old, zipfile.ZipFile(body, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "xl/worksheets/sheet1.xml":
                start = content.index(b'<c r="B1"')
                content = content[:start] + cell + content[content.index(b"</c>", start) + 4 :]
            new.writestr(name, content)
    return body


def rows(body: io.BytesIO) -> list[tuple[Any, ...]]:
    sheet: Any = openpyxl.load_workbook(body, read_only=True, data_only=True).worksheets[0]
    sheet.reset_dimensions()
    return list(rows_told(body, sheet))


def test_a_file_without_formulas_is_read_as_ever() -> None:
    assert rows(workbook_of((1, None, "a"), (None, 2))) == [(1, None, "a"), (None, 2)]


def test_a_formula_that_a_program_only_wrote_is_told_and_an_empty_cell_is_not() -> None:
    assert rows(workbook_of((1, "=A1", None, "a"), (None, 2, "=B2"))) == [
        (1, UNCOMPUTED, None, "a"),
        (None, 2, UNCOMPUTED),
    ]


@pytest.mark.parametrize(("cell", "value"), [(EXCELS_EMPTY_TEXT, None), (EXCELS_NUMBER, 7), (WRITTEN_ONLY, UNCOMPUTED)])
def test_what_a_spreadsheet_program_computed_is_taken(cell: bytes, value: Any) -> None:
    assert rows(with_cell(cell)) == [(1, value)]


def test_a_table_of_prices_or_an_invoice_is_refused_by_the_cell() -> None:
    with pytest.raises(UnreadableFile, match=r"The cell B2 holds a formula without a value\. Open the file"):
        table_read(workbook_of(("market", "price"), ("AR", "=1/2")).getvalue())
