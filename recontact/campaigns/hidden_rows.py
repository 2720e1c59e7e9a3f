"""Rows that a workbook hides, by a filter for the most part. They are in the file like all others, so one is told of them."""

from __future__ import annotations

import re
import zipfile
from typing import BinaryIO

_HIDDEN = re.compile(rb"<(?:\w+:)?row\s(?:[^<>]*\s)?hidden\s*=\s*[\"'](?:1|true)[\"']")
_PIECE = 1024 * 1024
#: No beginning of a row is longer.
_SEAM = 4096


def hidden_rows(body: BinaryIO, part: str) -> int:
    """How many rows the sheet in this part of the workbook hides. Raises what zipfile raises for damaged ones."""
    count, rest = 0, b""
    with zipfile.ZipFile(body) as archive, archive.open(part) as source:
        while piece := source.read(_PIECE):
            text = rest + piece
            # The last element may go on in the next piece.
            cut = max(text.rfind(b"<"), len(text) - _SEAM)
            count += len(_HIDDEN.findall(text, 0, cut))
            rest = text[cut:]
    return count + len(_HIDDEN.findall(rest))
