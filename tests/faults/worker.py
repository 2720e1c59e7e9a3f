"""A Celery worker that can be stopped dead at an exact step of dispatching: `python -m tests.faults.worker FOLDER OPTION...`

Only this process is changed, and only as long as the folder holds a file `stop-at-<step>`: then `stopped-at-<step>` appears
there and the worker stands still until it is killed. `pumping-<process id>` is there during each slice of the pump.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import django
from celery.signals import worker_ready

from hsm_portal.celery import app

BEFORE_CLAIM = "before-claim"
AFTER_CLAIM = "after-claim"
BEFORE_RECORD = "before-record"
#: Systems outside took events, and nobody noted it yet.
BEFORE_TOLD = "before-told"
#: Shorter than the pump's own two seconds, so that tests need not wait for its end.
IDLE_SECONDS = 0.3
#: A system outside that takes longer has not answered.
TELLING_SECONDS = 1.0


def main() -> None:
    """Be the worker; the first argument is the folder, the rest are the options of `celery worker`."""
    folder = Path(sys.argv[1])
    django.setup()
    _make_stoppable(folder)
    worker_ready.connect(lambda **_signal: (folder / "ready").touch(), weak=False)
    app.worker_main(["worker", *sys.argv[2:]])


def _make_stoppable(folder: Path) -> None:
    """Before the fork, so that the pool's processes are changed too. The models can be imported only after the setup."""
    pump: Any = import_module("recontact.dispatch.pump")
    pump.record = _stopping(folder, BEFORE_RECORD, pump.record)
    number: Any = import_module("recontact.dispatch.number")
    number.claim = _stopping(folder, BEFORE_CLAIM, number.claim)
    number.call = _stopping(folder, AFTER_CLAIM, number.call)
    process: Any = import_module("recontact.dispatch.process")
    process.Pump = partial(process.Pump, idle_seconds=IDLE_SECONDS)
    lanes: Any = import_module("recontact.outgoing.lanes")
    lanes.told_record = _stopping(folder, BEFORE_TOLD, lanes.told_record)
    call: Any = import_module("recontact.outgoing.call")
    call.TIMEOUT_SECONDS = TELLING_SECONDS
    tasks: Any = import_module("recontact.tasks")
    tasks.pump_slices = _marking(folder, tasks.pump_slices)


def _marking(folder: Path, function: Callable[[], None]) -> Callable[[], None]:
    def marking() -> None:
        mark = folder / f"pumping-{os.getpid()}"
        mark.touch()
        try:
            function()
        finally:
            mark.unlink()

    return marking


def _stopping(folder: Path, step: str, function: Callable[..., Any]) -> Callable[..., Any]:
    def stopping(*args: Any, **named: Any) -> Any:
        if (folder / f"stop-at-{step}").exists():
            (folder / f"stopped-at-{step}").touch()
            time.sleep(3600)
        return function(*args, **named)

    return stopping


if __name__ == "__main__":
    main()
