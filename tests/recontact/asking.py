"""Providers of the tests: one that can be asked what became of a message, with its server on the loopback, and one that
knows nothing of our references."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.utils import timezone

from providers import registry
from providers.abilities import LookUp, LookUpAnswer
from providers.contracts import Accepted, AccountConfig, Capabilities, DeliveryStatus, OutboundMessage, StatusEvent
from providers.errors import ErrorCode, ProviderCallError, Reason, SendError
from providers.http import Call, call_provider

SLUG = "asking"


class AskingAdapter:
    """Looks up by our reference; all else is not needed here."""

    slug, label = SLUG, "Asking"
    capabilities = Capabilities(look_up=True, callback_reference=True)
    credential_fields: Sequence[Any] = ()
    error_codes: Mapping[str, ErrorCode] = {}

    def __init__(self, config: AccountConfig) -> None:
        self.base_url = config.base_url

    async def send(self, message: OutboundMessage) -> Accepted:
        raise AssertionError("nothing is sent here")

    async def look_up(self, message: LookUp) -> LookUpAnswer:
        """`{"found": ["delivered"], "id": "..."}`, `{"absent": true}`, or `{}` for "ask later"; 500 is no answer at all."""
        try:
            answer = await call_provider(
                Call("GET", f"{self.base_url}/messages/{message.reference}", params={"to": message.recipient.phone})
            )
        except SendError as error:
            raise ProviderCallError(error.reason, exchange=error.exchange) from error
        if answer.status != 200:
            raise ProviderCallError(
                Reason.PROVIDER_DOWN, provider_code=f"HTTP {answer.status}", exchange=answer.exchange
            )
        told = answer.json_object() or {}
        if told.get("broken"):
            raise ValueError("a bug")
        events = [
            StatusEvent(str(told.get("id", "")), DeliveryStatus(word), timezone.now(), error_reason=told.get("why", ""))
            for word in told.get("found", [])
        ]
        return LookUpAnswer(events, absent=bool(told.get("absent")), exchanges=(answer.exchange,))


class MuteAdapter(AskingAdapter):
    """Takes no reference, and cannot be asked."""

    slug, label = "mute", "Mute"
    capabilities = Capabilities(text=False, parts=frozenset({"body"}), price_reports=True)


class Told:
    """What the server says, by reference or to everybody, and who was asked for."""

    def __init__(self) -> None:
        self.answer: dict[str, Any] = {}
        self.status = 200
        self.asked: list[str] = []


@contextmanager
def asking_provider(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Iterator[Told]:
    """The provider registered, and its server running."""
    told = Told()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            told.asked.append(self.path.partition("?")[0].rpartition("/")[2])
            body = json.dumps(told.answer).encode()
            self.send_response(told.status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    settings.PROVIDER_BASE_URLS = {SLUG: f"http://127.0.0.1:{server.server_address[1]}"}
    try:
        with registered(monkeypatch, AskingAdapter):
            yield told
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def registered(monkeypatch: pytest.MonkeyPatch, adapter: type[AskingAdapter]) -> Iterator[None]:
    """The adapter is one of the registered providers meanwhile."""
    monkeypatch.setitem(registry.ADAPTERS, adapter.slug, f"{__name__}.{adapter.__name__}")
    _forget_providers()
    yield
    monkeypatch.undo()
    _forget_providers()


def _forget_providers() -> None:
    for cached in (registry.adapter_paths, registry.adapter_class, registry.providers_available):
        cached.cache_clear()
