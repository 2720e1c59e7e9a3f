"""A file that an agent wants to send: looked at, stored, and refused in words when WhatsApp or the provider would not take it."""

from __future__ import annotations

from typing import Any

from django.core.files.base import File
from django.core.files.uploadedfile import UploadedFile

from providers.models import SenderNumber
from providers.registry import adapter_class_known
from providers.whatsapp.media import HEAD_BYTES, LIMITS, content_type_of, kind_of
from recontact.media.files import file_store, name_shown
from recontact.models import MediaFile, Query
from recontact.refusals import Code, Refusal, SendRefused

#: The words under a file (Meta, Send messages, read 2026-11).
CAPTION_LIMIT = 1024
_FIELD = "file"


def kinds_carried(number: SenderNumber) -> frozenset[str]:
    """The kinds of files that the number's provider sends; none when it sends no files."""
    adapter = adapter_class_known(number.account.provider)
    return adapter.capabilities.media if adapter is not None else frozenset()


def attachment_refusals(*, number: SenderNumber, kind: str, size: int, caption: str) -> list[Refusal]:
    """Against sending a file of this kind (\"\" = none that WhatsApp takes) through this number, with these words."""
    adapter = adapter_class_known(number.account.provider)
    if not kind:
        return [Refusal(Code.FILE_TYPE, field_name=_FIELD)]
    if adapter is not None and kind not in adapter.capabilities.media:
        return [Refusal(Code.FILE_NOT_CARRIED, {"provider": str(adapter.label)}, field_name=_FIELD)]
    if not size:
        return [Refusal(Code.FILE_EMPTY, field_name=_FIELD)]
    if size > LIMITS[kind]:
        return [Refusal(Code.FILE_TOO_LARGE, {"limit": LIMITS[kind] // 1024 // 1024}, field_name=_FIELD)]
    if len(caption) > CAPTION_LIMIT:
        return [Refusal(Code.TEXT_TOO_LONG, {"limit": CAPTION_LIMIT}, field_name="text")]
    if caption and adapter is not None and kind not in adapter.capabilities.captions:
        return [Refusal(Code.CAPTION_NOT_CARRIED, {"provider": str(adapter.label)}, field_name="text")]
    return []


def upload_store(*, query: Query, upload: UploadedFile[Any], caption: str) -> MediaFile:
    """The uploaded file, stored but not kept yet. Raises SendRefused; then nothing was stored."""
    name = name_shown(upload.name or "")
    head = upload.read(HEAD_BYTES)
    upload.seek(0)
    content_type = content_type_of(head, file_name=name)
    kind, size = kind_of(content_type), upload.size or 0
    refusals = attachment_refusals(number=query.sender_number, kind=kind, size=size, caption=caption)
    if refusals:
        raise SendRefused(*refusals)
    return file_store(
        query_id=query.pk,
        content=File(upload.file or upload),
        kind=kind,
        content_type=content_type,
        file_name=name,
        size=size,
    )
