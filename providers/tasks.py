"""Background work on the inbox and on what expires by age: thin wrappers."""

from __future__ import annotations

from celery import shared_task

from providers.inbox import deliveries_process_waiting
from providers.retention import raw_data_expire
from providers.wake import forget_woken, wake_inbox

#: Deliveries per task, so that other tasks of the worker get their turn.
SLICE = 200


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
