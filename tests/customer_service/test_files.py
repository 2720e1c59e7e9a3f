"""Files in the ticket: who sees them, how the browser gets them, and when they go."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
import redis
from django.conf import settings as settings_of
from django.core.files.storage import default_storage
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from customer_service import inbound_files
from customer_service.inbound_files import files_expected, waiting_fetch
from customer_service.models import InboundFile
from hsm_portal.models import User
from providers.contracts import MediaPointer
from providers.media import FetchedMedia
from recontact.clock import ClockTimestamp
from recontact.erasure import customer_erase
from recontact.heartbeats import FETCHER, heartbeat_ages
from recontact.media.files import files_clear, files_expire
from recontact.models import MediaFile, Query, Team
from tests.customer_service.agents import agent_make, browser, customer_writes
from tests.customer_service.files import PAGE, PICTURE, file_make, inbound_file_make
from tests.factories import query_make

pytestmark = pytest.mark.django_db


def address(file: MediaFile, query: Query | None = None) -> str:
    return f"/service/queries/{(query or file.query).pk}/files/{file.pk}/"


def body(response: Any) -> bytes:
    return b"".join(response.streaming_content)


@pytest.fixture
def client_ana(ana: User) -> Client:
    return browser(ana)


def test_a_picture_is_shown_with_a_policy_that_allows_nothing(query: Query, client_ana: Client) -> None:
    response = client_ana.get(address(file_make(query)))
    assert (response.status_code, response["Content-Type"], body(response)) == (200, "image/png", PICTURE)
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"].startswith("default-src 'none'; sandbox")
    assert response["Content-Disposition"].startswith("inline")


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (PAGE, "foto.png"),
        (PAGE, "index.html"),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "logo.svg"),
        (b"%PDF-1.4", "factura.pdf"),
        (b"MZ\x90\x00", "setup.exe"),
        (b"hola", "nota.txt"),
        (b"", "vacio"),
    ],
)
def test_what_is_no_picture_sound_or_film_is_never_shown_inline(
    query: Query, client_ana: Client, content: bytes, name: str
) -> None:
    response = client_ana.get(address(file_make(query, content, name=name)))
    assert response["Content-Disposition"].startswith("attachment")
    assert response["Content-Type"] in ("application/octet-stream", "application/pdf")
    assert body(response) == content


def test_a_name_full_of_markup_stays_a_name(query: Query, client_ana: Client) -> None:
    name = "../../<img src=x onerror=alert(1)>\r\nSet-Cookie: a=b\x00.pdf"
    file = file_make(query, b"%PDF-1.4", name=name, kind="document")
    inbound_file_make(query, kind="document", file=file)
    response = client_ana.get(address(file))
    assert "\n" not in response["Content-Disposition"]
    assert "Set-Cookie" not in response.headers
    page = client_ana.get(f"/service/queries/{query.pk}/").content.decode()
    assert "<img src=x" not in page
    assert "&lt;img src=x onerror=alert(1)&gt;" in page


def test_the_name_in_the_storage_tells_nothing_and_is_not_guessed(query: Query) -> None:
    names = {str(file_make(query, name="Carla Benítez.png").file.name) for _ in range(2)}
    assert len(names) == 2
    assert all("Carla" not in name and len(name) > 45 for name in names)


def test_a_part_of_it_is_sent_to_a_player_that_asks_for_one(query: Query, client_ana: Client) -> None:
    file = file_make(query)
    response = client_ana.get(address(file), headers={"Range": "bytes=4-9"})
    assert (response.status_code, body(response)) == (206, PICTURE[4:10])
    assert response["Content-Range"] == f"bytes 4-9/{len(PICTURE)}"
    past = client_ana.get(address(file), headers={"Range": f"bytes={len(PICTURE) + 5}-"})
    assert (past.status_code, body(past)) == (200, PICTURE)


def test_the_browser_keeps_it_and_asks_again_each_time(query: Query, client_ana: Client) -> None:
    file = file_make(query)
    first = client_ana.get(address(file))
    body(first)
    again = client_ana.get(address(file), headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again["Cache-Control"]) == (304, "private, no-cache")


def test_an_agent_sees_no_file_of_a_conversation_that_he_does_not_reach(query: Query) -> None:
    file = file_make(query)
    other_team = Team.objects.create(name="Otro")
    query.team = other_team
    query.save()
    stranger = browser(agent_make(first_name="Bruno"))
    assert stranger.get(address(file)).status_code == 404
    # Nor by the address of a conversation that he does reach.
    own = query_make()
    assert stranger.get(address(file, own)).status_code == 404
    assert Client().get(address(file)).status_code == 302


def test_a_ticket_with_many_files_takes_as_many_queries_as_with_one(query: Query, client_ana: Client) -> None:
    inbound_file_make(query, file=file_make(query))
    page = f"/service/queries/{query.pk}/"
    client_ana.get(page)
    with CaptureQueriesContext(connection) as with_one:
        client_ana.get(page)
    for _ in range(5):
        inbound_file_make(query, file=file_make(query))
    client_ana.get(page)
    with CaptureQueriesContext(connection) as with_many:
        client_ana.get(page)
    assert len(with_many) == len(with_one)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "is being fetched"),
        ({"state": "too_large", "detail": "50"}, "larger than 50 MB"),
        ({"state": "gone"}, "no longer has the file"),
        ({"state": "not_passed"}, "does not pass this file on"),
        ({"state": "erased"}, "was deleted"),
    ],
)
def test_the_ticket_says_why_there_is_no_file(
    ana: User, query: Query, client_ana: Client, fields: dict[str, Any], words: str
) -> None:
    User.objects.filter(pk=ana.pk).update(language="en")
    inbound_file_make(query, file=None, **fields)
    assert words in client_ana.get(f"/service/queries/{query.pk}/").content.decode()


def test_a_file_that_was_given_up_can_be_asked_for_again(query: Query, client_ana: Client) -> None:
    file = inbound_file_make(query, state="failed", pointer={"id": "1", "url": ""}, tries=11)
    response = client_ana.post(f"/service/queries/{query.pk}/files/{file.pk}/again/")
    assert response.status_code == 302
    file.refresh_from_db()
    assert (file.state, file.tries) == ("waiting", 0)


# --- fetching, whatever happens ------------------------------------------------------------------------------------------


@pytest.fixture
def provider_file(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the provider hands out, in place of its server (the real ones: tests/providers/e2e/test_media.py)."""
    told: dict[str, Any] = {"calls": 0, "meanwhile": lambda: None}

    def fetch(*, into: Any, **_asked: Any) -> FetchedMedia:
        told["calls"] += 1
        told["meanwhile"]()
        into.write(PICTURE)
        return FetchedMedia(len(PICTURE), "image/png")

    monkeypatch.setattr(inbound_files, "media_fetch", fetch)
    return told


