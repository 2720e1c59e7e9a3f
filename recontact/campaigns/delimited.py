"""Reading a .csv row by row, with whatever delimiter and encoding the program that wrote it has used."""

from __future__ import annotations

import codecs
import contextlib
import csv
import io
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import BinaryIO

from django.utils.translation import gettext as _

from recontact.campaigns.cells import cell_text
from recontact.campaigns.sheet_problem import SheetProblem

DELIMITERS = (",", ";", "\t", "|")
MAX_ROWS = 1_048_576
_LOOKED_AT = 10
_CHUNK = 1024 * 1024
# Of a text decoded with what does not fit escaped: that, and all else that is not plain.
_UNLIKE, _FITTING = re.compile("[\udc80-\udcff]"), re.compile("[^\x00-\x7f\udc80-\udcff]")
_TEXT_FORMULA = re.compile('="([^"]*)"')
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a text file is written: Python's name of the encoding, and the delimiter."""

    encoding: str
    delimiter: str


def dialect_of(body: BinaryIO, is_header: Callable[[Sequence[str]], bool]) -> Dialect:
    """The encoding and delimiter of a text file; `is_header` knows the right names of columns when it sees them. Raises
    SheetProblem when it is no text."""
    encoding = _encoding(body)
    try:
        with _opened(body, encoding) as text:
            first = text.readline()
            if first[:4].lower() == "sep=" and len(first.rstrip("\r\n")) == 5:
                return Dialect(encoding, first[4])
            lines = [first, *islice(text, _LOOKED_AT)]
            while first and not any(line.strip() for line in lines):
                lines = list(islice(text, _LOOKED_AT))
                first = lines[0] if lines else ""
    except UnicodeError as error:
        raise SheetProblem(
            _("The file is no text that the portal can read. Save it as .csv (UTF-8) or .xlsx.")
        ) from error
    return Dialect(encoding, max(DELIMITERS, key=lambda delimiter: _score(lines, delimiter, is_header)))


def delimited_rows(body: BinaryIO, dialect: Dialect) -> Iterator[tuple[int, list[str]]]:
    """Each row that has any text: its number in the file, and its cells. Raises SheetProblem, naming the row."""
    number = 0
    with _opened(body, dialect.encoding) as text:
        reader = csv.reader(text, delimiter=dialect.delimiter, strict=True)
        try:
            for number, row in enumerate(reader, start=1):
                if number > MAX_ROWS:
                    raise SheetProblem(_("The file has more than %(limit)s rows.") % {"limit": MAX_ROWS})
                texts = [_unwrapped(cell_text(cell)) for cell in row]
                if any(texts) and not _says_separator(number, row):
                    yield number, texts
        except csv.Error as error:
            raise SheetProblem(
                _("Row %(row)s cannot be read: a quotation mark is missing, or there is text behind one.")
                % {"row": number + 1}
            ) from error
        except UnicodeError as error:
            raise _unlike(number + 1, dialect.encoding) from error


def _unlike(row: int, encoding: str) -> SheetProblem:
    return SheetProblem(
        _("Row %(row)s has characters that do not fit the rest of the file (%(encoding)s).")
        % {"row": row, "encoding": encoding}
    )


def delimited_length(body: BinaryIO) -> int:
    """About how many rows it has under its header, for a progress bar."""
    feeds = returns = 0
    for piece in pieces(body):
        feeds += piece.count(b"\n")
        returns += piece.count(b"\r")
    return min(max(feeds or returns, 1), MAX_ROWS)


def pieces(body: BinaryIO) -> Iterator[bytes]:
    """All of the file, a megabyte at a time."""
    body.seek(0)
    return iter(lambda: body.read(_CHUNK), b"")


def _unwrapped(text: str) -> str:
    """`="0115"` is how some programs write a text, so that a spreadsheet does not take it for a number."""
    found = _TEXT_FORMULA.fullmatch(text) if text.startswith("=") else None
    return found[1].strip() if found is not None else text


def _says_separator(number: int, row: list[str]) -> bool:
    """The line with which some programs name the delimiter: `sep=;`."""
    return number == 1 and row[0][:4].lower() == "sep=" and len("".join(row)) <= 5


def _encoding(body: BinaryIO) -> str:
    body.seek(0)
    start = body.read(400)
    for mark, encoding in _BOMS:
        if start.startswith(mark):
            return encoding
    # Without a mark: every other byte of most texts is NUL then. A stray one is only an odd character.
    if start.count(0) * 3 > len(start):
        return "utf-16-le" if start[1::2].count(0) > start[::2].count(0) else "utf-16-be"
    if _is_utf8(body):
        return "utf-8"
    row = _row_unlike(body)
    if row:
        raise _unlike(row, "utf-8")
    return "cp1252" if not _has_undefined(body) else "latin-1"


def _is_utf8(body: BinaryIO) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for piece in pieces(body):
            decoder.decode(piece)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _row_unlike(body: BinaryIO) -> int:
    """Of a text that is UTF-8 but for a little, about the first row that is not: read as anything else, all its names would
    be spoilt. 0 for one that is written otherwise altogether."""
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    fitting = unlike = feeds = row = 0
    for piece in chain(pieces(body), (b"",)):
        text = decoder.decode(piece, final=not piece)
        first = _UNLIKE.search(text)
        if first is not None:
            row = row or feeds + text.count("\n", 0, first.start()) + 1
            unlike += len(_UNLIKE.findall(text))
        fitting += len(_FITTING.findall(text))
        feeds += text.count("\n")
    return row if fitting > unlike else 0


def _has_undefined(body: BinaryIO) -> bool:
    """Whether it has one of the five bytes that Windows-1252 leaves undefined."""
    undefined = (b"\x81", b"\x8d", b"\x8f", b"\x90", b"\x9d")
    return any(byte in piece for piece in pieces(body) for byte in undefined)


@contextlib.contextmanager
def _opened(body: BinaryIO, encoding: str) -> Iterator[io.TextIOWrapper]:
    body.seek(0)
    text = io.TextIOWrapper(body, encoding=encoding, newline="")
    try:
        yield text
    finally:
        # Whose file it is closes it, perhaps before this.
        if not body.closed:
            text.detach()


def _score(lines: list[str], delimiter: str, is_header: Callable[[Sequence[str]], bool]) -> tuple[bool, int, int]:
    """How well the delimiter cuts these lines: whether the header is one, how many of them into as many cells as it, and into
    how many."""
    rows: list[list[str]] = []
    with contextlib.suppress(csv.Error):
        rows.extend(row for row in csv.reader(lines, delimiter=delimiter) if any(map(str.strip, row)))
    header = rows[0] if rows else []
    width = len(header)
    cut = sum(len(row) == width for row in rows) if width > 1 else 0
    return (is_header(header), cut, width)
