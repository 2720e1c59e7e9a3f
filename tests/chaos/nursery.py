"""A process that has loaded what takes long, and forks the portal's processes from there.

A Python of the portal spends its seconds of start on imports, and a run starts a dozen. A nursery hands on what its maker has
loaded by then: the libraries alone, or the portal's settings and models too, as gunicorn and Celery do with their own workers.
Whoever made the nursery asks for processes over a socket; when he is gone, however he ended, so are they.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import json
import os
import platform
import runpy
import signal
import socket
import sys
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.chaos.shifted import clock_shift

#: What takes the time: imported before the first fork, never used here.
LIBRARIES = (
    "aiohttp.web", "billiard.pool", "celery.apps.beat", "celery.apps.worker", "celery.bin.celery", "celery.concurrency.prefork",
    "celery.worker.consumer", "cryptography.fernet", "django.db.backends.postgresql.base", "django.db.models", "django.forms",
    "django.template", "django.views.generic", "environ", "gunicorn.app.wsgiapp", "gunicorn.workers.gthread",
    "httpx", "kombu.transport.redis", "openpyxl", "phonenumbers.timezone", "prometheus_client", "structlog", "uvloop",
)  # fmt: skip
_SET_CHILD_SUBREAPER = 36


def libraries_load() -> None:
    """Load what the portal's processes are made of, and nothing of the portal."""
    for name in LIBRARIES:
        importlib.import_module(name)


class Nursery:
    """Forked when it is made, with all that the maker has loaded; he must not have opened a connection or started a thread."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        self._pid = os.fork()
        if self._pid == 0:
            ours.close()
            _serve(theirs)
        theirs.close()
        self._orders = ours.makefile("rw", encoding="utf-8")
        ours.close()

    def start(self, module: Sequence[str], *, log: Path, environment: Mapping[str, str], clock: int = 0) -> int:
        """`python -m <module>` in a session of its own, its output appended to `log`, its clock off by `clock` seconds.

        Returns its process id.
        """
        order = {"module": list(module), "log": str(log), "environment": dict(environment), "clock": clock}
        return int(self._ask(order))

    def exit_code(self, pid: int) -> int | None:
        """How it ended; None while it runs."""
        code = self._ask({"poll": pid})
        return None if code is None else int(code)

    def kill(self, pid: int) -> None:
        """`kill -9` of the process and its children; it is gone afterwards."""
        self._ask({"kill": pid})

    def close(self) -> None:
        """End everything that was started here."""
        self._orders.close()
        os.waitpid(self._pid, 0)

    def _ask(self, order: dict[str, Any]) -> Any:
        self._orders.write(json.dumps(order) + "\n")
        self._orders.flush()
        return json.loads(self._orders.readline())


def _serve(end: socket.socket) -> None:
    """The nursery's own life: never returns."""
    os.setsid()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    if platform.system() == "Linux":
        # The pool of a killed worker comes here, so that its processor time is counted.
        ctypes.CDLL(None).prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    codes: dict[int, int | None] = {}
    orders = end.makefile("rw", encoding="utf-8")
    for line in orders:
        orders.write(json.dumps(_obeyed(json.loads(line), codes, end)) + "\n")
        orders.flush()
    for pid in [pid for pid, code in codes.items() if code is None]:
        _kill(pid)
    with contextlib.suppress(ChildProcessError):
        while True:
            os.wait()
    os._exit(0)


def _obeyed(order: dict[str, Any], codes: dict[int, int | None], end: socket.socket) -> int | None:
    _reap(codes)
    if "poll" in order:
        return codes[order["poll"]]
    if "kill" in order:
        pid = order["kill"]
        _kill(pid)
        if codes[pid] is None:
            codes[pid] = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        return codes[pid]
    pid = os.fork()
    if pid == 0:
        end.detach()
        _become(order)
    codes[pid] = None
    return pid


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)


def _reap(codes: dict[int, int | None]) -> None:
    with contextlib.suppress(ChildProcessError):
        while (found := os.waitpid(-1, os.WNOHANG))[0]:
            if found[0] in codes:
                codes[found[0]] = os.waitstatus_to_exitcode(found[1])


def _become(order: dict[str, Any]) -> None:
    """Be the process that was asked for: never returns."""
    code = 1
    try:
        os.setsid()
        _attach(order["log"])
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        os.environ.clear()
        os.environ.update(order["environment"])
        if order["clock"]:
            clock_shift(order["clock"])
        sys.argv = order["module"]
        runpy.run_module(order["module"][0], run_name="__main__", alter_sys=True)
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _attach(log: str) -> None:
    """Input from nowhere, output to the log, and nothing else of the nursery's left open."""
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.closerange(3, 256)
