"""Files of conversations in a storage that is no folder: saved, opened and deleted by Django's Storage API alone."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest
from django.core.files.base import ContentFile, File
from django.core.files.storage import Storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.core.management.base import SystemCheckError

from customer_service import inbound_files
from customer_service.inbound_files import waiting_fetch
from hsm_portal.models import User
from providers.media import FetchedMedia
from providers.simulator.media import SAMPLES
from recontact.clock import ClockTimestamp
from recontact.erasure import customer_erase
from recontact.media.attachments import attachments_of, content_of
from recontact.media.files import files_clear
from recontact.models import MediaFile, Message, Query
from tests.customer_service.agents import browser, customer_writes
from tests.customer_service.files import PICTURE, file_make, inbound_file_make

pytestmark = pytest.mark.django_db


class BucketError(Exception):
    """What a client of an object store raises: no OSError."""


class Bucket(Storage):
    """As an object store is: no path, no address of its own, closes what it uploads, and has errors of its own."""

    kept: ClassVar[dict[str, bytes]] = {}
    away = False

    def _save(self, name: str, content: File[Any]) -> str:
        # It names the object itself, as some do.
        name = f"bucket/{name}"
        self.kept[name] = content.read()
        content.close()
        return name

    def _open(self, name: str, mode: str = "rb") -> File[Any]:
        if name not in self.kept:
            raise FileNotFoundError(name)
        return ContentFile(self.kept[name], name)

    def delete(self, name: str) -> None:
        if Bucket.away:
            raise BucketError
        self.kept.pop(name, None)

    def exists(self, name: str) -> bool:
        return name in self.kept


@pytest.fixture(autouse=True)
def bucket(settings: Any, monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    monkeypatch.setattr(Bucket, "kept", {})
    settings.STORAGES = {**settings.STORAGES, "default": {"BACKEND": f"{__name__}.Bucket"}}
    return Bucket.kept


def test_a_customers_file_is_fetched_into_it_and_read_from_it_whole_and_in_part(
    ana: User, query: Query, bucket: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fetch(*, into: Any, **_asked: Any) -> FetchedMedia:
        into.write(PICTURE)
        return FetchedMedia(len(PICTURE), "image/png")

    monkeypatch.setattr(inbound_files, "media_fetch", fetch)
    file = inbound_file_make(query, pointer={"id": "1"}, due_at=ClockTimestamp())
    waiting_fetch()
    file.refresh_from_db()

    assert (file.state, list(bucket.values())) == ("stored", [PICTURE])
    client, path = browser(ana), f"/service/queries/{query.pk}/files/{file.file_id}/"
    assert client.get(path).getvalue() == PICTURE
    assert client.get(path, HTTP_RANGE="bytes=1-3").getvalue() == PICTURE[1:4]


def test_an_agents_file_is_sent_from_it(ana: User, query: Query, bucket: dict[str, bytes]) -> None:
    customer_writes(query)
    pdf = SAMPLES["document"][2]
    data = {"text": "Su turno", "send_key": "1", "file": SimpleUploadedFile("turno.pdf", pdf)}

    assert browser(ana).post(f"/service/queries/{query.pk}/text/", data).status_code == 302

    [message] = Message.objects.all()
    assert content_of(message, *attachments_of([message]).values()).read() == pdf
    assert list(bucket.values()) == [pdf]


def test_an_erased_customers_files_are_deleted_from_it(query: Query, bucket: dict[str, bytes]) -> None:
    file_make(query)
    customer_erase(customer_id=query.customer_id, user=None)

    assert files_clear() == 1
    assert bucket == {}


def test_one_that_is_away_keeps_the_file_to_be_deleted_later(
    query: Query, bucket: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = file_make(query)
    MediaFile.objects.update(state=MediaFile.State.DISCARDED)
    monkeypatch.setattr(Bucket, "away", True)
    assert files_clear() == 0

    monkeypatch.setattr(Bucket, "away", False)
    assert files_clear() == 1
    file.refresh_from_db()
    assert (file.state, bucket) == ("deleted", {})


def test_a_file_that_it_lost_is_not_found(ana: User, query: Query, bucket: dict[str, bytes]) -> None:
    file = file_make(query)
    bucket.clear()

    assert browser(ana).get(f"/service/queries/{query.pk}/files/{file.pk}/").status_code == 404


def test_a_storage_that_is_not_installed_is_said_at_the_start(settings: Any) -> None:
    settings.STORAGES = {**settings.STORAGES, "default": {"BACKEND": "storages.backends.nobody.Storage"}}

    with pytest.raises(SystemCheckError, match=r"MEDIA_STORAGE=storages\.backends\.nobody\.Storage"):
        call_command("check", "--tag", "files")
