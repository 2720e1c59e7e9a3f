"""Drafts for tests, and a provider's front door that loses answers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
from django.db import connection

from templates_app.drafts import Draft, DraftButton

GOOD = Draft(
    name="aviso_turno",
    language="es_AR",
    category="utility",
    header_kind="text",
    header_text="Tu turno del {{1}}",
    body="Hola {{1}}, te recordamos tu turno con {{2}} en la clínica. Avisanos si no podés venir.",
    footer="Clínica Sur",
    buttons=(
        DraftButton("quick_reply", "Voy"),
        DraftButton("quick_reply", "No puedo ir"),
        DraftButton("url", "Ver turno", url="https://turnos.example.com/{{1}}", sample="t/abc123"),
        DraftButton("phone_number", "Llamar", phone="+541155550000"),
    ),
    samples={"header.1": "lunes", "body.1": "Lucía", "body.2": "la doctora Paz"},
)


def draft(**changes: Any) -> Draft:
    """A draft that keeps every rule, with changes."""
    return replace(GOOD, **changes)


def plain(body: str, **changes: Any) -> Draft:
    """A draft of one text, whose variables all have samples."""
    found = Draft(name="simple", language="es_AR", category="utility", body=body, **changes)
    return replace(found, samples=dict.fromkeys(found.sample_keys, "algo"))


@contextmanager
def losing_front(
    target: str, *, answer: int | None = None, meanwhile: Callable[[], None] | None = None
) -> Iterator[str]:
    """A front door of the provider at `target`: everything but a GET is carried out, and its answer is lost.

    `answer`: the status of a gateway's page in place of nothing at all. `meanwhile`: what happens before the answer, which
    then comes through. GETs always do. Gives its address.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._pass_on(self._forward())

        def _pass_on(self, response: httpx.Response) -> None:
            self.send_response(response.status_code)
            self.send_header("Content-Type", response.headers.get("content-type", "application/json"))
            self.send_header("Content-Length", str(len(response.content)))
            self.end_headers()
            self.wfile.write(response.content)

        def do_POST(self) -> None:
            response = self._forward()
            if meanwhile is not None:
                meanwhile()
                connection.close()
                self._pass_on(response)
            elif answer is not None:
                self.send_response(answer)
                self.send_header("Content-Length", "0")
                self.end_headers()

        do_DELETE = do_PATCH = do_PUT = do_POST

        def _forward(self) -> httpx.Response:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            left_out = ("host", "content-length", "connection", "accept-encoding")
            headers = {name: value for name, value in self.headers.items() if name.lower() not in left_out}
            return httpx.request(self.command, target + self.path, content=body, headers=headers, timeout=10)

        def log_message(self, format: str, *arguments: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
