"""Waking the dispatcher. The database is the queue (I3): a wake that is lost only costs the seconds until beat's next look."""

from __future__ import annotations

import contextlib
from typing import Any

import structlog
from celery import current_app
from django.core.cache import cache
from django.db import transaction
from kombu.exceptions import ChannelError

log = structlog.get_logger(__name__)

PUMP_TASK = "recontact.tasks.dispatch_pump"
QUEUE = "dispatch"
_FLAG = "dispatch:awake"
_FLAG_SECONDS = 40


def wake_on_commit() -> None:
    """Have a pump look at the queue once the caller's transaction is in."""
    transaction.on_commit(wake)


def wake() -> None:
    """Send the pump's task unless one is known to be about to look. A broker that is away never fails the caller."""
    try:
        if cache.add(_FLAG, "1", timeout=_FLAG_SECONDS):
            current_app.send_task(PUMP_TASK, queue=QUEUE, retry=False)
    except Exception as error:
        # The message is safe in its table; the sweep wakes what is due as soon as the broker is back.
        log.warning("dispatch_wake_failed", error=type(error).__name__)
        forget_awake()


def wake_another() -> None:
    """Send the pump's task whoever is awake, unless tasks wait already: then every dispatcher is busy, or away."""
    try:
        if not _tasks_wait():
            current_app.send_task(PUMP_TASK, queue=QUEUE, retry=False)
    except Exception as error:
        log.warning("dispatch_wake_failed", error=type(error).__name__)


def _tasks_wait() -> bool:
    with current_app.connection_for_write() as broker:
        try:
            channel: Any = broker.channel()
            waiting: int = channel.queue_declare(QUEUE, passive=True).message_count
        except ChannelError:  # an empty queue is none at all
            return False
    return bool(waiting)


def stay_awake() -> None:
    """A running pump: whoever queues now need not wake another."""
    with contextlib.suppress(Exception):
        cache.set(_FLAG, "1", timeout=_FLAG_SECONDS)


def forget_awake() -> None:
    """A pump about to stop: from here on a wake sends a task again. Call it before the last look at the queue."""
    with contextlib.suppress(Exception):
        cache.delete(_FLAG)
