"""Background work: the inbox, the connection doctor, and what expires by age. Thin wrappers."""

from __future__ import annotations

import time

from celery import shared_task

from providers.doctor import checkup_run, checkups_request_all
from providers.inbox_batch import BATCH, deliveries_process_waiting, deliveries_wait
from providers.reader_places import reader_place
from providers.retention import raw_data_expire
from providers.wake import forget_woken, wake_inbox

#: Seconds per task, so that other tasks of the worker get their turn: one delivery may hold a status, or a thousand of them.
#: While a campaign's statuses come in, nothing would be launched or swept for minutes if the deliveries were counted.
SLICE_SECONDS = 2.0
#: Deliveries from one look at the clock to the next: as many as are read in one batch.
SLICE = BATCH


@shared_task
def inbox_process() -> None:
    """Read what is waiting, for a while; woken by stored deliveries, and by a reader who finds more than he takes at once.

    Where enough read already they take this one's part.
    """
    ends = time.monotonic() + SLICE_SECONDS
    while True:
        with reader_place() as has_place:
            if not has_place:
                return
            _read(ends)
        # Until here whoever stored a delivery found that a reader was on his way.
        forget_woken()
        if not deliveries_wait():
            return
        if time.monotonic() >= ends:
            wake_inbox()
            return


def _read(ends: float) -> None:
    has_help = False
    while deliveries_process_waiting(SLICE) == SLICE and time.monotonic() < ends:
        if not has_help:
            forget_woken()
            wake_inbox()
            has_help = True


@shared_task
def inbox_sweep() -> None:
    """Beat's look at the inbox: finds what no wake reached, and what a dead worker left."""
    inbox_process()


@shared_task
def raw_data_expiry() -> None:
    """Remove raw deliveries and management calls past their age."""
    raw_data_expire()


@shared_task
def account_checkup(checkup_id: int) -> None:
    """Look at one account; asked for by a person or by beat."""
    checkup_run(checkup_id=checkup_id)


@shared_task
def accounts_checkup() -> None:
    """Beat's daily look at every account."""
    checkups_request_all()
