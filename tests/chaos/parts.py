"""The parts of one run: PostgreSQL, Valkey, simulator, web, workers and beat, each to be killed and started again."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import socket
import time
from collections.abc import Mapping
from pathlib import Path

import httpx
import redis

from hsm_portal.embedded import EmbeddedPostgres, EmbeddedValkey
from tests.chaos.nursery import Nursery
from tests.providers.simulator.server import SimulatorProcess

START_SECONDS = 60.0
#: Below what systems give to outgoing connections: a part that was killed finds its port free when it comes back.
PORTS = range(15_000, 32_000)
#: No gossip between workers, whose greeting takes a second.
WORKER = ("worker", "--without-gossip", "--without-mingle", "--loglevel", "WARNING")
ENVIRONMENT = {
    "DJANGO_SETTINGS_MODULE": "hsm_portal.settings",
    "SECRET_KEY": "chaos only: not a secret, but as long as one has to be 0123456789",
    "PERSONAL_DATA_KEY": "chaos only: key of the hashes of personal data",
    "CREDENTIALS_KEYS": "dGVzdHMtb25seS1rZXktdGVzdHMtb25seS1rZXktMzI=",
    "ALLOWED_HOSTS": "127.0.0.1",
    "DEBUG": "false",
    "SECURE": "false",
    "LANGUAGE_CODE": "en",
    # Celery's own checks of the whole project at each start: they are `make check`'s.
    "CELERY_SKIP_CHECKS": "1",
    "CAMPAIGN_RETRY_AFTER_SECONDS": "2",
    "CIRCUIT_PAUSE_SECONDS": "3",
    "PROVIDER_TIMEOUT_SECONDS": "4",
}


def free_port() -> int:
    """A loopback port that nobody listens on and no outgoing connection will take."""
    while True:
        port = random.choice(PORTS)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


class Part:
    """One of a run's processes (with its children). A part that is up is never started a second time.

    It is forked by the `nursery`, or, once it is there, by the `loaded` one, which has the portal's models: unless its clock is
    off, which Django and Celery must not have looked at before.
    """

    def __init__(self, nursery: Nursery, name: str, log: Path, *module: str) -> None:
        self.nursery = nursery
        self.loaded: Nursery | None = None
        self.name = name
        self.log = log / f"{name}.log"
        self.module = module
        self.environment: Mapping[str, str] = {}
        self.clock = 0
        self.pid = 0
        self._parent = nursery

    def start(self) -> None:
        """Start (again), with the clock that it has."""
        if not self.pid:
            self._parent = self.nursery if self.clock or self.loaded is None else self.loaded
            self.pid = self._parent.start(self.module, log=self.log, environment=self.environment, clock=self.clock)

    def kill(self) -> None:
        """`kill -9` of the process and its children."""
        if self.pid:
            self._parent.kill(self.pid)
            self.pid = 0

    def signal(self, number: signal.Signals) -> None:
        """To the process and its children."""
        if self.pid:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, number)

    @property
    def ended(self) -> bool:
        """Whether it ended by itself."""
        return self.pid != 0 and self._parent.exit_code(self.pid) is not None


class Simulator(SimulatorProcess):
    """The simulator, always at the same port."""

    def __init__(self, nursery: Nursery, folder: Path) -> None:
        self.port = free_port()
        where = ("--port", str(self.port), "--store", str(folder / "simulator"))
        self.part = Part(nursery, "simulator", folder / "log", "providers.simulator", *where)
        super().__init__(folder / "simulator")

    def start(self) -> None:
        self.part.start()
        self.url = f"http://127.0.0.1:{self.port}"
        self.control = httpx.Client(base_url=f"{self.url}/control/", timeout=60)
        wait_for_port(self.port, "the simulator")

    def stop(self, number: signal.Signals = signal.SIGTERM) -> float:
        began = time.monotonic()
        self.control.close()
        self.part.kill()
        return time.monotonic() - began


class Parts:
    """All of them, in a folder. `prepared` is the data of a stopped PostgreSQL with the portal's tables."""

    def __init__(self, nursery: Nursery, folder: Path, prepared: Path) -> None:
        log = folder / "log"
        log.mkdir(parents=True)
        self.nurseries = [nursery]
        self.folder = folder
        self.port = free_port()
        self.postgres = EmbeddedPostgres(like=prepared)
        self.valkey = EmbeddedValkey(port=free_port())
        celery = ("celery", "-A", "hsm_portal")
        bind = ("--bind", f"127.0.0.1:{self.port}", "--workers", "2", "--threads", "4", "--preload")
        self.web = Part(nursery, "web", log, "gunicorn", "hsm_portal.wsgi", *bind, "--log-level", "warning")
        self.worker = Part(
            nursery, "worker", log, *celery, *WORKER, "-Q", "default,media", "-n", "worker@%h", "-c", "2"
        )
        dispatch = ("-Q", "dispatch", "-c", "1")
        self.dispatcher = Part(nursery, "dispatcher", log, *celery, *WORKER, *dispatch, "-n", "dispatcher@%h")
        self.second = Part(nursery, "second", log, *celery, *WORKER, *dispatch, "-n", "second@%h")
        beat = ("beat", "-S", "celery.beat:Scheduler", "--pidfile=", "--loglevel", "WARNING")
        self.beat = Part(nursery, "beat", log, *celery, *beat)
        self.portal = (self.web, self.worker, self.dispatcher, self.beat)
        self.everything = (*self.portal, self.second)

    def start_services(self) -> dict[str, str]:
        """Start what the portal needs; returns the environment of its processes."""
        self.simulator = Simulator(self.nurseries[0], self.folder)
        environment = {
            **ENVIRONMENT,
            "DATABASE_URL": self.postgres.start(),
            "REDIS_URL": self.valkey.start(),
            "PUBLIC_URL": self.url,
            "PROVIDER_BASE_URLS": f"meta={self.simulator.url}",
        }
        for part in self.everything:
            part.environment = {**os.environ, **environment}
        return environment

    @property
    def url(self) -> str:
        """Where web answers."""
        return f"http://127.0.0.1:{self.port}"

    def start_portal(self, loaded: Nursery) -> None:
        """Start the portal's processes, from a nursery that has loaded its models; web answers afterwards."""
        self.nurseries.append(loaded)
        for part in self.everything:
            part.loaded = loaded
        for part in self.portal:
            part.start()
        wait_for_port(self.port, "web")

    def start_valkey(self) -> None:
        """Start an empty Valkey, if there is none."""
        if not self.valkey.runs:
            self.valkey.start()

    def start_postgres(self) -> None:
        """Start PostgreSQL on its data, if it is not running."""
        if not self.postgres.runs:
            self.postgres.start()

    def flush_valkey(self) -> None:
        """Everything in Valkey is gone, if there is a Valkey."""
        with contextlib.suppress(redis.RedisError), redis.Redis.from_url(self.valkey.url) as client:
            client.flushall()

    def stop(self) -> None:
        """End everything at once: nothing of a run is kept but its logs."""
        for part in self.everything:
            part.kill()
        self.simulator.stop()
        # The later one holds the other end of the first one's socket too.
        for nursery in reversed(self.nurseries):
            nursery.close()
        self.valkey.crash()
        self.postgres.stop()


def wait_for_port(port: int, what: str) -> None:
    """Wait until something listens there."""
    end = time.monotonic() + START_SECONDS
    while True:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        if time.monotonic() > end:
            raise TimeoutError(f"{what} did not start")
        time.sleep(0.05)
