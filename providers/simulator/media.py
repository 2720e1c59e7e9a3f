"""Files that customers sent: kept by id while the simulator runs (media_serving.py hands them out).

A file is given (base64), made up (so many bytes, sent without ever being held), or the small sample of its kind.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import struct
import zlib
from collections import OrderedDict
from dataclasses import dataclass

from providers.simulator.documents import Json
from providers.simulator.identity import new_object_id

FILE_KINDS = ("image", "audio", "video", "document", "sticker")
#: Kinds whose content is told as it is, without a file.
WITH_CONTENT = ("location", "contacts", "reaction", "order")
KEPT = 500


def _picture() -> bytes:
    """A PNG of 240 by 150 with two colours that run into each other."""
    rows = b"".join(
        b"\x00" + b"".join(bytes((40 + column // 2, 110 + row // 2, 200 - column // 3)) for column in range(240))
        for row in range(150)
    )

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", 240, 150, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


#: Of each kind: its type, its name, its bytes (of sound and film only the beginning).
SAMPLES = {
    "image": ("image/png", "", _picture()),
    "audio": ("audio/ogg; codecs=opus", "", b"OggS" + bytes(124)),
    "video": ("video/mp4", "", b"\x00\x00\x00\x18ftypisom" + bytes(116)),
    "document": ("application/pdf", "comprobante.pdf", b"%PDF-1.4\n%%EOF\n"),
    "sticker": (
        "image/webp",
        "",
        base64.b64decode("UklGRiIAAABXRUJQVlA4IBYAAAAwAQCdASoBAAEADsD+JaQAA3AAAAAA"),
    ),
}


def sent_words(kind: str, caption: object, name: object = "") -> str:
    """How the phone shows a file that a business sent."""
    named = f" {name}" if name else ""
    return f"[{kind}{named}] {caption or ''}".strip()


@dataclass(slots=True, eq=False)
class StoredFile:
    """One file. `size` counts, `body` is its beginning: what is missing is sent as zeros. `gone`: the vendor threw it away."""

    id: str
    waba_id: str
    content_type: str
    name: str
    body: bytes
    size: int
    gone: bool = False

    @property
    def sha256(self) -> str:
        """Of a made-up file that of its beginning."""
        return hashlib.sha256(self.body).hexdigest()


class Shelf:
    """The latest files, by id. Nothing of them is in the journal: after a restart they are gone, as they are at a vendor."""

    def __init__(self) -> None:
        self._files: OrderedDict[str, StoredFile] = OrderedDict()
        #: How often each was sent, so that a test sees who asked twice.
        self.served: dict[str, int] = {}

    def add(self, waba_id: str, kind: str, order: Json) -> StoredFile:
        """Keep the file of an order: {content_type, name, base64, size, gone}, all optional. Raises ValueError."""
        content_type, name, body = SAMPLES[kind]
        try:
            body = base64.b64decode(str(order["base64"]), validate=True) if "base64" in order else body
        except binascii.Error as error:
            raise ValueError("base64 is none") from error
        size = int(order.get("size") or len(body))
        file = StoredFile(
            id=new_object_id(),
            waba_id=waba_id,
            content_type=str(order.get("content_type") or content_type),
            name=str(order.get("name") or name),
            body=body[:size],
            size=size,
            gone=bool(order.get("gone", False)),
        )
        self._files[file.id] = file
        while len(self._files) > KEPT:
            self._files.popitem(last=False)
        return file

    def get(self, media_id: str, waba_id: str) -> StoredFile | None:
        """A file of the account that the vendor still has."""
        file = self._files.get(media_id)
        return file if file is not None and file.waba_id == waba_id and not file.gone else None

    def any(self, media_id: str) -> StoredFile | None:
        """A file by an address that opens by itself."""
        file = self._files.get(media_id)
        return file if file is not None and not file.gone else None
