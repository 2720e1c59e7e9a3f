"""Files that agents send: checked, sent once, at the price of free text, and reached by a link only for a while."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from hsm_portal.models import User
from hsm_portal.roles import Role
from providers.contracts import MediaContent
from providers.models import ProviderAccount
from providers.simulator.media import SAMPLES
from recontact.dispatch.recheck import recheck
from recontact.erasure import customer_erase
from recontact.media.attachments import attachments_of, content_of
from recontact.media.links import file_link
from recontact.media.outgoing import attachment_refusals
from recontact.models import CostEntry, MediaFile, Message, Query
from recontact.refusals import Code
from tests.customer_service.agents import agent_make, browser, customer_writes
from tests.customer_service.files import PAGE, PICTURE, file_make
from tests.due import due_of
from tests.factories import query_make

pytestmark = pytest.mark.django_db

KEY = "0b9d4a1c-9f0e-4b65-8f4e-0c4a3f0d7f11"


@pytest.fixture
def open_query(query: Query) -> Query:
    """Ana's query, in which the customer wrote an hour ago."""
    customer_writes(query)
    return query


def send(
    user: User, query: Query, content: bytes = PICTURE, *, name: str = "foto.png", text: str = "", key: str = KEY
) -> Any:
    """What the composer's form sends."""
    upload = SimpleUploadedFile(name, content, content_type="text/html")
    data = {"text": text, "send_key": key, "file": upload}
    return browser(user).post(f"/service/queries/{query.pk}/text/", data)


def test_it_is_queued_as_a_message_with_its_file_and_words(ana: User, open_query: Query) -> None:
    assert send(ana, open_query, text="Su turno").status_code == 302
    message = Message.objects.get()
    [file] = attachments_of([message]).values()
    assert (message.kind, message.body, message.category, message.created_by) == ("media", "Su turno", "service", ana)
    assert (file.state, file.kind, file.content_type, file.file_name) == ("kept", "image", "image/png", "foto.png")
    assert message.expires_at == open_query.inbound_messages.get().occurred_at + timedelta(hours=24)
    assert CostEntry.objects.filter(message=message, kind="estimate").exists()


def test_the_same_form_twice_sends_it_once_and_keeps_one_file(ana: User, open_query: Query) -> None:
    send(ana, open_query)
    assert send(ana, open_query).status_code == 409
    assert Message.objects.count() == 1
    assert MediaFile.objects.filter(state=MediaFile.State.KEPT).count() == 1


@pytest.mark.parametrize(
    ("content", "name", "status"),
    [
        (PAGE, "foto.png", 400),
        (b"MZ\x90", "setup.exe", 400),
        (SAMPLES["sticker"][2], "figurita.webp", 409),
        (b"\x89PNG\r\n\x1a\n" + bytes(5 * 1024 * 1024), "enorme.png", 400),
    ],
)
def test_what_whatsapp_does_not_take_is_refused_and_not_kept(
    ana: User, open_query: Query, content: bytes, name: str, status: int
) -> None:
    response = send(ana, open_query, content, name=name, text="Lo que escribí")
    assert response.status_code == status
    # Nothing that was typed is lost.
    assert "Lo que escribí" in response.content.decode()
    assert (Message.objects.count(), MediaFile.objects.count()) == (0, 0)


def test_it_is_refused_after_the_window_and_its_file_goes(ana: User, query: Query) -> None:
    customer_writes(query, at=timezone.now() - timedelta(hours=25))
    assert send(ana, query).status_code == 409
    assert Message.objects.count() == 0
    assert not MediaFile.objects.filter(state=MediaFile.State.KEPT).exists()


def test_an_agent_sends_nothing_in_a_colleagues_query(open_query: Query) -> None:
    assert send(agent_make(first_name="Bruno"), open_query).status_code == 404
    assert MediaFile.objects.count() == 0


def test_a_provider_that_sends_no_files_is_said_so(ana: User, open_query: Query) -> None:
    User.objects.filter(pk=ana.pk).update(language="en")
    ProviderAccount.objects.filter(pk=open_query.sender_number.account_id).update(provider="clickatell")
    page = browser(ana).get(f"/service/queries/{open_query.pk}/").content.decode()
    assert "sends no files" in page
    assert 'type="file"' not in page
    response = send(ana, open_query)
    assert (response.status_code, "Clickatell sends no files" in response.content.decode()) == (409, True)


