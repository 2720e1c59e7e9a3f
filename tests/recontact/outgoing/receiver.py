"""A system outside that is told of events: a real server on the loopback that keeps what it got."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from recontact.models import OutgoingEvent, Subscription
from recontact.outgoing.keeping import secret_renew

HOST = "127.0.0.1"
#: Instead of a status: the connection ends without an answer.
CUT = 0


@dataclass
class Got:
    """One request as it came."""

    headers: dict[str, str]
    raw: bytes

    @property
    def body(self) -> Any:
        return json.loads(self.raw)


@dataclass
class Receiver:
    """`answer` gives the status for a body (200 unless set), or CUT; `slow` seconds pass before each answer."""

    url: str = ""
    got: list[Got] = field(default_factory=list)
    answer: Callable[[Any], int] = lambda _body: 200
    words: bytes = b"no quiero"
    slow: float = 0.0

    @property
    def kinds(self) -> list[str]:
        return [each.body["type"] for each in self.got]


def is_ours(body: bytes, header: str, secret: str, now: float) -> bool:
    """As docs/api.md tells receivers to check a signature, at the moment `now`."""
    parts = dict(part.partition("=")[::2] for part in header.split(","))
    at = parts.get("t", "")
    if not at.isdigit() or abs(now - int(at)) > 300:
        return False
    wanted = hmac.new(secret.encode(), at.encode() + b"." + body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(wanted.encode(), parts.get("v1", "").encode())


@contextmanager
def receiver_run() -> Iterator[Receiver]:
    """A receiver, running."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["Content-Length"]))
            got = Got(dict(self.headers), raw)
            receiver.got.append(got)
            time.sleep(receiver.slow)
            status = receiver.answer(got.body)
            if status == CUT:
                self.close_connection = True
                return
            content = receiver.words if status >= 300 else b""
            self.send_response(status)
            if status == 302:
                self.send_header("Location", receiver.url)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *arguments: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer((HOST, 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    receiver.url = f"http://{HOST}:{server.server_address[1]}/eventos"
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()


def subscription_make(url: str, *kinds: str, **fields: Any) -> tuple[Subscription, str]:
    """An active subscription to these events (all when none is named), and its secret."""
    events = list(kinds) or [kind for kind in OutgoingEvent.Kind.values if kind != OutgoingEvent.Kind.TEST]
    fields.setdefault("name", f"Sistema {Subscription.objects.count() + 1}")
    subscription = Subscription(url=url, events=events, **fields)
    secret = secret_renew(subscription)
    subscription.save()
    return subscription, secret
