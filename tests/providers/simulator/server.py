"""A real simulator process and a real webhook receiver for tests, both on loopback."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx

SAMPLES = Path(__file__).parents[2] / "payloads"
PAYLOADS = SAMPLES / "meta"
PROJECT = Path(__file__).parents[3]
PHONE_NUMBER_ID = "298117653388214"
WABA_ID = "301945226341870"
TOKEN = "token-of-the-tests"
APP_SECRET = "0123456789abcdef0123456789abcdef"
VERIFY_TOKEN = "s3cret-verify"
PATIENCE_SECONDS = 30.0


def payload(name: str) -> Any:
    """A document of tests/payloads/meta."""
    return json.loads((PAYLOADS / f"{name}.json").read_text(encoding="utf-8"))


def sample(slug: str, name: str) -> Any:
    """A document of tests/payloads/<slug>."""
    return json.loads((SAMPLES / slug / f"{name}.json").read_text(encoding="utf-8"))


def shape(document: Any) -> Any:
    """A document with its values replaced by their types: what must agree with Meta's samples."""
    if isinstance(document, dict):
        return {key: shape(value) for key, value in sorted(document.items())}
    if isinstance(document, list):
        return [shape(item) for item in document]
    return type(document).__name__


@dataclass
class Arrived:
    """One webhook as it arrived."""

    body: bytes
    signature: str
    path: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def document(self) -> Any:
        """The parsed body."""
        return json.loads(self.body)

    @property
    def signed(self) -> bool:
        """Whether the signature is that of the app secret over the raw bytes."""
        expected = "sha256=" + hmac.new(APP_SECRET.encode(), self.body, hashlib.sha256).hexdigest()
        return hmac.compare_digest(expected, self.signature)


@dataclass
class Receiver:
    """A webhook receiver that answers as it is told and keeps what arrives."""

    arrived: list[Arrived] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    url: str = ""

    def values(self, name: str = "messages") -> list[dict[str, Any]]:
        """All values of a field, in the order of arrival."""
        return [
            change["value"]
            for webhook in list(self.arrived)
            for entry in webhook.document["entry"]
            for change in entry["changes"]
            if change["field"] == name
        ]

    def statuses(self) -> list[dict[str, Any]]:
        """All statuses, in the order of arrival."""
        return [status for value in self.values() for status in value.get("statuses", [])]

    def words(self) -> list[str]:
        """The words of all statuses."""
        return [status["status"] for status in self.statuses()]


def receiver_server(receiver: Receiver) -> ThreadingHTTPServer:
    """A server for the receiver, on a free loopback port; the caller shuts it down."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            query = dict(parse_qsl(urlsplit(self.path).query))
            agreed = query.get("hub.verify_token") == VERIFY_TOKEN
            self._answer(200 if agreed else 403, query.get("hub.challenge", "").encode() if agreed else b"")

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            signature = self.headers.get("X-Hub-Signature-256", "")
            receiver.arrived.append(Arrived(body, signature, self.path, dict(self.headers.items())))
            self._answer(receiver.answers.pop(0) if receiver.answers else 200, b"")

        def _answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver.url = f"http://127.0.0.1:{server.server_address[1]}/webhooks/meta"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    return server


class SimulatorProcess:
    """A simulator process on a free port, with a client that holds the account's token."""

    def __init__(self, store: Path, *options: str) -> None:
        self.store = store
        self._options = options
        self.start()

    def start(self) -> None:
        """Start (again) on the same store."""
        where = ["--port", "0", "--store", str(self.store)]
        command = [sys.executable, "-m", "providers.simulator", *where, *self._options]
        environment = {key: value for key, value in os.environ.items() if not key.startswith("SIMULATOR_")}
        self._process = subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert "ready on http://127.0.0.1:" in line, line
        self.url = line.rsplit(" ", 1)[1].strip()
        self.graph = httpx.Client(
            base_url=f"{self.url}/v25.0/", headers={"Authorization": f"Bearer {TOKEN}"}, timeout=10
        )
        self.control = httpx.Client(base_url=f"{self.url}/control/", timeout=15)

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def stop(self, number: signal.Signals = signal.SIGTERM) -> float:
        """Stop it; returns how many seconds that took."""
        began = time.monotonic()
        self.graph.close()
        self.control.close()
        if self._process.poll() is None:
            self._process.send_signal(number)
            self._process.wait(timeout=10)
        if self._process.stdout is not None:
            self._process.stdout.close()
        return time.monotonic() - began

    def get(self, path: str, **query: str) -> Any:
        """GET of the control API."""
        return self.control.get(path, params=query).raise_for_status().json()

    def post(self, path: str, **order: Any) -> Any:
        """POST to the control API."""
        response = self.control.post(path, json=order)
        assert response.status_code == 200, response.text
        return response.json()

    def knobs(self, **knobs: Any) -> None:
        """Set knobs."""
        self.post("knobs", **knobs)

    def send(self, to: str = "+5491155550100", name: str = "hello_world", **changes: Any) -> httpx.Response:
        """Send a template without parameters (or what the changes make of it)."""
        body = {
            "messaging_product": "whatsapp",
            "to": to,
            "type": "template",
            "template": {"name": name, "language": {"code": "en_US"}},
            "biz_opaque_callback_data": "hsm:1",
            **changes,
        }
        return self.graph.post(f"{PHONE_NUMBER_ID}/messages", json=body)

    def settle(self) -> None:
        """Wait until nothing is pending."""
        until(lambda: self.get("counts")["pending"] == 0)


def until(condition: Callable[[], bool]) -> None:
    """Wait until the condition holds."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


def seed_data(webhook_url: str) -> dict[str, Any]:
    """One account, one number, and the templates of the payload files."""
    listed = [*payload("templates_list_page1.response")["data"], *payload("templates_list_page2_last.response")["data"]]
    hello = {
        "id": "1100000000000001",
        "name": "hello_world",
        "language": "en_US",
        "category": "MARKETING",
        "components": [{"type": "BODY", "text": "Welcome"}],
    }
    return {
        "accounts": [
            {
                "waba_id": WABA_ID,
                "token": TOKEN,
                "app_secret": APP_SECRET,
                "verify_token": VERIFY_TOKEN,
                "webhook_url": webhook_url,
            }
        ],
        "numbers": [
            {
                "phone_number_id": PHONE_NUMBER_ID,
                "waba_id": WABA_ID,
                "display_phone_number": "+54 9 11 5555-0199",
                "verified_name": "Ejemplo S.A.",
            }
        ],
        "templates": [{**template, "waba_id": WABA_ID} for template in [*listed, hello]],
        "customers": [
            {
                "portfolio_id": WABA_ID,
                "wa_id": "5491155550100",
                "user_id": "AR.27183920456611029384",
                "name": "Lucía Fernández",
            }
        ],
    }
