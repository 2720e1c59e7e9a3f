"""A campaign's file in the database, read and written in pieces: it never stands in the memory of a process as a whole."""

from __future__ import annotations

import io
import os
import struct
from typing import Any, BinaryIO

import psycopg
from django.db import connection
from django.utils.translation import gettext as _

from recontact.campaigns.sheet_problem import SheetProblem
from recontact.models import CampaignFile

#: So much is asked for at once, of a file of which only the head is wanted.
PIECE = 256 * 1024
#: And of one that is read to its end.
LARGE_PIECE = 4 * 1024**2
# Of PostgreSQL's binary COPY: the signature, flags and the length of an extension; one row of one column; the end.
_COPY_BEGINS = b"PGCOPY\n\xff\r\n\x00" + struct.pack("!ii", 0, 0)
_COPY_ROW = struct.Struct("!hi")
_COPY_ENDS = struct.pack("!h", -1)


def stored_open(file: CampaignFile, piece: int = PIECE) -> BinaryIO:
    """The stored file from its beginning, seekable; empty once it was expired. Reading raises SheetProblem when it is expired
    meanwhile."""
    return _Pieces(_Stored(file.pk), piece)


class _Pieces(io.BufferedReader):
    """Always whole pieces: a reader of text asks for 8 KB at a time by `read1`, which goes past the buffer to the database."""

    def read1(self, size: int = -1, /) -> bytes:
        return self.read(size) if size > 0 else super().read1(size)


class _Stored(io.RawIOBase):
    def __init__(self, file_id: int) -> None:
        self._id = file_id
        self._at = 0
        found = self._row("SELECT octet_length(body) FROM recontact_campaignfile WHERE id = %s", file_id)
        self._size: int = found[0] if found else 0

    def _row(self, statement: str, *values: int) -> tuple[Any, ...] | None:
        """Bound and sent as bytes: as text a file takes five times its size on the way."""
        connection.ensure_connection()
        with psycopg.Cursor(connection.connection) as cursor:
            cursor.execute(statement, values, binary=True)
            return cursor.fetchone()

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        self._at = offset + {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        return self._at

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]  # any writable buffer comes
        wanted = min(len(buffer), max(self._size - self._at, 0))
        if not wanted:
            return 0
        statement = "SELECT substring(body FROM %s FOR %s) FROM recontact_campaignfile WHERE id = %s"
        row = self._row(statement, self._at + 1, wanted, self._id)
        piece = row[0] if row else b""
        if len(piece) != wanted:
            raise SheetProblem(_("The campaign's file is no longer kept. Upload it again, as a new campaign."))
        buffer[:wanted] = piece
        self._at += wanted
        return wanted


def stored_write(file: CampaignFile, body: BinaryIO) -> None:
    """Store `body` from its beginning as the file's content, within the caller's transaction."""
    size = body.seek(0, os.SEEK_END)
    body.seek(0)
    with psycopg.Cursor(connection.connection) as cursor:
        cursor.execute("CREATE TEMPORARY TABLE campaign_file_upload (body bytea) ON COMMIT DROP")
        # Not compressed, and so it goes from here to its row: of a compressed one each piece is unpacked from the beginning.
        cursor.execute("ALTER TABLE campaign_file_upload ALTER COLUMN body SET STORAGE EXTERNAL")
        with cursor.copy("COPY campaign_file_upload (body) FROM STDIN (FORMAT BINARY)") as copy:
            copy.write(_COPY_BEGINS + _COPY_ROW.pack(1, size))
            while piece := body.read(PIECE):
                copy.write(piece)
            copy.write(_COPY_ENDS)
        cursor.execute(
            "UPDATE recontact_campaignfile SET body = (SELECT body FROM campaign_file_upload) WHERE id = %s", [file.pk]
        )
        # Another file may follow in the same transaction.
        cursor.execute("DROP TABLE campaign_file_upload")