def waiting_file(query: Query) -> InboundFile:
    return inbound_file_make(query, pointer={"id": "1", "url": ""}, due_at=ClockTimestamp())


@pytest.mark.django_db(transaction=True)
def test_only_one_worker_fetches_a_file(query: Query, provider_file: dict[str, Any]) -> None:
    file = waiting_file(query)
    others: list[int] = []

    def meanwhile() -> None:
        def another() -> None:
            others.append(waiting_fetch())
            connection.close()

        thread = threading.Thread(target=another)
        thread.start()
        thread.join()

    provider_file["meanwhile"] = meanwhile
    waiting_fetch()
    file.refresh_from_db()
    assert (provider_file["calls"], others, file.state) == (1, [0], "stored")


def test_what_a_dead_worker_began_is_taken_up_after_its_lease(query: Query, provider_file: dict[str, Any]) -> None:
    file = waiting_file(query)
    InboundFile.objects.filter(pk=file.pk).update(tries=1, lease_until=ClockTimestamp() + timedelta(minutes=1))
    assert waiting_fetch() == 0
    InboundFile.objects.filter(pk=file.pk).update(lease_until=ClockTimestamp() - timedelta(seconds=1))
    assert waiting_fetch() == 1
    file.refresh_from_db()
    assert file.state == "stored"


def test_a_file_whose_customer_is_erased_while_it_comes_does_not_stay(
    query: Query, provider_file: dict[str, Any]
) -> None:
    file = waiting_file(query)
    provider_file["meanwhile"] = lambda: customer_erase(customer_id=query.customer_id, user=None)
    waiting_fetch()
    file.refresh_from_db()
    stored = MediaFile.objects.get()
    assert (file.state, file.file, stored.state) == ("erased", None, "discarded")
    name = str(stored.file.name)
    files_clear()
    assert not default_storage.exists(name)


