"""The upload of a sample in two steps, as Meta documents it, over a real socket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from providers.abilities import TemplateDraft
from providers.adapters.meta import MetaCloudApi
from providers.contracts import RemoteTemplate
from providers.errors import PreparationFailed, Reason
from tests.providers.adapters.meta.payloads import WABA, adapter, payload
from tests.providers.sample_server import HOST, PNG, sample_server
from tests.providers.wire import answer, request_read, run, served

SESSION, HANDLE = payload("upload_session.response"), payload("upload_file.response")
CREATED = payload("template_create.response")
BODY = {"type": "BODY", "text": "Hola, mirá las ofertas."}


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Iterator[str]:
    """Where the samples are."""
    settings.SAMPLE_PRIVATE_HOSTS = [HOST]
    with sample_server(tmp_path, monkeypatch) as address:
        yield address


def image(address: str) -> dict[str, Any]:
    return {"type": "HEADER", "format": "IMAGE", "example": {"header_handle": [address]}}


def submitted(
    answers: list[tuple[int, Any]], *components: Any, **credentials: str
) -> tuple[RemoteTemplate, list[bytes]]:
    """What is created, and the requests that it took."""
    requests: list[bytes] = []

    async def serve_next(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        requests.append(await request_read(reader))
        status, body = answers[len(requests) - 1]
        writer.write(answer(json.dumps(body).encode(), status=f"{status} X"))
        await writer.drain()

    async def work() -> RemoteTemplate:
        async with served(serve_next) as base_url:
            known = adapter(base_url=base_url)
            made = MetaCloudApi(replace(known.config, credentials={**known.config.credentials, **credentials}))
            draft = TemplateDraft("promo", "es_AR", "marketing", [*components, BODY])
            return await asyncio.to_thread(made.submit_template, draft)

    return run(work()), requests


def test_a_sample_is_uploaded_in_two_steps_and_its_handle_goes_with_the_template(files: str) -> None:
    made, (begin, upload, create) = submitted(
        [(200, SESSION), (200, HANDLE), (200, CREATED)], image(f"{files}/foto.png"), app_id="2281283925530161"
    )
    assert begin.startswith(
        b"POST /v25.0/2281283925530161/uploads?file_name=foto.png&file_length=72&file_type=image%2Fpng HTTP/1.1"
    )
    head, _, content = upload.partition(b"\r\n\r\n")
    assert head.startswith(f"POST /v25.0/{SESSION['id']} HTTP/1.1".encode())
    token = adapter().config.credentials["access_token"].strip()
    assert f"authorization: oauth {token}".lower().encode() in head.lower()
    assert b"file_offset: 0" in head.lower()
    assert content == PNG
    assert create.startswith(f"POST /v25.0/{WABA}/message_templates ".encode())
    assert json.loads(create.partition(b"\r\n\r\n")[2])["components"] == [image(HANDLE["h"]), BODY]
    assert made.components == [image(f"{files}/foto.png"), BODY]


def test_without_an_app_id_it_is_the_tokens_own_app(files: str) -> None:
    _made, requests = submitted([(200, SESSION), (200, HANDLE), (200, CREATED)], image(f"{files}/foto.png"))
    assert requests[0].startswith(b"POST /v25.0/app/uploads?")


def test_the_cards_of_a_carousel_have_samples_too(files: str) -> None:
    carousel = {"type": "CAROUSEL", "cards": [{"components": [image(f"{files}/foto.jpg"), BODY]}]}
    _made, requests = submitted([(200, SESSION), (200, HANDLE), (200, CREATED)], carousel)
    sent = json.loads(requests[2].partition(b"\r\n\r\n")[2])
    assert sent["components"][0]["cards"][0]["components"] == [image(HANDLE["h"]), BODY]


def test_a_handle_goes_as_it_is() -> None:
    _made, requests = submitted([(200, CREATED)], image("4::aW1hZ2U="))
    assert len(requests) == 1


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        ([(400, {"error": {"code": 100, "message": "No app"}})], Reason.BAD_REQUEST),
        ([(200, {"id": "https://elsewhere.example/upload"})], Reason.UNREADABLE_ANSWER),
        ([(200, SESSION), (500, {"error": {"code": 2}})], Reason.PROVIDER_DOWN),
        ([(200, SESSION), (200, {})], Reason.UNREADABLE_ANSWER),
    ],
    ids=["no session", "an address in place of a session", "no upload", "no handle"],
)
def test_an_upload_that_fails_proves_that_no_template_was_asked_for(
    files: str, answers: list[tuple[int, Any]], reason: Reason
) -> None:
    with pytest.raises(PreparationFailed) as caught:
        submitted(answers, image(f"{files}/foto.png"))
    assert caught.value.reason is reason
