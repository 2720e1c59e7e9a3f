"""Files of customers, from the simulator's phone to the ticket: each provider's own way of handing them out."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from customer_service.inbound_files import file_fetch_again, waiting_fetch
from customer_service.models import InboundFile, InboundMessage
from providers.simulator.media import SAMPLES
from recontact.clock import ClockTimestamp
from recontact.models import MediaFile, Message, Query
from recontact.outbox import attachment_send
from tests.providers.e2e.provider import Provider
from tests.providers.e2e.setups import EVERY
from tests.providers.e2e.setups.meta import PROVIDER as PROVIDER
from tests.providers.e2e.stage import NUMBER_ID, Stage

#: Clickatell documents nothing of the files that customers send.
WITH_FILES = [provider for provider in EVERY if provider.slug != "clickatell"]
CUSTOMER = "5491144440000"
State = InboundFile.State


def write(stage: Stage, kind: str = "image", *, media: dict[str, Any] | None = None, **order: Any) -> InboundFile:
    """The customer sends a file; what Customer Service has of it before anything is fetched."""
    sent = {"phone_number_id": NUMBER_ID, "from": CUSTOMER, "type": kind, "media": media or {}, **order}
    stage.simulator.post("inbound", **sent)
    stage.until(InboundMessage.objects.exists, what="the message")
    return InboundFile.objects.get()


def fetched(file: InboundFile) -> InboundFile:
    """The file after a worker looked, as if it were due."""
    InboundFile.objects.filter(pk=file.pk).exclude(due_at=None).update(due_at=ClockTimestamp())
    waiting_fetch()
    return InboundFile.objects.select_related("file").get(pk=file.pk)


@pytest.mark.parametrize("provider", WITH_FILES, ids=lambda provider: provider.slug)
def test_a_picture_is_fetched_in_the_providers_way(stage: Stage, provider: Provider) -> None:
    file = write(stage, text="Comprobante")
    assert file.state == State.WAITING

    file = fetched(file)

    assert (file.state, file.pointer, file.tries) == (State.STORED, {}, 1)
    assert file.file is not None
    assert (file.file.content_type, file.file.state) == ("image/png", MediaFile.State.KEPT)
    assert file.file.file.read() == SAMPLES["image"][2]
    assert stage.problems() == []


def test_words_under_a_file_are_the_messages_words(stage: Stage) -> None:
    file = write(stage, "document", text="La factura", media={"name": "factura.pdf"})
    assert (file.message.text, file.message.kind) == ("La factura", "document")
    stored = fetched(file).file
    assert stored is not None
    assert (stored.content_type, stored.file_name) == ("application/pdf", "factura.pdf")


def test_a_file_of_a_hundred_megabytes_is_refused_in_words_and_never_read(stage: Stage) -> None:
    file = fetched(write(stage, "document", media={"size": 100 * 1024 * 1024, "name": "enorme.pdf"}))
    assert (file.state, file.detail, file.file) == (State.TOO_LARGE, "50", None)
    assert MediaFile.objects.count() == 0


def test_a_file_that_says_it_is_small_and_is_not_is_left_at_the_limit(
    stage: Stage, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.MEDIA_MAX_BYTES = 64 * 1024
    file = fetched(write(stage, "video", media={"size": 100 * 1024 * 1024}))
    assert (file.state, file.file) == (State.TOO_LARGE, None)


def test_a_file_that_the_provider_no_longer_has_is_said_so(stage: Stage) -> None:
    assert fetched(write(stage, media={"gone": True})).state == State.GONE


def test_while_the_provider_refuses_it_is_tried_again_until_it_works(stage: Stage) -> None:
    account = {"token_revoked": True}
    stage.simulator.post("accounts/acct", **account)
    file = fetched(write(stage))
    assert (file.state, file.tries) == (State.WAITING, 1)
    assert file.due_at is not None
    assert file.detail

    stage.simulator.post("accounts/acct", token_revoked=False)
    assert fetched(file).state == State.STORED


def test_one_that_was_given_up_is_fetched_when_a_person_asks_again(stage: Stage) -> None:
    stage.simulator.post("accounts/acct", token_revoked=True)
    file = write(stage)
    for _ in range(11):
        file = fetched(file)
    assert (file.state, file.due_at) == (State.FAILED, None)

    stage.simulator.post("accounts/acct", token_revoked=False)
    assert file_fetch_again(file)
    assert fetched(file).state == State.STORED


def test_a_page_that_calls_itself_a_picture_is_kept_as_bytes_of_no_type(stage: Stage) -> None:
    page = "PGh0bWw+PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0PjwvaHRtbD4="
    stored = fetched(write(stage, media={"content_type": "image/svg+xml", "base64": page})).file
    assert stored is not None
    assert stored.content_type == "application/octet-stream"


# --- what agents send ----------------------------------------------------------------------------------------------------

BOARDING_PASS = b"%PDF-1.4\n%%EOF\n"


def send(stage: Stage, content: bytes, name: str, caption: str = "") -> Message:
    """An agent sends a file to a customer who wrote a moment ago."""
    stage.simulator.post("inbound", phone_number_id=NUMBER_ID, **{"from": CUSTOMER, "type": "text", "text": "Hola"})
    stage.until(InboundMessage.objects.exists, what="the question")
    query = Query.objects.get()
    upload = SimpleUploadedFile(name, content, content_type="text/html")
    return attachment_send(query_id=query.pk, upload=upload, caption=caption, user=None, send_key=None)


def sent_link(stage: Stage, message: Message) -> str:
    """The link of the file in what the provider accepted; "" where it has an id instead."""
    media = stage.accepted(message)[0]["extra"]["media"]
    return str(media.get("link", "")) if isinstance(media, dict) else str(media)


@pytest.mark.parametrize("provider", WITH_FILES, ids=lambda provider: provider.slug)
def test_a_file_is_sent_once_and_read(stage: Stage, provider: Provider) -> None:
    message = stage.wait_for(send(stage, BOARDING_PASS, "pase.pdf"), "read")

    [accepted] = stage.accepted(message)
    assert (message.kind, stage.attempts(message)) == ("media", ["accepted"])
    assert accepted["wamid"] == message.provider_message_id
    link = sent_link(stage, message)
    if provider.slug == "meta":
        assert not link
    else:
        response = Client().get(link.removeprefix(stage.portal))
        assert response.getvalue() == BOARDING_PASS
        assert response["Content-Type"] == "application/pdf"
    stage.prove()


def test_words_under_a_file_go_with_it(stage: Stage) -> None:
    message = stage.wait_for(send(stage, SAMPLES["image"][2], "foto.png", "Su turno"), "read")
    [accepted] = stage.accepted(message)
    assert accepted["bubble"]["body"] == "[image] Su turno"
    media = accepted["extra"]["media"]
    assert media["caption"] == "Su turno"
    assert "filename" not in media


def test_when_the_upload_fails_the_file_goes_by_a_link(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("providers.adapters.meta.media.LARGEST_UPLOAD", 4)
    message = stage.wait_for(send(stage, BOARDING_PASS, "pase.pdf"), "read")
    assert sent_link(stage, message).startswith(f"{stage.portal}/files/")
    assert stage.attempts(message) == ["accepted"]
