"""`make demo`: the whole portal with sample data on this machine, as the processes that production runs.

It starts PostgreSQL and Valkey unless DATABASE_URL and REDIS_URL name others, prepares the database, starts the provider
simulator, web, worker, dispatcher, fetcher and beat, says where everything is once /healthz is green, and stops it all on Ctrl-C.
Data, secrets and logs stay in `var/`.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from types import FrameType
from typing import NoReturn

from cryptography.fernet import Fernet

from hsm_portal.demo_data.addresses import provider_urls
from hsm_portal.embedded import EmbeddedError, EmbeddedPostgres, EmbeddedValkey
from hsm_portal.processes import Child, spawn
from providers.simulator.journal import FORMAT

PROJECT = Path(__file__).resolve().parent.parent
VAR = PROJECT / "var"
GREEN_TIMEOUT_SECONDS = 120.0
GRACE_SECONDS = 12.0
# Those that make work end before those that carry it out.
STOP_ORDER = (("beat", "web"), ("dispatcher", "fetcher", "worker"), ("simulator",))


class DemoError(RuntimeError):
    """The demo cannot start or go on; the message tells a person why and what to do."""


class Stopped(BaseException):
    """A person or the system asked the demo to end."""


@dataclass(slots=True)
class Demo:
    """One run of the demo: its ports, its environment and its running children."""

    port: int
    simulator_port: int
    environment: dict[str, str] = field(default_factory=dict)
    children: list[Child] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Where the portal is."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def simulator_url(self) -> str:
        """Where the provider simulator is."""
        return f"http://127.0.0.1:{self.simulator_port}"

    def run(self) -> None:
        """Start everything, print where it is, and stay until stopped or until a child ends by itself."""
        for port, variable in ((self.port, "PORT"), (self.simulator_port, "SIMULATOR_PORT")):
            require_free_port(port, variable=variable)
        (VAR / "log").mkdir(parents=True, exist_ok=True)
        with self._services(), self._children():
            self._prepare()
            self._start("simulator", "-m", "providers.simulator", *self._simulator_options())
            started = time.monotonic()
            self._start_portal()
            # Beside the processes that come up meanwhile: its end, the handshake of the webhooks, needs web.
            logins = self._sample_data()
            self._wait_until_green(since=started)
            self._announce(logins)
            self._watch()

    @contextlib.contextmanager
    def _services(self) -> Iterator[None]:
        postgres, valkey = EmbeddedPostgres(data=VAR / "postgres18"), EmbeddedValkey()
        try:
            database_url = os.environ.get("DATABASE_URL") or postgres.start()
            redis_url = os.environ.get("REDIS_URL") or valkey.start()
            self._make_environment(database_url=database_url, redis_url=redis_url)
            yield
        finally:
            valkey.stop()
            postgres.stop()

    def _make_environment(self, *, database_url: str, redis_url: str) -> None:
        """Secrets are made once and kept; everything is written down so that `manage.py` can be used beside the demo."""
        path = VAR / "demo.env"
        kept = read_environment(path)
        own = {
            "SECRET_KEY": kept.get("SECRET_KEY") or secrets.token_urlsafe(64),
            "CREDENTIALS_KEYS": kept.get("CREDENTIALS_KEYS") or Fernet.generate_key().decode(),
            "PERSONAL_DATA_KEY": kept.get("PERSONAL_DATA_KEY") or secrets.token_urlsafe(48),
            "DATABASE_URL": database_url,
            "REDIS_URL": redis_url,
            "DEBUG": "false",
            "SECURE": "false",
            "ALLOWED_HOSTS": "127.0.0.1,localhost",
            "CSRF_TRUSTED_ORIGINS": f"{self.url},http://localhost:{self.port}",
            "PUBLIC_URL": self.url,
            "SIMULATOR_URL": self.simulator_url,
            "OUTGOING_PRIVATE_HOSTS": "127.0.0.1,localhost",
            "PROVIDER_BASE_URLS": ",".join(f"{slug}={url}" for slug, url in provider_urls(self.simulator_url).items()),
        }
        write_environment(path, own)
        self.environment = os.environ | own | {"DJANGO_SETTINGS_MODULE": "hsm_portal.settings"}

    @contextlib.contextmanager
    def _children(self) -> Iterator[None]:
        try:
            yield
        finally:
            for names in STOP_ORDER:
                together = [child for child in self.children if child.name in names]
                for child in together:
                    child.request_stop()
                for child in together:
                    child.stop(grace_seconds=GRACE_SECONDS)

    def _prepare(self) -> None:
        say("Preparing the database ...")
        self._manage("migrate", "--noinput", "--verbosity", "0")
        stamp = PROJECT / "staticfiles" / ".stamp"
        state = static_state()
        if not stamp.is_file() or stamp.read_text(encoding="ascii") != state:
            say("Collecting the static files ...")
            self._manage("collectstatic", "--noinput", "--clear", "--verbosity", "0")
            stamp.write_text(state, encoding="ascii")

    def _sample_data(self) -> str:
        """Make the sample data, or find them made; returns what the command says about the logins."""
        say("Looking after the sample data ...")
        try:
            return self._manage("demo_data")
        except DemoError:
            # A child that ended by itself is the better explanation.
            self._require_all_running()
            raise

    def _manage(self, *arguments: str) -> str:
        result = subprocess.run(  # noqa: S603 - our own commands
            [sys.executable, "manage.py", *arguments],
            cwd=PROJECT,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if result.returncode != 0:
            raise DemoError(f"`manage.py {arguments[0]}` failed:\n{(result.stdout + result.stderr).strip()[-3000:]}")
        return result.stdout.strip("\n")

    def _simulator_options(self) -> list[str]:
        # One of an earlier version cannot be read any more: then a new one is filled from the same sample.
        return ["--port", str(self.simulator_port), "--store", str(VAR / f"simulator-{FORMAT}")]

    def _start_portal(self) -> None:
        say("Starting web, worker, dispatcher, fetcher and beat ...")
        celery = ["-m", "celery", "-A", "hsm_portal"]
        worker = ["worker", "-l", "info", "--without-gossip", "--without-mingle"]
        bind = [
            "--bind",
            f"127.0.0.1:{self.port}",
            "--worker-class",
            "hsm_portal.web_worker.WebWorker",
            "--workers",
            "2",
            "--threads",
            "8",
            "--graceful-timeout",
            "5",
            "--keep-alive",
            "5",
            "--preload",
        ]
        self._start("web", "-m", "gunicorn", "hsm_portal.wsgi", *bind)
        self._start("worker", *celery, *worker, "-Q", "default", "-n", "worker@%h", "-c", "2")
        self._start("dispatcher", *celery, *worker, "-Q", "dispatch", "-n", "dispatcher@%h", "-c", "1")
        self._start("fetcher", *celery, *worker, "-Q", "media", "-n", "fetcher@%h", "-c", "1")
        self._start("beat", *celery, "beat", "-l", "info", "-S", "celery.beat:Scheduler", "--pidfile=")

    def _start(self, name: str, *arguments: str) -> None:
        log = VAR / "log" / f"{name}.log"
        log.unlink(missing_ok=True)
        command = [sys.executable, *arguments]
        self.children.append(spawn(name, command, log=log, environment=self.environment, directory=PROJECT))

    def _wait_until_green(self, *, since: float) -> None:
        health: dict[str, object] = {}
        while time.monotonic() - since < GREEN_TIMEOUT_SECONDS:
            self._require_all_running()
            health = read_health(f"{self.url}/healthz")
            if is_green(health, within_seconds=time.monotonic() - since):
                return
            time.sleep(0.1)
        raise DemoError(
            f"The portal did not come up; /healthz says: {json.dumps(health)}\nThe logs are in {VAR / 'log'}."
        )

    def _require_all_running(self) -> None:
        for child in self.children:
            if child.exit_code is not None:
                raise DemoError(
                    f"The process `{child.name}` ended by itself (exit code {child.exit_code}), so the demo stops."
                    f" The end of {child.log}:\n{child.log_tail()}"
                )

    def _announce(self, logins: str) -> None:
        say(
            f"\nHSM Portal is running.\n\n"
            f"  Portal               {self.url}/\n"
            f"  Customers' phones    {self.simulator_url}/   (the provider simulator)\n"
            f"  Logs                 {VAR / 'log'}\n\n"
            f"{logins}\n\n"
            f"Ctrl-C stops everything; the data stays for the next start."
        )

    def _watch(self) -> NoReturn:
        while True:
            self._require_all_running()
            time.sleep(0.5)


def say(text: str) -> None:
    """Print to the terminal at once."""
    print(text, flush=True)  # noqa: T201 - a program for the terminal


def require_free_port(port: int, *, variable: str) -> None:
    """Raise DemoError when another program listens on this loopback port; `variable` is what chooses another one."""
    with socket.socket() as probe:
        # As servers do: connections of the last run that still fade away do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise DemoError(
                f"Port {port} is taken by another program. Choose another one: make demo {variable}={port + 1}"
            ) from error


def read_environment(path: Path) -> dict[str, str]:
    """The values of a file written by `write_environment`; none when it does not exist."""
    if not path.is_file():
        return {}
    pairs = (line.partition("=") for line in path.read_text(encoding="utf-8").splitlines())
    return {name: value.strip("'") for name, _, value in pairs}


def write_environment(path: Path, values: dict[str, str]) -> None:
    """Write a file that a shell can read in, for the owner's eyes only."""
    unfinished = path.with_name(path.name + ".new")
    unfinished.unlink(missing_ok=True)
    text = "".join(f"{name}='{value}'\n" for name, value in values.items())
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    unfinished.replace(path)


