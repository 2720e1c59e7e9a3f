"""Background work: the inbox, the connection doctor, and what expires by age. Thin wrappers."""

from __future__ import annotations

from celery import shared_task

from providers.doctor import checkup_run, checkups_request_all
from providers.inbox_batch import deliveries_process_waiting
from providers.retention import raw_data_expire
from providers.wake import forget_woken, wake_inbox

#: Deliveries per task, about a second's work, so that other tasks of the worker get their turn.
SLICE = 1_000


@shared_task
def inbox_process() -> None:
    """Read what is waiting; woken by each stored delivery."""
    forget_woken()
    if deliveries_process_waiting(SLICE) == SLICE:
        wake_inbox()


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
