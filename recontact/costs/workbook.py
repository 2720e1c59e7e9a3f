"""An .xlsx of one sheet, written while it is sent: nothing of it is kept but the piece under way.

openpyxl builds a workbook on disk before the first byte leaves, and takes a multiple of the time.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any
from xml.sax.saxutils import escape

#: Excel's own limit.
MOST_ROWS = 1_048_576
_ROWS_AT_A_TIME = 1_000
#: XML knows no such characters.
_UNPRINTABLE = re.compile(r"[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_EPOCH = date(1899, 12, 30)
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
#: Style 1 is a day.
_STYLES = f"""{_HEAD}<styleSheet xmlns="{_MAIN}"><fonts count="1"><font/></fonts><fills count="1">\
<fill><patternFill patternType="none"/></fill></fills>\
<borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs>\
<cellXfs count="2"><xf/><xf numFmtId="14" applyNumberFormat="1"/></cellXfs>\
<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>"""
_PARTS = {
    "[Content_Types].xml": f"""{_HEAD}<Types xmlns="{_PACKAGE}/content-types">\
<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>\
<Default Extension="xml" ContentType="application/xml"/>\
<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>\
<Override PartName="/xl/styles.xml" ContentType="{_TYPE}.styles+xml"/>\
<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_TYPE}.worksheet+xml"/></Types>""",
    "_rels/.rels": f"""{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">\
<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>""",
    "xl/_rels/workbook.xml.rels": f"""{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">\
<Relationship Id="rId1" Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>\
<Relationship Id="rId2" Type="{_OFFICE}/styles" Target="styles.xml"/></Relationships>""",
    "xl/styles.xml": _STYLES,
}


class _Sink:
    """What the archive writes to: kept until it is sent on."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []

    def write(self, data: bytes) -> int:
        self.pieces.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing waits here."""

    def take(self) -> bytes:
        taken, self.pieces = b"".join(self.pieces), []
        return taken


def workbook(sheet: str, rows: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    """The file in pieces: texts, numbers (exact, as they are) and days. At most as many rows as a sheet holds."""
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:  # type: ignore[call-overload]  # it only writes
        for name, text in _PARTS.items():
            archive.writestr(name, text)
        archive.writestr(
            "xl/workbook.xml",
            f'{_HEAD}<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>'
            f'<sheet name="{escape(sheet[:31])}" sheetId="1" r:id="rId1"/></sheets></workbook>',
        )
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as part:
            part.write(f'{_HEAD}<worksheet xmlns="{_MAIN}"><sheetData>'.encode())
            for text in _sheet(rows):
                part.write(text.encode())
                yield sink.take()
            part.write(b"</sheetData></worksheet>")
    yield sink.take()


def _sheet(rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    lines: list[str] = []
    for number, row in enumerate(rows):
        if number >= MOST_ROWS:
            break
        lines.append(f"<row>{''.join(map(_cell, row))}</row>")
        if len(lines) == _ROWS_AT_A_TIME:
            yield "".join(lines)
            lines = []
    yield "".join(lines)


def _cell(value: Any) -> str:
    # By type, the usual ones first: a year has millions of cells.
    kind = type(value)
    if kind is int:
        return f"<c><v>{value}</v></c>"
    if kind is Decimal:
        return f"<c><v>{value:f}</v></c>"
    if kind is date:
        return f'<c s="1"><v>{(value - _EPOCH).days}</v></c>'
    return "<c/>" if value is None or value == "" else _text(str(value))


@lru_cache(maxsize=10_000)
def _text(value: str) -> str:
    clean = _UNPRINTABLE.sub("", value)
    return f'<c t="inlineStr"><is><t xml:space="preserve">{escape(clean)}</t></is></c>'