def test_a_file_whose_customer_is_erased_while_it_is_written_does_not_stay_either(
    query: Query, provider_file: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The storage is slow: what was thrown away is cleared before the file is there."""
    waiting_file(query)
    save = default_storage.save

    def slow(_self: Any, *args: Any, **named: Any) -> str:
        customer_erase(customer_id=query.customer_id, user=None)
        files_clear()
        return save(*args, **named)

    with monkeypatch.context() as patch:
        patch.setattr(type(default_storage), "save", slow, raising=False)
        waiting_fetch()
    files_clear()
    stored = MediaFile.objects.get()
    assert (stored.state, default_storage.exists(str(stored.file.name))) == ("deleted", False)


def test_a_file_that_takes_its_worker_down_each_time_is_given_up(query: Query, provider_file: dict[str, Any]) -> None:
    file = waiting_file(query)
    InboundFile.objects.filter(pk=file.pk).update(tries=len(inbound_files.PAUSES) + 1)
    waiting_fetch()
    file.refresh_from_db()
    assert (file.state, provider_file["calls"]) == ("failed", 0)


def test_a_file_that_comes_just_before_its_customer_is_erased_does_not_stay(
    query: Query, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The erasure has thrown the query's files away already when the worker stores one more."""
    monkeypatch.setattr("recontact.erasure.files_erase", lambda _ids: inbound_file_make(query, file=file_make(query)))
    customer_erase(customer_id=query.customer_id, user=None)
    assert [file.state for file in MediaFile.objects.all()] == ["discarded"]


def test_a_file_in_an_answer_of_any_kind_is_expected_as_a_document(query: Query) -> None:
    message = inbound_file_make(query).message
    message.kind = "interactive"
    inbound_files.files_expected(message, (MediaPointer(url="https://files.example/a"),))
    assert set(InboundFile.objects.values_list("kind", flat=True)) == {"image", "document"}


def test_a_storage_that_is_away_loses_no_file(
    query: Query, provider_file: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = waiting_file(query)

    def away(*_args: Any, **_named: Any) -> str:
        raise OSError("no space left")

    with monkeypatch.context() as patch:
        patch.setattr(type(default_storage), "save", away, raising=False)
        waiting_fetch()
    file.refresh_from_db()
    assert (file.state, file.tries, file.detail) == ("waiting", 1, "OSError")
    InboundFile.objects.filter(pk=file.pk).update(due_at=ClockTimestamp())
    waiting_fetch()
    file.refresh_from_db()
    assert file.state == "stored"


# --- going ---------------------------------------------------------------------------------------------------------------


def test_erasing_a_customer_deletes_the_files_too(query: Query, client_ana: Client) -> None:
    file = file_make(query, name="dni-carla.png")
    inbound_file_make(query, file=file)
    customer_erase(customer_id=query.customer_id, user=None)
    # From the moment on, not only once the storage followed.
    assert client_ana.get(address(file)).status_code == 404
    files_clear()
    file.refresh_from_db()
    assert (file.state, file.file_name, default_storage.exists(str(file.file.name))) == ("deleted", "", False)


def test_files_go_when_they_are_older_than_the_setting(query: Query, settings: Any) -> None:
    settings.MEDIA_RETENTION_DAYS = 30
    old, new = file_make(query), file_make(query)
    MediaFile.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=31))
    assert files_expire() == 1
    assert files_clear() == 1
    assert [default_storage.exists(str(file.file.name)) for file in (old, new)] == [False, True]


def test_a_file_that_a_crash_left_half_stored_is_cleared_after_a_while(query: Query) -> None:
    file = file_make(query)
    MediaFile.objects.filter(pk=file.pk).update(state="arriving")
    assert files_clear() == 0
    MediaFile.objects.filter(pk=file.pk).update(created_at=timezone.now() - timedelta(hours=7))
    assert files_clear() == 1
    assert not default_storage.exists(str(file.file.name))


# --- the queue -----------------------------------------------------------------------------------------------------------


def test_fetching_waits_in_a_queue_of_its_own_and_a_file_is_due_though_nobody_takes_it(
    query: Query, provider_file: dict[str, Any], django_capture_on_commit_callbacks: Any
) -> None:
    message = customer_writes(query)
    message.kind = "image"
    with redis.Redis.from_url(settings_of.REDIS_URL) as broker:
        with django_capture_on_commit_callbacks(execute=True):
            files_expected(message, [MediaPointer(id="1")])

        assert {queue: broker.llen(queue) for queue in ("default", "media")} == {"default": 0, "media": 1}
        broker.flushdb()

    # The task is lost; the row is not.
    assert waiting_fetch() == 1
    assert heartbeat_ages()[FETCHER] < 60
