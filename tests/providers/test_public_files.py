"""Files that a person names by their address: from the open internet alone, of the kinds that WhatsApp takes, not too large."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from providers import public_files
from providers.errors import PreparationFailed, Reason
from providers.public_files import PublicFile, file_fetch, is_public
from tests.providers.sample_server import HOST, PNG, sample_server


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Iterator[str]:
    """The address of a server that may be fetched from."""
    settings.SAMPLE_PRIVATE_HOSTS = [HOST]
    with sample_server(tmp_path, monkeypatch) as address:
        yield address


def refusal(url: str) -> str:
    with pytest.raises(PreparationFailed) as caught:
        file_fetch(url)
    assert caught.value.reason is Reason.MEDIA
    return caught.value.detail


def test_a_file_comes_with_its_name_and_the_type_of_its_first_bytes(server: str) -> None:
    assert file_fetch(f"{server}/foto.png?firma=señal 1") == PublicFile("foto.png", "image/png", PNG)


@pytest.mark.parametrize(
    ("name", "kind"), [("foto.jpg", "image/jpeg"), ("clip.mp4", "video/mp4"), ("hoja.pdf", "application/pdf")]
)
def test_the_kinds_that_whatsapp_takes_are_recognized(server: str, name: str, kind: str) -> None:
    assert file_fetch(f"{server}/{name}").content_type == kind


def test_what_is_no_medium_is_refused_whatever_its_name_says(server: str) -> None:
    assert "no JPEG or PNG" in refusal(f"{server}/pagina.png")


def test_a_redirect_is_not_followed(server: str) -> None:
    assert "HTTP 302" in refusal(f"{server}/mudada.png")


def test_a_file_that_is_too_large_is_not_read_to_its_end(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(public_files, "MAX_BYTES", 32)
    assert "larger than" in refusal(f"{server}/foto.png")


def test_another_address_of_the_name_is_tried_when_one_does_not_answer(
    server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = socket.getaddrinfo

    def resolved(host: str, port: int, *rest: Any, **named: Any) -> list[Any]:
        # The socket library asks too, for each address by itself.
        wanted = ("::1", HOST) if named else (host,)
        return [each for one in wanted for each in real(one, port, *rest, **named)]

    monkeypatch.setattr(socket, "getaddrinfo", resolved)
    assert file_fetch(f"{server}/foto.png").content == PNG


def test_a_server_that_is_not_there_is_said_so(settings: Settings) -> None:
    settings.SAMPLE_PRIVATE_HOSTS = [HOST]
    assert "could not be reached" in refusal(f"https://{HOST}:9/foto.png")


@pytest.mark.parametrize("url", ["http://cdn.example.com/a.png", "file:///etc/passwd", "https:///a.png"])
def test_only_https_is_fetched(url: str) -> None:
    assert "https://" in refusal(url)


def test_an_address_in_our_own_network_is_not_called(server: str, settings: Settings) -> None:
    settings.SAMPLE_PRIVATE_HOSTS = []
    assert "private network" in refusal(f"{server}/foto.png")
    assert "private network" in refusal(f"https://localhost:{server.rpartition(':')[2]}/foto.png")


def test_a_name_of_which_one_address_is_private_is_not_called(monkeypatch: pytest.MonkeyPatch) -> None:
    def resolved(host: str, port: int, **_options: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in ("93.184.216.34", "10.0.0.5")]

    monkeypatch.setattr(socket, "getaddrinfo", resolved)
    assert "private network" in refusal("https://cdn.example.com/a.png")


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "::1",
        "fe80::1%eth0",
        "fc00::1",
        "::ffff:127.0.0.1",
        "::ffff:93.184.216.34",
        "64:ff9b::a00:5",
        "2002:a00:5::",
    ],
)
def test_what_is_not_on_the_open_internet(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946"])
def test_what_is_on_the_open_internet(address: str) -> None:
    assert is_public(address)
