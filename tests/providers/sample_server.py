"""A server of samples with https on the loopback, whose certificate the test trusts."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.providers.simulator.wires.tls_front import tls_front

HOST = "127.0.0.1"
PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 64
FILES: dict[str, tuple[int, bytes]] = {
    "/foto.png": (200, PNG),
    "/foto.jpg": (200, b"\xff\xd8\xff\xe0" + b"\x00" * 64),
    "/clip.mp4": (200, b"\x00\x00\x00\x18ftypmp42" + b"\x00" * 64),
    "/hoja.pdf": (200, b"%PDF-1.7\n" + b"\x00" * 64),
    "/pagina.png": (200, b"<html>no image</html>"),
    "/mudada.png": (302, b""),
}


@contextmanager
def sample_server(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of the files; not public, so the settings must name its host (`HOST`) before anything is fetched."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, content = FILES[self.path.partition("?")[0]]
            self.send_response(status)
            if status == 302:
                self.send_header("Location", "/foto.png")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *arguments: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer((HOST, 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        with tls_front(folder, server.server_address[1]) as (address, certificate):
            monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
            yield f"https://{address}"
    finally:
        server.shutdown()
        server.server_close()
