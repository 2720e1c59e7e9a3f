"""Real worker processes for the fault tests, started, frozen and killed as a machine would."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from django.db import connections

from hsm_portal.processes import Child, spawn
from tests.faults.postgres_wire import PostgresWire

PROJECT = Path(__file__).parents[2]
PATIENCE_SECONDS = 60.0
#: No gossip between workers, whose greeting takes a second.
QUIET = ("--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "WARNING")


def until(condition: Callable[[], object], *, patience: float = PATIENCE_SECONDS, what: str = "it") -> None:
    """Wait until the condition holds."""
    end = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < end, f"{what} did not happen in time"
        time.sleep(0.02)


def database_url(url: str, *, host: str = "") -> str:
    """The URL with the name of the database that the tests use, and on request another socket's folder."""
    parts = urlsplit(url)
    name = connections.settings["default"]["NAME"]
    return urlunsplit(parts._replace(path=f"/{name}", query=f"host={host}" if host else parts.query))


class Worker:
    """One Celery worker process (with its pool) of one queue. `environment` names the services it uses."""

    def __init__(self, folder: Path, queue: str, environment: Mapping[str, str]) -> None:
        self.folder = folder
        self.queue = queue
        self.environment = {**os.environ, **environment}
        self._child: Child | None = None
        folder.mkdir()

    def start(self) -> Worker:
        """Start (again) and wait until tasks are taken."""
        for mark in [*self.folder.glob("*-at-*"), *self.folder.glob("pumping-*"), *self.folder.glob("ready")]:
            mark.unlink()
        options = ["-Q", self.queue, "-c", "1", "--pool", "prefork", "-n", f"{self.folder.name}@%h", *QUIET]
        self._child = spawn(
            self.queue,
            [sys.executable, "-m", "tests.faults.worker", str(self.folder), *options],
            log=self.folder / "log",
            environment=self.environment,
            directory=PROJECT,
        )
        until((self.folder / "ready").exists, what="the worker's start")
        return self

    @property
    def runs(self) -> bool:
        """Whether it was started and neither killed nor stopped since."""
        return self._child is not None

    @property
    def child(self) -> Child:
        """The running process."""
        assert self._child is not None
        return self._child

    def stop_at(self, step: str) -> None:
        """Have the worker stand still when it comes to `step`."""
        (self.folder / f"stop-at-{step}").touch()

    def wait_stopped_at(self, step: str) -> None:
        """Wait until it stands there."""
        until((self.folder / f"stopped-at-{step}").exists, what=f"the stop at {step}")

    @property
    def pumps(self) -> bool:
        """Whether a slice of the pump is under way."""
        return any(self.folder.glob("pumping-*"))

    def kill(self) -> None:
        """`kill -9` of the worker and its pool."""
        self.child.kill()
        self._child = None

    def freeze(self) -> None:
        """Let the worker and its pool stand still where they are."""
        os.killpg(self.child.process.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """Let them go on."""
        os.killpg(self.child.process.pid, signal.SIGCONT)

    def log(self) -> str:
        """What it wrote."""
        return (self.folder / "log").read_text(encoding="utf-8")


class Workers:
    """The worker of the dispatcher, over its wire to the database, and the worker of everything else."""

    def __init__(self, folder: Path, database: str, redis: str, simulator: str) -> None:
        self.folder = folder
        self.wire = PostgresWire(dict(parse_qsl(urlsplit(database).query))["host"])
        self._wired = _environment(database_url(database, host=str(self.wire.folder)), redis, simulator)
        self.dispatcher = Worker(folder / "dispatcher", "dispatch", self._wired)
        self.others = Worker(folder / "others", "default", _environment(database_url(database), redis, simulator))
        self._all = [self.dispatcher, self.others]

    def another(self) -> Worker:
        """One more dispatcher, running until the workers are closed (or it is killed)."""
        worker = Worker(self.folder / f"dispatcher{len(self._all)}", "dispatch", self._wired)
        self._all.append(worker)
        return worker.start()

    @property
    def pump(self) -> bool:
        """Whether any of them is in a slice of the pump."""
        return any(worker.runs and worker.pumps for worker in self._all)

    def freeze(self) -> None:
        """Let all of them stand still."""
        for worker in self._all:
            if worker.runs:
                worker.freeze()

    def thaw(self) -> None:
        """Let all of them go on: one frozen in a transaction would keep its locks for ever."""
        for worker in self._all:
            if worker.runs:
                worker.thaw()

    def close(self) -> None:
        """End them all."""
        for worker in self._all:
            if worker.runs:
                worker.kill()
        self.wire.close()


def _environment(database: str, redis: str, simulator: str) -> dict[str, str]:
    return {
        "DATABASE_URL": database,
        "REDIS_URL": redis,
        "PROVIDER_BASE_URLS": f"meta={simulator}",
        "PROVIDER_TIMEOUT_SECONDS": "2",
    }
