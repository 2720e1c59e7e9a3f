"""Celery's way in: each task is a wrapper of a service of the same name."""

from __future__ import annotations

from celery import shared_task

from recontact.dispatch.process import pump_slice
from recontact.dispatch.sweep import sweep
from recontact.retention import attempts_expire, idempotency_keys_expire


@shared_task
def dispatch_pump() -> None:
    """One slice of dispatching; queues itself again while there is work."""
    pump_slice()


@shared_task
def dispatch_sweep() -> dict[str, int]:
    """The safety net under the pump (see recontact.dispatch.sweep)."""
    return sweep()


@shared_task
def retention() -> None:
    """Expire raw attempts and old idempotency keys."""
    attempts_expire()
    idempotency_keys_expire()
