"""A real Valkey 9 in memory, which can also be killed and brought back empty."""

from __future__ import annotations

import contextlib
import secrets
import socket
import time

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from hsm_portal.embedded.binaries import bare_environment, valkey_binary
from hsm_portal.embedded.errors import EmbeddedError
from hsm_portal.embedded.folders import make_folder
from hsm_portal.processes import Child, spawn


class EmbeddedValkey:
    """One Valkey server in memory on a loopback port with a password; it keeps nothing (the database is the queue).

    `port` 0 takes any free one.
    """

    def __init__(self, *, port: int = 0) -> None:
        self._password = secrets.token_urlsafe(24)
        self._port = port
        self._child: Child | None = None

    @property
    def url(self) -> str:
        """The server's URL, the same over all restarts of this object."""
        return f"redis://:{self._password}@127.0.0.1:{self._port}/0"

    @property
    def runs(self) -> bool:
        """Whether the server was started, and neither stopped nor crashed since."""
        return self._child is not None

    def start(self) -> str:
        """Start the server on a free port (a restarted one on its old port); returns the URL once it answers."""
        for _attempt in range(5):
            port = self._port or _free_port()
            folder = make_folder(readable_by_others=False)
            self._child = spawn(
                "valkey",
                [str(valkey_binary()), "-"],
                log=folder / "valkey.log",
                environment=bare_environment(),
                directory=folder,
                stdin=self._configuration(port).encode(),
                remove_after=[folder],
            )
            if self._answers(port):
                self._port = port
                return self.url
            tail = self._child.log_tail()
            self.stop()
        raise EmbeddedError(f"Valkey did not start:\n{tail}")

    def stop(self) -> None:
        """Stop the server; what it held is gone."""
        if self._child is not None:
            self._child.stop(grace_seconds=5)
        self._child = None

    def crash(self) -> None:
        """End the server with SIGKILL; `start` brings back an empty one at the same address."""
        if self._child is not None:
            self._child.kill()
        self._child = None

    def _configuration(self, port: int) -> str:
        # In a file on standard input, so that the password is not in the list of processes.
        lines = [
            "bind 127.0.0.1",
            f"port {port}",
            f"requirepass {self._password}",
            'save ""',
            "appendonly no",
            "databases 64",
        ]
        return "\n".join([*lines, ""])

    def _answers(self, port: int) -> bool:
        deadline = time.monotonic() + 10
        once = Retry(NoBackoff(), 0)
        with redis.Redis(host="127.0.0.1", port=port, password=self._password, retry=once) as client:
            while self._child is not None and self._child.exit_code is None and time.monotonic() < deadline:
                with contextlib.suppress(redis.RedisError):
                    return bool(client.ping())
                time.sleep(0.02)
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
