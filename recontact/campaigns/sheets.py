"""An uploaded file as rows by column, whatever its kind, read as a stream. What it is, its content says, not its name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import PurePath
from typing import Any, BinaryIO

from django.utils.translation import gettext as _

from recontact.campaigns.delimited import Dialect, delimited_length, delimited_rows, dialect_of, pieces
from recontact.campaigns.sheet_problem import SheetProblem
from recontact.campaigns.workbooks import OpenedWorkbook, workbook_hides, workbook_open
from recontact.customers import fold

#: The column of phones, the first of these that there is (folded): of a mobile and a fixed line the mobile, where WhatsApp is.
#: The others are found by name as well.
PHONE_COLUMNS = (
    "phone", "whatsapp", "wa id", "celular", "numero de celular", "telefono celular", "cel", "movil", "mobile", "telefono",
    "telefone", "phone number", "numero de telefono", "tel", "numero",
)  # fmt: skip
NAME_COLUMNS = ("name", "nombre", "nome", "nombre completo", "nombre y apellido", "full name", "cliente", "customer")
BSUID_COLUMNS = ("bsuid", "whatsapp user id", "user id")

MAX_COLUMNS = 200

# With what follows the letters: a list's first column may well be called PK.
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
#: Marks of byte order, of direction and of no width, which come along with what is copied and joined.
_INVISIBLE = re.compile("[\ufeff\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069]")
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")


@dataclass(frozen=True, slots=True)
class SheetFacts:
    """What was found out about a file: its kind ("xlsx", "csv"), how it is written, its columns and what some are for.

    `rows` is about how many there are, of which a workbook hides so many as `hidden` says; the row of the header is `header_row`.
    """

    kind: str
    columns: list[str]
    header_row: int
    phone: str
    name: str = ""
    bsuid: str = ""
    rows: int = 0
    encoding: str = ""
    delimiter: str = ""
    hidden: int = 0

    def stored(self) -> dict[str, Any]:
        """For CampaignFile.facts."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its number in the file, and its texts by column."""

    number: int
    texts: Mapping[str, str]


def column_fold(name: str) -> str:
    """A column's name for comparing: lower case, no accents, one space for any run of spaces, dashes and underscores."""
    return " ".join(_INVISIBLE.sub("", fold(name)).replace("_", " ").replace("-", " ").replace(".", " ").split())


def sheet_facts(name: str, body: BinaryIO) -> SheetFacts:
    """Look at a file with this name: what it is and what columns it has. Raises SheetProblem."""
    kind = _kind(name, body)
    dialect = dialect_of(body, _has_phones) if kind == "csv" else Dialect("", "")
    counted = delimited_length(body) if kind == "csv" else 0
    workbook, rows = _opened(kind, dialect, body)
    first = next(rows, None)
    if first is None:
        raise SheetProblem(_("The file is empty: it needs a header row, and under it one row per customer."))
    columns = _columns(first[1])
    phone = _column(columns, PHONE_COLUMNS)
    if not phone:
        raise SheetProblem(
            _("The file has no column “phone” (or teléfono, celular, whatsapp, número). Its columns are: %(columns)s.")
            % {"columns": ", ".join(column for column in columns if column)}
        )
    if next(rows, None) is None:
        raise SheetProblem(_("The file has a header row and no customers under it."))
    return SheetFacts(
        kind=kind,
        columns=columns,
        header_row=first[0],
        phone=phone,
        name=_column(columns, NAME_COLUMNS),
        bsuid=_column(columns, BSUID_COLUMNS),
        rows=counted if workbook is None else workbook.length,
        encoding=dialect.encoding,
        delimiter=dialect.delimiter,
        hidden=0 if workbook is None else workbook_hides(body, workbook),
    )


def sheet_rows(body: BinaryIO, facts: SheetFacts) -> Iterator[Row]:
    """The rows under the header that have any text, as a stream. Raises SheetProblem where the file breaks."""
    width = len(facts.columns)
    _workbook, rows = _opened(facts.kind, Dialect(facts.encoding, facts.delimiter), body)
    for number, texts in rows:
        if number > facts.header_row:
            cells = zip(facts.columns, texts[:width], strict=False)
            yield Row(number, {column: text for column, text in cells if column})


def _opened(
    kind: str, dialect: Dialect, body: BinaryIO
) -> tuple[OpenedWorkbook | None, Iterator[tuple[int, list[str]]]]:
    """The workbook, if it is one, and the rows."""
    if kind == "xlsx":
        workbook = workbook_open(body)
        return workbook, workbook.rows
    return None, delimited_rows(body, dialect)


def _kind(name: str, body: BinaryIO) -> str:
    """ "xlsx" or "csv". Raises SheetProblem for everything else, by name."""
    body.seek(0)
    head = body.read(2048)
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if not start:
        raise SheetProblem(_("The file is empty: it needs a header row, and under it one row per customer."))
    if head.startswith(_ZIP):
        return "xlsx"
    if head.startswith(_OLE):
        if _is_encrypted(body):
            raise SheetProblem(_("The workbook is protected by a password. Save it without one, and upload it again."))
        raise SheetProblem(_("The file is an old .xls. Open it and save it as .xlsx or .csv."))
    if start.startswith((b"<html", b"<!doctype", b"<table", b"<?xml", b"<meta", b"<head")):
        raise SheetProblem(
            _("The file is a web page with the name of a spreadsheet. Open it and save it as .xlsx or .csv.")
        )
    if start.startswith(b"%pdf") or PurePath(name).suffix.lower() not in (".csv", ".txt", ".tsv"):
        raise SheetProblem(_("The file is neither an .xlsx workbook nor a .csv text."))
    return "csv"


def _is_encrypted(body: BinaryIO) -> bool:
    end = b""
    for piece in pieces(body):
        if _ENCRYPTED in end + piece:
            return True
        end = piece[-len(_ENCRYPTED) :]
    return False


def _columns(header: Sequence[str]) -> list[str]:
    """The names by place; a name that comes again gets a number. Columns without a name stay empty and are not read.

    Each is in one line: a browser does not give back a line break in a name as it got it.
    """
    columns: list[str] = []
    for text in header[:MAX_COLUMNS]:
        written = " ".join(_INVISIBLE.sub("", text).split())[:100].strip()
        name, count = written, 2
        while name and name in columns:
            name, count = f"{written} ({count})", count + 1
        columns.append(name)
    return columns


def _has_phones(header: Sequence[str]) -> bool:
    return bool(_column(_columns(header), PHONE_COLUMNS))


def _column(columns: Sequence[str], wanted: Sequence[str]) -> str:
    by_name = {column_fold(column): column for column in reversed(columns)}
    return next((by_name[name] for name in wanted if name in by_name), "")
