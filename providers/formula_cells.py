"""Formulas in a workbook whose values were never computed: told, where openpyxl alone would read them as empty cells.

A program that only writes workbooks stores a formula without a value; a spreadsheet program computes it when the file is saved.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from itertools import zip_longest
from typing import Any, BinaryIO

import openpyxl


class Uncomputed:
    """Stands for the value of a cell that holds a formula without one."""

    def __repr__(self) -> str:
        return "UNCOMPUTED"


UNCOMPUTED = Uncomputed()

_FORMULA = re.compile(rb"<(?:\w+:)?f[\s>/]")
_SHEET = re.compile(r"xl/worksheets/[^/]+\.xml")
_PIECE = 1024 * 1024
#: So long may the beginning of an element be that two pieces share.
_SEAM = 64


def rows_told(body: BinaryIO, sheet: Any) -> Iterator[tuple[Any, ...]]:
    """The rows of a sheet of `body`, opened for reading with the values that are stored; UNCOMPUTED where one is missing.

    The file is read twice only when it has formulas. Raises what openpyxl raises for damaged files.
    """
    if not _has_formulas(body):
        yield from sheet.iter_rows(values_only=True)
        return
    book = openpyxl.load_workbook(body, read_only=True, data_only=False, keep_links=False)
    try:
        written: Any = book[sheet.title]
        written.reset_dimensions()
        for cells, formulas in zip_longest(sheet.iter_rows(), written.iter_rows(values_only=True), fillvalue=()):
            yield tuple(_value(cell, formula) for cell, formula in zip_longest(cells, formulas))
    finally:
        book.close()


def _value(cell: Any, formula: Any) -> Any:
    if cell is None or cell.value is not None:
        return cell.value if cell is not None else None
    # A formula that came to an empty text was computed: its type says so.
    return UNCOMPUTED if formula is not None and cell.data_type != "str" else None


def _has_formulas(body: BinaryIO) -> bool:
    with zipfile.ZipFile(body) as archive:
        return any(_holds_formula(archive, name) for name in archive.namelist() if _SHEET.fullmatch(name))


def _holds_formula(archive: zipfile.ZipFile, name: str) -> bool:
    with archive.open(name) as source:
        end = b""
        while piece := source.read(_PIECE):
            if _FORMULA.search(end + piece):
                return True
            end = piece[-_SEAM:]
    return False
