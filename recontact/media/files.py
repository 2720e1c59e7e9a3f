"""The files of conversations: stored, kept, thrown away. Nothing else writes them.

A row comes before its file and outlives it: a crash between the two leaves a row that the clearing finds, never a file that
nobody knows of.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

import structlog
from django.conf import settings
from django.core.files.base import File
from django.db.models import QuerySet

from providers.whatsapp.media import ending_of
from recontact.clock import ClockTimestamp
from recontact.models import MediaFile

log = structlog.get_logger(__name__)

#: After so long a row without its file is what a crash left.
ABANDONED_AFTER = timedelta(hours=6)
_BATCH = 200


def file_store(
    *, query_id: int, content: File[bytes], kind: str, content_type: str, file_name: str, size: int
) -> MediaFile:
    """Write a file into the storage; it counts once `file_keep` says so. Not within a transaction: the row must be seen first."""
    row = MediaFile(
        query_id=query_id,
        kind=kind,
        content_type=content_type,
        file_name=name_shown(file_name),
        size=size,
    )
    row.file.name = row.file.field.generate_filename(row, ending_of(content_type))
    row.save()
    stored = row.file.storage.save(row.file.name, content)
    if stored != row.file.name:
        MediaFile.objects.filter(pk=row.pk).update(file=stored)
        row.file.name = stored
    # Thrown away while it was being written, and cleared before it was there: it is to be cleared once more.
    MediaFile.objects.filter(pk=row.pk, state=MediaFile.State.DELETED).update(state=MediaFile.State.DISCARDED)
    return row


def file_keep(file_id: int) -> bool:
    """The file belongs to a message now. False: it was thrown away meanwhile."""
    rows = MediaFile.objects.filter(pk=file_id, state=MediaFile.State.ARRIVING)
    return bool(rows.update(state=MediaFile.State.KEPT))


def files_discard(rows: QuerySet[MediaFile]) -> int:
    """Have these files deleted: from now on none is shown, and the storage follows within a minute. Returns how many."""
    found = rows.exclude(state__in=(MediaFile.State.DISCARDED, MediaFile.State.DELETED))
    return found.update(state=MediaFile.State.DISCARDED, file_name="")


def files_clear() -> int:
    """Delete from the storage what was thrown away, and what a crash left half stored. Returns how many files went."""
    left = MediaFile.objects.filter(
        state=MediaFile.State.ARRIVING, created_at__lt=ClockTimestamp() - ABANDONED_AFTER
    ).order_by("created_at")
    discarded = MediaFile.objects.filter(state=MediaFile.State.DISCARDED).order_by("created_at")
    return sum(_delete(row) for row in [*discarded[:_BATCH], *left[:_BATCH]])


def files_expire() -> int:
    """Throw away what is older than settings.MEDIA_RETENTION_DAYS (0 = nothing is)."""
    if not settings.MEDIA_RETENTION_DAYS:
        return 0
    before = ClockTimestamp() - timedelta(days=settings.MEDIA_RETENTION_DAYS)
    total = 0
    while ids := list(
        MediaFile.objects.filter(state=MediaFile.State.KEPT, created_at__lt=before).values_list("pk", flat=True)[
            :_BATCH
        ]
    ):
        total += files_discard(MediaFile.objects.filter(pk__in=ids))
    return total


def files_erase(query_ids: Iterable[int]) -> None:
    """Throw away every file of these queries, and forget what they were called."""
    rows = MediaFile.objects.filter(query__in=list(query_ids))
    files_discard(rows)
    rows.exclude(file_name="").update(file_name="")


def name_shown(name: str) -> str:
    """A file's name as it may be shown and offered: without folders and control characters, at most 240 characters."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(letter for letter in last if letter.isprintable()).strip(" .")[-240:]


def _delete(row: MediaFile) -> int:
    try:
        row.file.storage.delete(str(row.file.name))
    except Exception:
        # Each storage has errors of its own. The row stays, so it is tried again, and keeps the others from nothing.
        log.exception("media_file_not_deleted", media_file_id=row.pk)
        return 0
    return MediaFile.objects.filter(pk=row.pk).update(state=MediaFile.State.DELETED, size=0)
