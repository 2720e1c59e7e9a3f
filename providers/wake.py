"""Waking the inbox's worker. The table is the queue (I3): a wake that is lost costs the seconds until beat's next look."""

from __future__ import annotations

import contextlib

import structlog
from celery import current_app
from django.core.cache import cache

log = structlog.get_logger(__name__)

INBOX_TASK = "providers.tasks.inbox_process"
_FLAG = "inbox:woken"
_FLAG_SECONDS = 20


def wake_inbox() -> None:
    """Send the inbox's task unless one is on its way. A broker that is away never fails the caller."""
    try:
        if cache.add(_FLAG, "1", timeout=_FLAG_SECONDS):
            current_app.send_task(INBOX_TASK, retry=False)
    except Exception as error:
        # The delivery is safe in its table; the sweep finds it.
        log.warning("inbox_wake_failed", error=type(error).__name__)
        forget_woken()


def forget_woken() -> None:
    """A worker about to look: whoever stores a delivery from here on sends a task again."""
    with contextlib.suppress(Exception):
        cache.delete(_FLAG)
