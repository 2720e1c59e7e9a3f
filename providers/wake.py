"""Waking the inbox's worker. The table is the queue (I3): a wake that is lost costs the seconds until beat's next look."""

from __future__ import annotations

import contextlib
import threading
import time

import structlog
from celery import current_app
from django.core.cache import cache

log = structlog.get_logger(__name__)

INBOX_TASK = "providers.tasks.inbox_process"
_FLAG = "inbox:woken"
_FLAG_SECONDS = 20
#: Of this process's wakes, one goes out in this time.
PAUSE_SECONDS = 0.05

_asked = threading.Event()
_starting = threading.Lock()
_waker: threading.Thread | None = None


def wake_inbox_soon() -> None:
    """Have a thread of this process wake the inbox: many asked for at once are one, and nobody waits for the broker.

    One that a dying process takes with it costs the time until beat's next look.
    """
    global _waker
    _asked.set()
    # After a fork the parent's thread counts as dead.
    if _waker is None or not _waker.is_alive():
        with _starting:
            if _waker is None or not _waker.is_alive():
                _waker = threading.Thread(target=_wake_when_asked, name="inbox-waker", daemon=True)
                _waker.start()


def _wake_when_asked() -> None:
    while _asked.wait():
        # Cleared first: whoever asks from here on is heard after the pause.
        _asked.clear()
        wake_inbox()
        time.sleep(PAUSE_SECONDS)


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
    """Whoever stores a delivery from here on sends a task again: a reader has read, and is about to look for the last time."""
    with contextlib.suppress(Exception):
        cache.delete(_FLAG)