def test_a_file_without_words_where_the_provider_carries_none(open_query: Query) -> None:
    number = open_query.sender_number
    number.account.provider = "sinch"
    [refusal] = attachment_refusals(number=number, kind="image", size=10, caption="Hola")
    assert refusal.code == Code.CAPTION_NOT_CARRIED
    assert attachment_refusals(number=number, kind="image", size=10, caption="") == []


def test_the_timeline_shows_it_with_its_ticks(ana: User, open_query: Query) -> None:
    send(ana, open_query, text="Su turno")
    Message.objects.update(state="sending")
    Message.objects.update(state="read")
    page = browser(ana).get(f"/service/queries/{open_query.pk}/").content.decode()
    file = MediaFile.objects.get()
    assert f'src="/service/queries/{open_query.pk}/files/{file.pk}/"' in page
    assert "tick-read" in page
    assert "Su turno" in page


def test_the_list_names_the_file_where_there_are_no_words(ana: User, open_query: Query) -> None:
    send(ana, open_query, name="comprobante.png")
    open_query.refresh_from_db()
    assert open_query.preview == "comprobante.png"


def test_the_manager_shows_it_among_the_messages(ana: User, open_query: Query) -> None:
    send(ana, open_query, text="Su turno")
    manager = browser(agent_make(role=Role.MANAGER, is_staff=True, language="en"))
    page = manager.get(f"/manager/recontact/message/{Message.objects.get().pk}/change/")
    assert (page.status_code, "Su turno" in page.content.decode()) == (200, True)
    assert manager.get("/manager/recontact/message/").status_code == 200


def test_the_adapter_gets_a_link_and_the_bytes(ana: User, open_query: Query) -> None:
    send(ana, open_query, b"%PDF-1.4", name="Año 2026/turno.pdf", text="Su turno")
    message = Message.objects.get()
    content = content_of(message, *attachments_of([message]).values())
    assert isinstance(content, MediaContent)
    assert (content.kind, content.file_name, content.caption, content.size) == ("document", "turno.pdf", "Su turno", 8)
    assert content.read() == b"%PDF-1.4"
    assert content.link.endswith("/turno.pdf")


def test_a_file_that_went_meanwhile_is_skipped_and_not_sent(ana: User, open_query: Query) -> None:
    send(ana, open_query)
    MediaFile.objects.update(state="discarded")
    message = Message.objects.get()
    assert recheck(due_of([message]), number_id=message.sender_number_id, now=timezone.now()) == {
        message.pk: Code.FILE_GONE
    }


# --- the link ------------------------------------------------------------------------------------------------------------


def path_of(link: str, settings: Any) -> str:
    return link.removeprefix(settings.PUBLIC_URL)


def test_a_link_opens_its_file_to_a_provider_without_a_login(query: Query, settings: Any) -> None:
    file = file_make(query, b"%PDF-1.4", name="turno.pdf", kind="document")
    response = Client().get(path_of(file_link(file), settings))
    assert (response.status_code, response.getvalue()) == (200, b"%PDF-1.4")
    assert response["Content-Type"] == "application/pdf"
    # A browser that is led here keeps it and runs nothing.
    assert response["Content-Disposition"].startswith("attachment")
    assert response["Content-Security-Policy"].startswith("default-src 'none'; sandbox")


def test_a_link_is_good_for_a_day_and_to_nobody_who_guesses(query: Query, settings: Any) -> None:
    file = file_make(query)
    path = path_of(file_link(file), settings)
    with time_machine.travel(timezone.now() + timedelta(hours=26)):
        assert Client().get(path).status_code == 404
    token, name = path.split("/")[2:]
    for wrong in (f"/files/{token[:-1]}x/{name}", f"/files/{file.pk}/{name}", f"/files/x/{name}"):
        assert Client().get(wrong).status_code == 404
    assert Client().post(path).status_code == 405


def test_a_link_to_an_erased_customers_file_is_dead(query: Query, settings: Any) -> None:
    path = path_of(file_link(file_make(query)), settings)
    customer_erase(customer_id=query.customer_id, user=None)
    assert Client().get(path).status_code == 404


def test_an_erased_customers_sent_files_go_too(ana: User, open_query: Query) -> None:
    send(ana, open_query)
    customer_erase(customer_id=open_query.customer_id, user=None)
    assert [file.state for file in MediaFile.objects.all()] == ["discarded"]
    page = browser(ana).get(f"/service/queries/{open_query.pk}/")
    assert page.status_code == 200


def test_a_query_of_another_number_is_no_way_in() -> None:
    other = query_make()
    file = file_make(other)
    assert browser(agent_make()).get(f"/service/queries/{query_make().pk}/files/{file.pk}/").status_code == 404
