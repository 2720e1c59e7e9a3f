"""The portal's processes as production runs them, and the simulator as a provider that answers after 150 ms."""

from __future__ import annotations

import contextlib
import os
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from celery import current_app

from bench.figures import PROJECT, figure
from bench.services import RUNNING
from bench.usage import cpu_seconds, peak_mb
from hsm_portal.processes import Child, spawn
from tests.providers.simulator.server import SimulatorProcess

#: gunicorn's worker, as in production.
_WEB_WORKER = "hsm_portal.web_worker.WebWorker"
ANSWER_MS = 150
#: Statuses that come so late do not come during a bench.
NEVER_MS = 86_400_000
_CELERY = ("-m", "celery", "-A")
_QUIET = ("--without-gossip", "--without-mingle", "-l", "warning")


class Portal:
    """Processes by name, with what each used. Made by `portal`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.simulator = SimulatorProcess(folder / "simulator")
        self.web_port = _free_port()
        self.children: dict[str, Child] = {}
        self._before: dict[str, float] = {}

    def start(self, *names: str) -> None:
        """Start these: `worker` (everything but sending), `beat`, `web`, and any that begins with `dispatcher`."""
        for name in names:
            self._start(name, *self._options(name))
        for name in names:
            if name not in ("beat", "web"):
                until(partial(_answers_ping, name), seconds=60, what=f"the start of {name}")

    def celery(self, name: str, app: str, *options: str) -> None:
        """Start one more worker, of another application."""
        self._start(name, *_CELERY, app, "worker", "-n", f"{name}@%h", *options, *_QUIET)

    def stop(self, *names: str) -> None:
        """End these."""
        for name in names:
            if name in self.children:
                self.children.pop(name).stop()

    def _options(self, name: str) -> tuple[str, ...]:
        if name == "web":
            return web_options(self.web_port)
        if name == "beat":
            return (*_CELERY, "hsm_portal", "beat", "-l", "warning", "-S", "celery.beat:Scheduler", "--pidfile=")
        queue, processes = ("dispatch", "1") if name.startswith("dispatcher") else ("default,media", "4")
        options = ("-Q", queue, "-c", processes, *_QUIET)
        return (*_CELERY, "hsm_portal", "worker", "-n", f"{name}@%h", *options)

    def _start(self, name: str, *arguments: str) -> None:
        environment = {**os.environ, "PROVIDER_BASE_URLS": f"meta={self.simulator.url}", "ALLOWED_HOSTS": "127.0.0.1"}
        log = self.folder / f"{name}.log"
        command = [sys.executable, *arguments]
        self.children[name] = spawn(name, command, log=log, environment=environment, directory=PROJECT)

    # --- what they used ----------------------------------------------------------------------------------------------

    def watch(self) -> None:
        """Count processor time from now on."""
        self._before = self._cpu()

    def used(self, count: int, prefix: str = "cpu") -> None:
        """A figure for each part: processor seconds per 1,000 since `watch`."""
        for name, seconds in self._cpu().items():
            each = (seconds - self._before.get(name, 0.0)) * 1000 / max(1, count)
            figure(f"{prefix}_{name}", each, "s/1000")

    def peak_mb(self, *names: str) -> float:
        """The most memory that one process of these held."""
        return max(peak_mb(self.children[name].process.pid) for name in names)

    def _cpu(self) -> dict[str, float]:
        pids = {name: child.process.pid for name, child in self.children.items()}
        pids["simulator"] = self.simulator.pid
        if RUNNING.postgres is not None:
            pids["postgres"] = RUNNING.postgres.pid
        return {name: cpu_seconds(pid) for name, pid in pids.items()}


@contextlib.contextmanager
def portal() -> Iterator[Portal]:
    """The simulator, answering as a provider does; the portal's processes are started as they are needed, and all ended."""
    with tempfile.TemporaryDirectory(prefix="hsm-bench-", dir="/tmp") as folder:
        made = Portal(Path(folder))
        try:
            yield made
        finally:
            made.stop(*list(made.children))
            made.simulator.stop()


def provider_like(simulator: SimulatorProcess, **knobs: Any) -> None:
    """Let the simulator answer as slowly as a provider, and report nothing unless `knobs` say so."""
    usual = {"latency_ms": ANSWER_MS, "webhook_delay_ms": NEVER_MS, "enforce_limits": False}
    simulator.knobs(**{**usual, **knobs})


def until(condition: Callable[[], object], *, seconds: float, what: str, every: float = 0.25) -> None:
    """Wait until the condition holds. Raises TimeoutError, naming `what`."""
    ends = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > ends:
            raise TimeoutError(f"{what} took longer than {seconds:.0f} s")
        time.sleep(every)


def _answers_ping(name: str) -> bool:
    return bool(current_app.control.ping(destination=[f"{name}@{socket.gethostname()}"], timeout=0.5))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def web_options(port: int) -> tuple[str, ...]:
    """gunicorn as in production, on a port of this machine: what Python is to be given."""
    size = ("--worker-class", _WEB_WORKER, "--workers", "2", "--threads", "8", "--preload", "--keep-alive", "5")
    return ("-m", "gunicorn", "hsm_portal.wsgi", "--bind", f"127.0.0.1:{port}", *size)
