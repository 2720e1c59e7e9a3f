"""Files of customers, fetched from the provider: each by one worker at a time, tried again with growing pauses, never forgotten.

The row is stored with the message, so losing every task in the broker loses no file: beat takes up what is due. The tasks have
a queue of their own (`media`), so that a slow provider's large file holds up nothing else; while nobody takes it, files stay due.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import BinaryIO

import structlog
from celery import current_app
from django.conf import settings
from django.core.files.base import File
from django.db import transaction
from django.db.models import Count, F, Min, QuerySet

from customer_service.models import InboundFile, InboundMessage
from providers.contracts import MediaPointer
from providers.errors import MediaGone
from providers.media import FetchedMedia, MediaTooLarge, MediaUnavailable, media_fetch
from providers.models import ProviderAccount
from providers.whatsapp.media import FILE_KINDS, HEAD_BYTES, LIMITS, UNKNOWN, content_type_of
from recontact.clock import ClockTimestamp, database_now
from recontact.heartbeats import FETCHER, heartbeat_record
from recontact.media.files import file_keep, file_store, files_discard
from recontact.models import MediaFile

log = structlog.get_logger(__name__)

FETCH_TASK = "customer_service.tasks.media_fetch_waiting"
#: Longer than a fetch may take (providers.media.TIMEOUT_SECONDS, the question before it) and the storing after it.
LEASE = timedelta(minutes=4)
#: The pauses between the tries, in seconds: about a day and a half in all. Meta keeps a file for 30 days.
PAUSES = (10, 30, 120, 600, 1800, 3600, 7200, 14_400, 28_800, 43_200)
#: A file that is due for so long and is not being fetched is late: no worker takes the queue, or too few do.
LATE = timedelta(minutes=5)
#: One run of the task goes on for so long.
RUN_SECONDS = 20.0
#: WhatsApp turns a customer's pictures, sound and film smaller, so of these none is larger than its largest film.
_LARGEST = {kind: max(LIMITS["video"], LIMITS[kind]) for kind in FILE_KINDS}
_State = InboundFile.State


@dataclass(frozen=True, slots=True)
class _Claim:
    """A file that only this worker fetches now, as its `tries`-th try."""

    file_id: int
    tries: int
    kind: str
    query_id: int
    account: ProviderAccount
    pointer: MediaPointer


def files_expected(message: InboundMessage, media: Sequence[MediaPointer]) -> None:
    """Note the files of a message, in its transaction, and have a worker fetch them. One without a way to it is noted too."""
    if message.kind not in FILE_KINDS and not media:
        return
    pointers: list[MediaPointer | None] = [pointer for pointer in media if pointer.leads_somewhere]
    now = database_now()
    InboundFile.objects.bulk_create(
        InboundFile(
            message=message,
            kind=message.kind if message.kind in FILE_KINDS else "document",
            state=_State.WAITING if pointer is not None else _State.NOT_PASSED_ON,
            pointer=asdict(pointer) if pointer is not None else {},
            due_at=now if pointer is not None else None,
        )
        for pointer in pointers or [None]
    )
    transaction.on_commit(_wake)


def waiting_fetch() -> int:
    """Fetch what is due, one after the other, for a while. Returns how many were tried."""
    tried, deadline = 0, time.monotonic() + RUN_SECONDS
    while time.monotonic() < deadline:
        claim = _claim()
        if claim is None:
            break
        # The one that beat sends waits behind this run.
        heartbeat_record(name=FETCHER)
        _fetch(claim)
        tried += 1
    return tried


def file_fetch_again(file: InboundFile) -> bool:
    """A person asks for a file once more that was given up. False: it is not one of those."""
    rows = InboundFile.objects.filter(pk=file.pk, state=_State.FAILED).exclude(pointer={})
    again = rows.update(state=_State.WAITING, tries=0, due_at=ClockTimestamp(), lease_until=None, detail="")
    if again:
        transaction.on_commit(_wake)
    return bool(again)


def files_late() -> tuple[int, datetime | None]:
    """How many files are late, and since when the first of them is due."""
    now = ClockTimestamp()
    late = InboundFile.objects.filter(state=_State.WAITING, due_at__lt=now - LATE).exclude(lease_until__gt=now)
    found = late.aggregate(count=Count("pk"), since=Min("due_at"))
    return found["count"], found["since"]


def limit_of(kind: str) -> int:
    """The largest file of this kind that is fetched, in bytes."""
    largest: int = settings.MEDIA_MAX_BYTES
    return min(_LARGEST.get(kind, LIMITS["document"]), largest)


# --- one file ------------------------------------------------------------------------------------------------------------


@transaction.atomic
def _claim() -> _Claim | None:
    """The next due file, if not enough are being fetched already."""
    now = ClockTimestamp()
    waiting = InboundFile.objects.filter(state=_State.WAITING)
    if waiting.filter(lease_until__gt=now).count() >= settings.MEDIA_FETCHES_AT_ONCE:
        return None
    free = waiting.filter(due_at__lte=now).exclude(lease_until__gt=now).order_by("due_at")
    row = free.select_for_update(of=("self",), skip_locked=True).select_related("message__account").first()
    if row is None:
        return None
    row.tries += 1
    InboundFile.objects.filter(pk=row.pk).update(tries=row.tries, lease_until=ClockTimestamp() + LEASE)
    message = row.message
    return _Claim(row.pk, row.tries, row.kind, message.query_id, message.account, MediaPointer(**row.pointer))


def _fetch(claim: _Claim) -> None:
    """Whatever happens, the row says it."""
    if claim.tries > len(PAUSES) + 1:
        # Each try before ended with its worker.
        _later(claim, "WorkerLost")
        return
    limit = limit_of(claim.kind)
    try:
        with tempfile.TemporaryFile() as into:
            fetched = media_fetch(account=claim.account, pointer=claim.pointer, into=into, limit=limit)
            _store(claim, into, fetched)
    except MediaTooLarge:
        _settle(claim, _State.TOO_LARGE, detail=str(limit // 1024 // 1024))
    except MediaGone:
        _settle(claim, _State.GONE)
    except MediaUnavailable as problem:
        _later(claim, str(problem))
    except Exception as error:
        # The storage may be away, or an adapter may be wrong: the file is still at the provider.
        log.exception("inbound_file_not_stored", inbound_file_id=claim.file_id)
        _later(claim, type(error).__name__)


def _store(claim: _Claim, content: BinaryIO, fetched: FetchedMedia) -> None:
    content.seek(0)
    head = content.read(HEAD_BYTES)
    content.seek(0)
    content_type = content_type_of(head, file_name=claim.pointer.file_name)
    file = file_store(
        query_id=claim.query_id,
        content=File(content),
        kind=claim.kind,
        content_type=content_type if fetched.size else UNKNOWN,
        file_name=claim.pointer.file_name,
        size=fetched.size,
    )
    with transaction.atomic():
        done = {"file": file, "pointer": {}, "due_at": None, "lease_until": None, "detail": ""}
        # In the order in which an erasure takes the two rows.
        kept = file_keep(file.pk) and _mine(claim).update(state=_State.STORED, **done)
        _show(claim)
    if not kept:
        # Erased meanwhile, or another worker was faster: whose lease ran out gives way.
        files_discard(MediaFile.objects.filter(pk=file.pk))


def _later(claim: _Claim, problem: str) -> None:
    if claim.tries > len(PAUSES):
        _mine(claim).update(state=_State.FAILED, due_at=None, lease_until=None, detail=problem[:200])
        _show(claim)
        return
    due = ClockTimestamp() + timedelta(seconds=PAUSES[claim.tries - 1])
    _mine(claim).update(due_at=due, lease_until=None, detail=problem[:200])


def _settle(claim: _Claim, state: str, *, detail: str = "") -> None:
    _mine(claim).update(state=state, pointer={}, due_at=None, lease_until=None, detail=detail)
    _show(claim)


def _show(claim: _Claim) -> None:
    """An open ticket watches its messages (pulse.py): a new version of this one's row brings the news."""
    InboundMessage.objects.filter(files=claim.file_id).update(kind=F("kind"))


def _mine(claim: _Claim) -> QuerySet[InboundFile]:
    return InboundFile.objects.filter(pk=claim.file_id, state=_State.WAITING, tries=claim.tries)


def _wake() -> None:
    """A broker that is away never fails the caller: beat comes by."""
    try:
        current_app.send_task(FETCH_TASK, retry=False)
    except Exception as error:
        log.warning("media_wake_failed", error=type(error).__name__)