def static_state() -> str:
    """A digest that changes when the static files may have: our own files and the versions of all packages."""
    digest = sha256((PROJECT / "requirements" / "base.txt").read_bytes())
    for path in sorted(PROJECT.glob("*/static/**/*")):
        if path.is_file():
            digest.update(f"{path} {path.stat().st_mtime_ns}".encode())
    return digest.hexdigest()


def read_health(url: str) -> dict[str, object]:
    """The body of /healthz, whatever its status; empty while nothing answers."""
    try:
        with urllib.request.urlopen(url, timeout=5) as response:  # noqa: S310 - our own address
            return dict(json.load(response))
    except urllib.error.HTTPError as error:
        with contextlib.suppress(ValueError):
            return dict(json.load(error))
    except (OSError, ValueError):
        pass
    return {}


def is_green(health: dict[str, object], *, within_seconds: float) -> bool:
    """Whether all is well, by signs of life of this run: those in the database may be the last run's."""
    checks = health.get("checks")
    if health.get("status") != "ok" or not isinstance(checks, dict):
        return False
    return all(check.get("age_seconds", 0) <= within_seconds for check in checks.values())


def stop_on_signal(number: int, frame: FrameType | None) -> None:
    """Turn the first signal into an orderly end; those after it must not disturb that."""
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)
    raise Stopped


def main() -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="make demo", description="The whole portal with sample data.")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--simulator-port", type=int, default=8800)
    chosen = parser.parse_args()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop_on_signal)
    try:
        Demo(port=chosen.port, simulator_port=chosen.simulator_port).run()
    except Stopped:
        say("Stopped. The data stays; `make demo` starts it again.")
        return 0
    except (DemoError, EmbeddedError) as error:
        say(f"\n{error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
