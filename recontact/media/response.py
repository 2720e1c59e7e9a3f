"""A file of a conversation as the browser gets it: shown only when it holds no script, else offered for keeping.

Whatever a customer sends, it never runs as a page of ours: the type is the one that the first bytes show and no browser guesses
another, the answer has a policy of its own that allows nothing, and what is not known to be safe is an attachment.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from django.core.files.base import File
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.http import content_disposition_header

from providers.whatsapp.media import SHOWN_INLINE, UNKNOWN, ending_of
from recontact.models import MediaFile

POLICY = "default-src 'none'; sandbox; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
_RANGE = re.compile(r"bytes=(\d{1,18})-(\d{0,18})")
_PIECE = 64 * 1024


def file_response(request: HttpRequest, file: MediaFile, *, for_machine: bool = False) -> HttpResponseBase:
    """The file's bytes, or the part of them that a player asks for. The caller has checked that the user may see it.

    `for_machine`: a provider fetches it, and wants its true type; a browser still only keeps it.
    """
    etag = f'"file-{file.pk}"'
    if request.headers.get("If-None-Match") == etag:
        return _with_headers(HttpResponse(status=304), file, etag, inline=is_shown(file))
    start, end = _range(request, file.size)
    content = file.file.storage.open(str(file.file.name), "rb")
    length = end - start + 1
    response = StreamingHttpResponse(_pieces(content, start, length), content_type=type_told(file, true=for_machine))
    response["Content-Length"] = str(length)
    if length != file.size:
        response.status_code = 206
        response["Content-Range"] = f"bytes {start}-{end}/{file.size}"
    return _with_headers(response, file, etag, inline=is_shown(file) and not for_machine)


def is_shown(file: MediaFile) -> bool:
    """Whether the browser may show it by itself."""
    return file.content_type in SHOWN_INLINE


def type_told(file: MediaFile, *, true: bool = False) -> str:
    """The type that the browser is told: one that it shows, or one that it only keeps. `true`: whatever it is."""
    if true:
        return file.content_type
    return file.content_type if is_shown(file) or file.content_type == "application/pdf" else UNKNOWN


def name_offered(file: MediaFile) -> str:
    """The name under which it is kept: the sender's with the ending of its type, where that is known."""
    ending = ending_of(file.content_type)
    name = file.file_name or f"{file.kind}-{file.pk}"
    return name if ending == "bin" or name.lower().endswith(f".{ending}") else f"{name}.{ending}"


def _with_headers(response: HttpResponseBase, file: MediaFile, etag: str, *, inline: bool) -> HttpResponseBase:
    response["Content-Disposition"] = content_disposition_header(not inline, name_offered(file)) or "attachment"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = POLICY
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Accept-Ranges"] = "bytes"
    # Kept by the browser, but asked for again each time: whoever lost the right sees it no more.
    response["Cache-Control"] = "private, no-cache"
    response["ETag"] = etag
    return response


def _range(request: HttpRequest, size: int) -> tuple[int, int]:
    """The first and the last byte wanted; the whole file for anything but one plain range within it."""
    found = _RANGE.fullmatch(request.headers.get("Range", "").strip())
    whole = (0, size - 1)
    if found is None:
        return whole
    start = int(found[1])
    end = min(int(found[2]) if found[2] else size - 1, size - 1)
    return (start, end) if start <= end else whole


def _pieces(content: File[bytes], start: int, length: int) -> Iterator[bytes]:
    with content:
        content.seek(start)
        while length > 0 and (piece := content.read(min(_PIECE, length))):
            length -= len(piece)
            yield piece
