"""A wire between a worker and PostgreSQL that can be cut at the worst moment: right before or right after a COMMIT."""

from __future__ import annotations

import contextlib
import shutil
import socket
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path

SOCKET_NAME = ".s.PGSQL.5432"
COMMIT = b"COMMIT\x00"


@dataclass
class _Call:
    """One client's connection. `marked`: its transaction holds what we wait for. `deaf`: the next answer is lost."""

    client: socket.socket
    server: socket.socket
    marked: bool = False
    deaf: bool = False

    def cut(self) -> None:
        for end in (self.client, self.server):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


class PostgresWire:
    """Listens in `folder` (a libpq `host`) and passes everything on to the server's socket in `upstream`."""

    def __init__(self, upstream: str) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="hsm-wire-", dir="/tmp"))
        self.upstream = str(Path(upstream) / SOCKET_NAME)
        self.mark = b""
        self.reaches_server = False
        self.cuts = 0
        self._calls: list[_Call] = []
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self.folder / SOCKET_NAME))
        self._listener.listen(64)
        threading.Thread(target=self._accept, daemon=True).start()

    def lose_commit(self, mark: bytes, *, reaches_server: bool) -> None:
        """Cut the next connection whose transaction sent `mark`, at its COMMIT: before it arrives, or before its answer does."""
        self.reaches_server, self.mark = reaches_server, mark

    def cut_all(self) -> None:
        """Cut every connection there is."""
        calls, self._calls = self._calls, []
        for call in calls:
            call.cut()

    def close(self) -> None:
        """Take the wire down."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut_all()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _address = self._listener.accept()
                server = socket.socket(socket.AF_UNIX)
                try:
                    server.connect(self.upstream)
                except OSError:
                    client.close()
                    continue
                call = _Call(client, server)
                self._calls.append(call)
                threading.Thread(target=self._to_server, args=[call], daemon=True).start()
                threading.Thread(target=self._to_client, args=[call], daemon=True).start()

    def _to_server(self, call: _Call) -> None:
        with contextlib.suppress(OSError):
            while data := call.client.recv(65536):
                if self.mark and self.mark in data:
                    call.marked = True
                if call.marked and COMMIT in data:
                    self.mark, call.marked, call.deaf = b"", False, True
                    self.cuts += 1
                    if not self.reaches_server:
                        break
                call.server.sendall(data)
        call.cut()

    def _to_client(self, call: _Call) -> None:
        with contextlib.suppress(OSError):
            while data := call.server.recv(65536):
                if call.deaf:
                    break
                call.client.sendall(data)
        call.cut()
