"""Fetching a customer's file: from where, with whose key, how much of it."""

from __future__ import annotations

import contextlib
import io
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from pytest_django import Settings

from providers.contracts import MediaPointer
from providers.errors import MediaGone
from providers.media import FetchedMedia, MediaTooLarge, MediaUnavailable, media_fetch
from providers.media_sources import own_source
from providers.models import ProviderAccount
from providers.whatsapp.media import content_type_of
from tests.factories import account_make

pytestmark = pytest.mark.django_db
KEY = {"Authorization": "Basic key"}
ZIP, COMPOUND = b"PK\x03\x04rest", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rest"
WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


class Server(ThreadingHTTPServer):
    """Answers by path, and remembers who asked with which key."""

    asked: list[tuple[str, str]]


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.asked.append((self.path, self.headers.get("Authorization", "")))
        kind, _, rest = self.path.lstrip("/").partition("/")
        if kind == "to":
            self.send_response(302)
            self.send_header("Location", rest)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if kind == "drip":
            with contextlib.suppress(OSError):
                for letter in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"a" * 1000:
                    self.wfile.write(bytes([letter]))
                    time.sleep(0.05)
            return
        self.send_response(int(kind))
        self.send_header("Content-Type", "image/png; charset=binary")
        if "unsaid" not in rest:
            self.send_header("Content-Length", "100")
        self.end_headers()
        self.wfile.write(b"\x89PNG" + b"\x00" * 96)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server(("127.0.0.1", 0), Handler)
    made.asked = []
    threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield made
    made.shutdown()
    made.server_close()


@pytest.fixture
def account(server: Server, settings: Settings) -> ProviderAccount:
    """An account at Twilio, whose hosts the test server stands in for."""
    settings.PROVIDER_BASE_URLS = {"twilio": root(server)}
    return account_make(provider="twilio")


def root(server: Server) -> str:
    return f"http://127.0.0.1:{server.server_address[1]}"


def fetch(account: ProviderAccount, url: str, *, limit: int = 1000) -> FetchedMedia:
    return media_fetch(account=account, pointer=MediaPointer(url=url), into=io.BytesIO(), limit=limit)


def test_it_comes_with_its_size_and_type_by_the_accounts_key(account: ProviderAccount, server: Server) -> None:
    assert fetch(account, "https://api.twilio.com/200/file") == FetchedMedia(100, "image/png")
    [(path, key)] = server.asked
    assert path == "/200/file"
    assert key.startswith("Basic ")


def test_it_is_not_read_past_the_limit_whatever_the_server_says(account: ProviderAccount) -> None:
    for path in ("200/said", "200/unsaid"):
        with pytest.raises(MediaTooLarge):
            fetch(account, f"https://api.twilio.com/{path}", limit=50)


def test_a_pointer_that_says_too_much_is_not_even_asked_for(account: ProviderAccount, server: Server) -> None:
    with pytest.raises(MediaTooLarge):
        media_fetch(account=account, pointer=MediaPointer(url=root(server), size=51), into=io.BytesIO(), limit=50)
    assert server.asked == []


@pytest.mark.parametrize("status", [404, 410])
def test_what_the_server_does_not_have_is_gone(account: ProviderAccount, status: int) -> None:
    with pytest.raises(MediaGone):
        fetch(account, f"https://api.twilio.com/{status}/file")


@pytest.mark.parametrize("status", [401, 403, 429, 500, 503])
def test_what_the_server_refuses_may_come_later(account: ProviderAccount, status: int) -> None:
    with pytest.raises(MediaUnavailable, match=str(status)):
        fetch(account, f"https://api.twilio.com/{status}/file")


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest/meta-data/",
        "https://169.254.169.254/latest/meta-data/",
        "https://localhost:1/a",
        "https://[::1]:1/a",
        "file:///etc/passwd",
        "ftp://example.com/a",
        "https://api.twilio.com@10.0.0.1/a",
    ],
)
def test_a_webhook_leads_nobody_into_our_network(account: ProviderAccount, server: Server, url: str) -> None:
    with pytest.raises(MediaUnavailable):
        fetch(account, url)
    assert server.asked == []


def test_neither_does_a_redirect(account: ProviderAccount, server: Server) -> None:
    for target in ("https://10.0.0.1/a", "http://127.0.0.1:1/a", "file:///etc/passwd"):
        with pytest.raises(MediaUnavailable):
            fetch(account, f"https://api.twilio.com/to/{target}")
    assert len(server.asked) == 3


def test_a_server_that_answers_letter_by_letter_keeps_no_worker(
    account: ProviderAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("providers.media.TIMEOUT_SECONDS", 0.5)
    began = time.monotonic()
    with pytest.raises(MediaUnavailable, match="too slow"):
        fetch(account, "https://api.twilio.com/drip/file")
    assert time.monotonic() - began < 20


def test_a_circle_of_redirects_ends(account: ProviderAccount, server: Server) -> None:
    with pytest.raises(MediaUnavailable, match="one to the next"):
        fetch(account, "https://api.twilio.com/to//to//to//to//to//200/file")
    assert len(server.asked) == 4


@pytest.mark.parametrize(
    ("url", "with_key"),
    [
        ("https://api.twilio.com/a", True),
        ("https://API.Twilio.com/a", True),
        ("http://api.twilio.com/a", False),
        ("https://twilio.com.evil.example/a", False),
        ("https://eviltwilio.com/a", False),
        ("https://api.twilio.com@evil.example/a", False),
        ("https://evil.example/api.twilio.com", False),
    ],
)
def test_the_key_goes_to_the_providers_own_hosts_alone(url: str, with_key: bool) -> None:
    source = own_source(url, hosts=("twilio.com",), headers=KEY, base_url="")
    assert (bool(source.headers), source.is_own) == (with_key, False)


@pytest.mark.parametrize(
    ("head", "name", "kind"),
    [
        (b"\xff\xd8\xff\xe0", "", "image/jpeg"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "", "image/webp"),
        (b"OggS", "", "audio/ogg"),
        (b"\x00\x00\x00\x18ftypM4A ", "", "audio/mp4"),
        (b"\x00\x00\x00\x18ftyp3gp5", "", "video/3gpp"),
        (ZIP, "carta.DOCX", WORD),
        (ZIP, "carta.zip", "application/octet-stream"),
        (COMPOUND, "carta.doc", "application/msword"),
        ("mañana".encode(), "nota.txt", "text/plain"),
        (b"\x00\x01", "nota.txt", "application/octet-stream"),
        (b"<html>", "foto.png", "application/octet-stream"),
        (b"<svg>", "foto.svg", "application/octet-stream"),
        (b"", "", "application/octet-stream"),
    ],
)
def test_the_first_bytes_say_what_a_file_is(head: bytes, name: str, kind: str) -> None:
    assert content_type_of(head, file_name=name) == kind
