"""Reading an .xlsx row by row. Nothing of a file is believed: neither its sizes nor that it is a workbook at all."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

import openpyxl
from django.utils.translation import gettext as _

from providers.formula_cells import rows_told
from recontact.campaigns.cells import cell_text
from recontact.campaigns.hidden_rows import hidden_rows
from recontact.campaigns.sheet_problem import SheetProblem
from recontact.customers import fold

SHEET = "campaign"
#: A sheet has no more rows than this in any program.
MAX_ROWS = 1_048_576
#: Of the files packed in it: all together, and the texts, which are kept in memory while it is read.
MAX_UNPACKED = 1024**3
MAX_TEXTS = 160 * 1024**2
_ESCAPED = re.compile("_x(00[01][0-9A-Fa-f]|005F)_")
_BOOK, _TEXTS = "xl/workbook.xml", "xl/sharedStrings.xml"
_STRICT = b"http://purl.oclc.org/ooxml/spreadsheetml/"

# What the reader raises for files that are damaged or only look like a workbook.
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    LookupError,
    ValueError,
    TypeError,
    AttributeError,
    SyntaxError,
    EOFError,
    OSError,
    RuntimeError,
    OverflowError,
    AssertionError,
)


@dataclass(frozen=True, slots=True)
class OpenedWorkbook:
    """The sheet `campaign` of a workbook: about how many rows it has by its own word (0: it has none), its rows, and where in the
    file it is."""

    length: int
    rows: Iterator[tuple[int, list[str]]]
    part: str


def workbook_open(body: BinaryIO) -> OpenedWorkbook:
    """The rows that have any text: number in the sheet, cells as text. Raises SheetProblem, also while they are read."""
    workbook = _open(body)
    try:
        sheet = workbook[_sheet_name(workbook.sheetnames)]
        length = min(max(int(sheet.max_row or 0) - 1, 0), MAX_ROWS)
        # The size that a file says it has may be wrong, and rows would be filled up to it.
        sheet.reset_dimensions()
        part: str = sheet._worksheet_path
    except _BROKEN as error:
        raise _damaged() from error
    return OpenedWorkbook(length, _rows(body, workbook, sheet), part)


def workbook_hides(body: BinaryIO, opened: OpenedWorkbook) -> int:
    """How many rows of the sheet are hidden, by a filter for the most part. Raises SheetProblem."""
    try:
        return hidden_rows(body, opened.part)
    except _BROKEN as error:
        raise _damaged() from error


def _rows(body: BinaryIO, workbook: Any, sheet: Any) -> Iterator[tuple[int, list[str]]]:
    try:
        yield from _texts(rows_told(body, sheet))
    except _BROKEN as error:
        raise _damaged() from error
    finally:
        workbook.close()


def _open(body: BinaryIO) -> Any:
    try:
        _refuse_bombs(body)
        return openpyxl.load_workbook(body, read_only=True, data_only=True, keep_links=False)
    except _BROKEN as error:
        raise _damaged() from error


def _refuse_bombs(body: BinaryIO) -> None:
    """The reader never unpacks more of a file than its entry says, so the sum bounds what it can grow to."""
    with zipfile.ZipFile(body) as archive:
        sizes = {entry.filename: entry.file_size for entry in archive.infolist()}
        is_strict = _BOOK in sizes and _is_strict(archive)
    if sum(sizes.values()) > MAX_UNPACKED or sizes.get(_TEXTS, 0) > MAX_TEXTS:
        raise SheetProblem(_("The workbook unpacks to more than the portal reads. Save only the sheet, as .csv."))
    if _BOOK not in sizes:
        raise SheetProblem(_("The file is an archive, not a workbook. Save the spreadsheet as .xlsx or .csv."))
    if is_strict:
        # Its words are in another namespace: the reader would find an empty sheet.
        raise SheetProblem(_("The workbook is saved as “Strict Open XML”. Save it as an ordinary .xlsx workbook."))


def _is_strict(archive: zipfile.ZipFile) -> bool:
    with archive.open(_BOOK) as book:
        return _STRICT in book.read(4096)


def _sheet_name(names: Sequence[str]) -> str:
    found = next((name for name in names if fold(name) == SHEET), None)
    if found is None:
        raise SheetProblem(
            _("The workbook has no sheet named “%(wanted)s”. Its sheets are: %(sheets)s. Rename the one to send to.")
            % {"wanted": SHEET, "sheets": ", ".join(names)}
        )
    return found


def _texts(rows: Iterator[tuple[Any, ...]]) -> Iterator[tuple[int, list[str]]]:
    for number, row in enumerate(rows, start=1):
        if number > MAX_ROWS:
            raise SheetProblem(_("The sheet has more than %(limit)s rows.") % {"limit": MAX_ROWS})
        texts = [cell_text(_unescaped(value) if isinstance(value, str) else value) for value in row]
        if any(texts):
            yield number, texts


def _unescaped(text: str) -> str:
    """A workbook writes the line ends of other systems as `_x000D_`, which the reader leaves so."""
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text) if "_x00" in text else text


def _damaged() -> SheetProblem:
    return SheetProblem(_("The workbook is damaged and cannot be read. Open it, save it again as .xlsx, and retry."))
