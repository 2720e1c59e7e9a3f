"""The files that WhatsApp carries: their types as the first bytes show them, and how large each kind may be. Pure.

Source: https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/media, "Supported media
types", read 2026-11.
"""

from __future__ import annotations

from dataclasses import dataclass

MEGABYTE = 1024 * 1024
#: Kinds of messages that carry a file.
FILE_KINDS = ("image", "audio", "video", "document", "sticker")
#: The largest file that WhatsApp takes of each kind.
LIMITS = {
    "image": 5 * MEGABYTE,
    "audio": 16 * MEGABYTE,
    "video": 16 * MEGABYTE,
    "document": 100 * MEGABYTE,
    "sticker": 500 * 1024,
}
#: So many first bytes decide.
HEAD_BYTES = 4096
UNKNOWN = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class FileType:
    """A type of file: the kind of message that carries it, and the ending of its name."""

    content_type: str
    kind: str
    ending: str


_OFFICE = "application/vnd.openxmlformats-officedocument"
TYPES = {
    found.content_type: found
    for found in (
        FileType("image/jpeg", "image", "jpg"),
        FileType("image/png", "image", "png"),
        FileType("image/webp", "sticker", "webp"),
        FileType("audio/aac", "audio", "aac"),
        FileType("audio/amr", "audio", "amr"),
        FileType("audio/mpeg", "audio", "mp3"),
        FileType("audio/mp4", "audio", "m4a"),
        FileType("audio/ogg", "audio", "ogg"),
        FileType("video/mp4", "video", "mp4"),
        FileType("video/3gpp", "video", "3gp"),
        FileType("application/pdf", "document", "pdf"),
        FileType("text/plain", "document", "txt"),
        FileType("application/msword", "document", "doc"),
        FileType("application/vnd.ms-excel", "document", "xls"),
        FileType("application/vnd.ms-powerpoint", "document", "ppt"),
        FileType(f"{_OFFICE}.wordprocessingml.document", "document", "docx"),
        FileType(f"{_OFFICE}.spreadsheetml.sheet", "document", "xlsx"),
        FileType(f"{_OFFICE}.presentationml.presentation", "document", "pptx"),
    )
}
#: What a browser shows by itself, and that holds no script.
SHOWN_INLINE = frozenset(
    {
        "image/jpeg",
        "image/png",
        "image/webp",
        "audio/aac",
        "audio/mpeg",
        "audio/mp4",
        "audio/ogg",
        "video/mp4",
        "video/3gpp",
    }
)

_BEGINNINGS = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"OggS", "audio/ogg"),
    (b"ID3", "audio/mpeg"),
    (b"#!AMR", "audio/amr"),
    (b"%PDF-", "application/pdf"),
)
_MPEG_FRAMES = (b"\xff\xfb", b"\xff\xf3", b"\xff\xf2", b"\xff\xfa")
_AAC_FRAMES = (b"\xff\xf1", b"\xff\xf9")
_ZIP, _COMPOUND = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ZIPPED = ("docx", "xlsx", "pptx")
_COMPOUNDS = ("doc", "xls", "ppt")
_BY_ENDING = {found.ending: found.content_type for found in TYPES.values()}


def content_type_of(head: bytes, *, file_name: str = "") -> str:
    """The type that a file's first bytes show; its name decides only between types that begin alike. UNKNOWN for all else."""
    for beginning, content_type in _BEGINNINGS:
        if head.startswith(beginning):
            return content_type
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    if head[4:8] == b"ftyp":
        return _boxed(head[8:12])
    if head.startswith(_MPEG_FRAMES):
        return "audio/mpeg"
    if head.startswith(_AAC_FRAMES):
        return "audio/aac"
    ending = file_name.rpartition(".")[2].lower()
    if (head.startswith(_ZIP) and ending in _ZIPPED) or (head.startswith(_COMPOUND) and ending in _COMPOUNDS):
        return _BY_ENDING[ending]
    return "text/plain" if ending == "txt" and _is_text(head) else UNKNOWN


def kind_of(content_type: str) -> str:
    """The kind of message that carries a file of this type; "" when WhatsApp takes none of it."""
    found = TYPES.get(content_type)
    return found.kind if found is not None else ""


def ending_of(content_type: str) -> str:
    """The ending of the name of such a file, without the point."""
    found = TYPES.get(content_type)
    return found.ending if found is not None else "bin"


def _boxed(brand: bytes) -> str:
    if brand in (b"M4A ", b"M4B "):
        return "audio/mp4"
    return "video/3gpp" if brand.startswith(b"3g") else "video/mp4"


def _is_text(head: bytes) -> bool:
    if b"\x00" in head:
        return False
    try:
        # The last character may be cut in two.
        head[:-3].decode()
    except UnicodeDecodeError:
        return False
    return True
