"""The pump inside a worker process: one event loop, made lazily after the fork, that lives across slices."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import uuid
from ctypes import c_bool
from multiprocessing.sharedctypes import RawValue
from typing import Any

import uvloop
from celery.signals import worker_shutting_down

from recontact.dispatch.lease import Lease
from recontact.dispatch.pump import SLICE_SECONDS, Pump

#: Made before the fork, so that the parent's signal handler reaches the children. A plain byte: an Event has a lock, and a child
#: that is killed while it holds that lets nobody stop or go on any more.
_stopping = RawValue(c_bool, False)
#: The loop and the database's threads share one interpreter. A step that comes back from the server waits at most so long until
#: the loop makes room, some twenty times a claim.
SWITCH_SECONDS = 0.001
_loop: asyncio.AbstractEventLoop | None = None


@worker_shutting_down.connect
def _stop(**_kwargs: Any) -> None:
    """A warm shutdown waits for the running task: the slice ends early, with everything it claimed recorded."""
    _stopping.value = True


def is_stopping() -> bool:
    """Whether the worker is about to end."""
    return bool(_stopping.value)


def _event_loop() -> asyncio.AbstractEventLoop:
    global _loop
    if _loop is None or _loop.is_closed():
        sys.setswitchinterval(SWITCH_SECONDS)
        _loop = uvloop.new_event_loop()
    return _loop


def pump_slices(seconds: float = SLICE_SECONDS) -> None:
    """Run slice after slice while there is work: a process that is at it goes on, whatever waits in the broker's queue."""
    holder = f"{socket.gethostname()[:20]}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
    kept: list[Lease] = []
    more = True
    # What a slice kept when the stop came is let go by one more.
    while kept or (more and not is_stopping()):
        pump = Pump(holder, is_stopping, kept=kept)
        more = _event_loop().run_until_complete(pump.run(seconds))
        kept = pump.kept
