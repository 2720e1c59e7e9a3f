"""A real PostgreSQL 18, ephemeral or kept, which can also be stopped as a power cut would."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pwd
import shutil
import signal
import subprocess
import time
from hashlib import sha256
from pathlib import Path

import psycopg

from hsm_portal.embedded.binaries import bare_environment, postgres_binaries
from hsm_portal.embedded.errors import EmbeddedError
from hsm_portal.embedded.folders import make_folder, reachable_by_others
from hsm_portal.processes import Child, RunAs, children_of, command_of, end_stray, spawn

ROLE = DATABASE = "hsm"
START_TIMEOUT_SECONDS = 60.0
_BUILTIN_UTF8 = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", "--encoding=UTF8"]


class EmbeddedPostgres:
    """One PostgreSQL server. Without `data` it is ephemeral: no fsync, and gone when stopped or when this process ends.

    `like` is the data of a stopped server, of which a new one begins with a copy.
    """

    def __init__(self, *, data: Path | None = None, like: Path | None = None) -> None:
        self._kept_data = data
        self._like = like
        self._run_as = _unprivileged_account()
        self._child: Child | None = None
        self._lock: int | None = None
        self._folder: Path | None = None

    @property
    def data(self) -> Path:
        """The data directory in use; as root it may stand elsewhere than asked, where `nobody` can reach it."""
        if self._kept_data is None:
            return self._working_folder() / "data"
        if self._run_as and not reachable_by_others(self._kept_data.parent):
            key = sha256(str(self._kept_data).encode()).hexdigest()[:10]
            return Path("/var/tmp") / f"hsm-portal-{key}"  # noqa: S108 - its ownership is checked before use
        return self._kept_data

    @property
    def url(self) -> str:
        """The database's URL, the same over all restarts of this object."""
        return self._url(DATABASE)

    @property
    def runs(self) -> bool:
        """Whether the server was started, and neither stopped nor crashed since."""
        return self._child is not None

    @property
    def pid(self) -> int:
        """The process id of the running server."""
        if self._child is None:
            raise EmbeddedError("PostgreSQL is not running.")
        return self._child.process.pid

    def start(self) -> str:
        """Start the server, making its data first if there is none; returns the URL once it answers."""
        if self._kept_data is not None:
            self._take_lock()
            _end_leftover(self.data, own_folder=self._folder)
        folder = self._working_folder()
        binaries = postgres_binaries(folder, copied=self._run_as is not None)
        if not (self.data / "PG_VERSION").is_file():
            self._make_data(binaries)
        sockets = folder / "s"
        shutil.rmtree(sockets, ignore_errors=True)
        self._own_folder(sockets)
        self._child = spawn(
            "postgres",
            [str(binaries / "postgres"), "-D", str(self.data), "-k", str(sockets), *self._options()],
            log=folder / "postgres.log",
            environment=bare_environment(),
            directory=folder,
            run_as=self._run_as,
            stop_signal=signal.SIGINT,
            remove_after=[folder],
        )
        self._wait_until_ready()
        return self.url

    def stop(self) -> None:
        """Stop the server (its "fast shutdown"), and remove everything that is not to be kept."""
        if self._child is not None:
            self._child.stop(grace_seconds=30)
        self._forget(remove=True)

    def crash(self) -> None:
        """End the server and its sessions with SIGKILL as a power cut would; `start` brings the same data back."""
        if self._child is not None:
            self._child.remove_after = ()
            # Each session leads a group of its own, and a busy one goes on without the server: it would commit yet, and keep the
            # data from whoever starts next. A server that stands still starts no more of them, and buries none.
            self._child.process.send_signal(signal.SIGSTOP)
            sessions = children_of(self._child.process.pid)
            for session in sessions:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(session, signal.SIGKILL)
            self._child.kill()
            _wait_until_gone(sessions)
        self._forget(remove=False)

    def stop_immediately(self) -> None:
        """PostgreSQL's "immediate shutdown": every session is broken off where it is; `start` recovers the same data."""
        if self._child is not None:
            self._child.remove_after = ()
            self._child.process.send_signal(signal.SIGQUIT)
            self._child.process.wait(START_TIMEOUT_SECONDS)
            self._child.kill()
        self._forget(remove=False)

    def _working_folder(self) -> Path:
        if self._folder is None:
            self._folder = make_folder(readable_by_others=self._run_as is not None)
        return self._folder

    def _url(self, database: str) -> str:
        return f"postgres://{ROLE}@/{database}?host={self._working_folder() / 's'}"

    def _options(self) -> list[str]:
        options = {
            "listen_addresses": "",
            "unix_socket_permissions": "0700",
            "max_connections": "200",
            "timezone": "UTC",
            "log_timezone": "UTC",
        }
        if self._kept_data is None:
            options |= {"fsync": "off", "full_page_writes": "off"}
        return [argument for name, value in options.items() for argument in ("-c", f"{name}={value}")]

    def _own_folder(self, path: Path) -> None:
        path.mkdir(mode=0o700)
        if self._run_as:
            os.chown(path, self._run_as.user, self._run_as.group)

    def _make_data(self, binaries: Path) -> None:
        """Run initdb beside the final place and rename, so that an interrupted initdb leaves nothing half made."""
        unfinished = self.data.with_name(self.data.name + ".new")
        shutil.rmtree(unfinished, ignore_errors=True)
        if self._like is not None:
            self._copy(self._like, unfinished)
            unfinished.rename(self.data)
            return
        self._own_folder(unfinished)
        command = [str(binaries / "initdb"), "-D", str(unfinished), "-U", ROLE, "--auth=trust", *_BUILTIN_UTF8]
        if self._kept_data is None:
            command.append("--no-sync")
        result = subprocess.run(  # noqa: S603
            command,
            capture_output=True,
            text=True,
            check=False,
            env=bare_environment(),
            cwd=self._working_folder(),
            user=self._run_as.user if self._run_as else None,
            group=self._run_as.group if self._run_as else None,
            extra_groups=[] if self._run_as else None,
        )
        if result.returncode != 0:
            raise EmbeddedError(f"initdb failed: {result.stderr.strip()}")
        unfinished.rename(self.data)

    def _copy(self, data: Path, target: Path) -> None:
        shutil.copytree(data, target)
        if self._run_as:
            for path in (target, *target.rglob("*")):
                os.chown(path, self._run_as.user, self._run_as.group)

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_TIMEOUT_SECONDS
        while True:
            try:
                with psycopg.connect(self._url("postgres"), autocommit=True) as connection:
                    if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
                        connection.execute(f"CREATE DATABASE {DATABASE}")
                return
            except psycopg.OperationalError as error:
                if self._child is None or self._child.exit_code is not None or time.monotonic() > deadline:
                    tail = self._child.log_tail() if self._child else ""
                    self.stop()
                    raise EmbeddedError(f"PostgreSQL did not start: {error}\n{tail}") from error
                time.sleep(0.02)

    def _take_lock(self) -> None:
        self.data.parent.mkdir(parents=True, exist_ok=True)
        if self.data.is_symlink():
            raise EmbeddedError(f"{self.data} is a symbolic link; PostgreSQL's data is not kept behind one.")
        lock = os.open(self.data.with_name(self.data.name + ".lock"), os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(lock)
            raise EmbeddedError(
                f"The database in {self.data} is already in use: the demo seems to be running."
            ) from error
        self._lock = lock

    def _forget(self, *, remove: bool) -> None:
        self._child = None
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None
        if remove and self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None


def _unprivileged_account() -> RunAs | None:
    if os.geteuid() != 0:
        return None
    try:
        account = pwd.getpwnam("nobody")
    except KeyError as error:
        raise EmbeddedError("PostgreSQL does not run as root, and this machine has no account `nobody`.") from error
    return RunAs(account.pw_uid, account.pw_gid)


def _wait_until_gone(sessions: list[int]) -> None:
    """A killed process still holds what it had for a moment."""
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    while any(command_of(session).startswith("postgres") for session in sessions) and time.monotonic() < deadline:
        time.sleep(0.01)


def _end_leftover(data: Path, *, own_folder: Path | None) -> None:
    """Stop a server that an earlier owner of `data` left behind; the lock proves that the owner is gone."""
    pid_file = data / "postmaster.pid"
    try:
        pid, _data, _started, _port, sockets = pid_file.read_text(encoding="utf-8").split("\n")[:5]
    except (FileNotFoundError, ValueError):
        return
    if str(data) in command_of(int(pid)):
        end_stray(int(pid), stop_signal=signal.SIGINT, grace_seconds=20)
    # Without a server of ours the number is another process's by now, which PostgreSQL would take for a running server.
    pid_file.unlink(missing_ok=True)
    folder = Path(sockets).parent
    if (
        folder != own_folder
        and folder.name.startswith("hsm-")
        and folder.is_dir()
        and folder.stat().st_uid == os.geteuid()
    ):
        shutil.rmtree(folder, ignore_errors=True)
