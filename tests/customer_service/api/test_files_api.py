"""Files of a conversation over HTTP: sent once, refused as the composer refuses them, told of, and read by who may."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from customer_service.models import InboundFile
from providers.models import ProviderAccount
from providers.simulator.media import SAMPLES
from recontact.models import MediaFile, Message, Query
from templates_app.api import parsing
from tests.api_client import KeyClient, client_make
from tests.customer_service.agents import customer_writes
from tests.customer_service.files import PAGE, PICTURE, file_make, inbound_file_make
from tests.factories import query_make

pytestmark = pytest.mark.django_db

PDF = SAMPLES["document"][2]


@pytest.fixture
def api() -> KeyClient:
    return client_make()


@pytest.fixture
def open_query() -> Query:
    query = query_make()
    customer_writes(query)
    return query


def send(
    api: KeyClient, query: Query, content: bytes = PICTURE, *, name: str = "foto.png", key: str = "1", **fields: Any
) -> Any:
    upload = SimpleUploadedFile(name, content, content_type="text/html")
    path, data = f"/api/v1/queries/{query.pk}/messages", {"file": upload, **fields}
    return api.post(path, data, format="multipart", HTTP_IDEMPOTENCY_KEY=key)


def kept() -> int:
    return MediaFile.objects.filter(state=MediaFile.State.KEPT).count()


def test_a_file_is_queued_with_its_words_and_nobody_takes_the_query(api: KeyClient, open_query: Query) -> None:
    answer = send(api, open_query, PDF, name="factura.pdf", text="Su factura")

    assert (answer.status_code, answer.json()["kind"], answer.json()["state"]) == (202, "media", "queued")
    message = Message.objects.get()
    assert (message.origin, message.body, kept()) == (Message.Origin.API, "Su factura", 1)
    open_query.refresh_from_db()
    assert (open_query.assigned_to, open_query.preview) == (None, "Su factura")


def test_a_repeated_request_gets_the_first_answer_and_sends_and_keeps_one_file(
    api: KeyClient, open_query: Query
) -> None:
    first, second = send(api, open_query), send(api, open_query)

    assert (second.json(), second["Idempotency-Replayed"]) == (first.json(), "true")
    assert (Message.objects.count(), kept()) == (1, 1)


def test_the_same_key_with_another_file_is_another_request(api: KeyClient, open_query: Query) -> None:
    send(api, open_query)

    other = send(api, open_query, PDF, name="foto.png")

    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert (Message.objects.count(), kept()) == (1, 1)


@pytest.mark.parametrize(
    ("content", "name", "status", "code"),
    [
        (PAGE, "foto.png", 400, "file_type"),
        (b"", "vacio.pdf", 400, "file_type"),
        (SAMPLES["sticker"][2], "figurita.webp", 409, "file_not_carried"),
        (b"\x89PNG\r\n\x1a\n" + bytes(5 * 1024 * 1024), "enorme.png", 400, "file_too_large"),
    ],
)
def test_what_whatsapp_does_not_take_is_refused_with_a_code(
    api: KeyClient, open_query: Query, content: bytes, name: str, status: int, code: str
) -> None:
    problem = send(api, open_query, content, name=name)

    assert (problem.status_code, problem.json()["code"], problem.json()["errors"][0]["field"]) == (status, code, "file")
    assert (Message.objects.count(), MediaFile.objects.count()) == (0, 0)


def test_words_that_are_too_long_or_not_carried_are_refused(api: KeyClient, open_query: Query) -> None:
    assert send(api, open_query, text="x" * 1025).json()["code"] == "text_too_long"

    ProviderAccount.objects.update(provider="sinch")
    assert send(api, open_query, text="Hola").json()["code"] == "caption_not_carried"


def test_after_the_window_it_is_refused_and_the_file_goes(api: KeyClient) -> None:
    query = query_make()
    customer_writes(query, at=timezone.now() - timedelta(hours=25))

    problem = send(api, query)

    assert (problem.status_code, problem.json()["code"]) == (409, "window_closed")
    assert (Message.objects.count(), kept()) == (0, 0)


def test_a_form_without_a_file_is_text(api: KeyClient, open_query: Query) -> None:
    path = f"/api/v1/queries/{open_query.pk}/messages"

    answer = api.post(path, {"text": "Hola"}, format="multipart", HTTP_IDEMPOTENCY_KEY="1")
    wrong = api.post(
        path, {"photo": SimpleUploadedFile("a.png", PICTURE)}, format="multipart", HTTP_IDEMPOTENCY_KEY="2"
    )

    assert (answer.status_code, answer.json()["kind"]) == (202, "text")
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (400, "file")


def test_a_form_is_bounded(api: KeyClient, open_query: Query, monkeypatch: pytest.MonkeyPatch) -> None:
    long = send(api, open_query, text="x" * 4_000_000)
    monkeypatch.setattr(parsing, "MAX_FORM_BYTES", 100)
    large = send(api, open_query)

    assert [(answer.status_code, answer.json()["code"]) for answer in (long, large)] == [(413, "body_too_large")] * 2


def test_a_colleagues_query_takes_no_file(open_query: Query) -> None:
    api = client_make(permissions={"recontact.view_query", "recontact.send_text"})
    Query.objects.filter(pk=open_query.pk).update(assigned_to=client_make().user, state=Query.State.IN_PROGRESS)

    assert send(api, open_query).status_code == 404
    assert MediaFile.objects.count() == 0


def test_the_conversation_tells_of_files_here_on_their_way_and_gone(api: KeyClient, open_query: Query) -> None:
    inbound_file_make(open_query, file=file_make(open_query, PDF, name="dni.pdf", kind="document"), kind="document")
    inbound_file_make(open_query, kind="video", state=InboundFile.State.TOO_LARGE)
    send(api, open_query)
    sent = Message.objects.get()
    Message.objects.filter(pk=sent.pk).update(created_at=timezone.now() + timedelta(minutes=1))

    rows = api.read(f"queries/{open_query.pk}/messages")["results"]

    ours = rows[0]["files"][0]
    assert (ours["state"], ours["kind"], ours["name"], ours["size"]) == ("stored", "image", "foto.png", len(PICTURE))
    told = {row["files"][0]["state"]: row["files"][0] for row in rows[1:] if row["files"]}
    assert (told["stored"]["content_type"], told["stored"]["name"]) == ("application/pdf", "dni.pdf")
    assert (told["too_large"]["url"], told["too_large"]["size"]) == (None, None)


def test_a_file_is_read_by_the_scope_of_its_side(open_query: Query) -> None:
    theirs = file_make(open_query, PDF, kind="document")
    inbound_file_make(open_query, file=theirs, kind="document")
    ours = file_make(open_query)

    def statuses(*scopes: str) -> list[int]:
        api = client_make(scopes=["queries:read", *scopes])
        return [
            api.get(f"/api/v1/queries/{open_query.pk}/files/{file.pk}", HTTP_ACCEPT="image/png").status_code
            for file in (theirs, ours)
        ]

    assert statuses("conversations:read") == [200, 403]
    assert statuses("messages:read") == [403, 200]


def test_a_file_comes_whole_or_in_part_as_something_to_keep(api: KeyClient, open_query: Query) -> None:
    path = f"/api/v1/queries/{open_query.pk}/files/{file_make(open_query, PDF, name='dni.pdf', kind='document').pk}"

    whole, part = api.get(path), api.get(path, HTTP_RANGE="bytes=0-3")

    assert (whole.getvalue(), whole["Content-Type"]) == (PDF, "application/pdf")
    assert whole["Content-Disposition"].startswith("attachment")
    assert whole["Cache-Control"] == "no-store"
    assert (part.status_code, part.getvalue()) == (206, PDF[:4])


def test_no_file_is_reached_through_another_query(api: KeyClient, open_query: Query) -> None:
    file = file_make(open_query)

    assert api.get(f"/api/v1/queries/{query_make().pk}/files/{file.pk}").status_code == 404
