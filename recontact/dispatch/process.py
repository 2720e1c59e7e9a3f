"""The pump inside a worker process: one event loop, made lazily after the fork, that lives across slices."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import socket
import uuid
from typing import Any

import uvloop
from celery import current_app
from celery.signals import worker_shutting_down

from recontact.dispatch.pump import SLICE_SECONDS, Pump
from recontact.dispatch.wake import PUMP_TASK

#: Made before the fork, so that the parent's signal handler reaches the children.
_stopping = multiprocessing.Event()
_loop: asyncio.AbstractEventLoop | None = None


@worker_shutting_down.connect
def _stop(**_kwargs: Any) -> None:
    """A warm shutdown waits for the running task: the slice ends early, with everything it claimed recorded."""
    _stopping.set()


def _event_loop() -> asyncio.AbstractEventLoop:
    global _loop
    if _loop is None or _loop.is_closed():
        _loop = uvloop.new_event_loop()
    return _loop


def pump_slice(seconds: float = SLICE_SECONDS) -> None:
    """Run one slice, and have the next one follow at once while there is work."""
    if _stopping.is_set():
        return
    holder = f"{socket.gethostname()[:20]}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
    more = _event_loop().run_until_complete(Pump(holder, _stopping.is_set).run(seconds))
    if more and not _stopping.is_set():
        current_app.send_task(PUMP_TASK, queue="dispatch", retry=False)
