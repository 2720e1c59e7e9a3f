"""A campaign's file goes into the database and out of it in pieces, whatever its size."""

from __future__ import annotations

import os
import tempfile
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from itertools import islice
from typing import Any, BinaryIO

import pytest
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from recontact.campaigns import stored_file
from recontact.campaigns.sheet_problem import SheetProblem
from recontact.campaigns.sheets import SheetFacts, sheet_rows
from recontact.campaigns.stored_file import PIECE, stored_open, stored_write
from recontact.campaigns.upload import campaign_draft_from_file
from recontact.models import CampaignFile
from tests.factories import user_make
from tests.recontact.campaigns.audiences import csv_bytes, xlsx_bytes

BODY = csv_bytes(("phone", "nombre"), ("+5491155550100", "Carla"))
MEGABYTE = 1024**2
LARGE = 48 * MEGABYTE


def _file(body: bytes = BODY) -> CampaignFile:
    campaign = campaign_draft_from_file(name="a.csv", body=BytesIO(BODY), user=user_make())
    file = CampaignFile.objects.defer("body").get(campaign=campaign)
    stored_write(file, BytesIO(body))
    return file


class TestLikeAnyFile(TestCase):
    """A stored file is read as any other is."""

    content = bytes(range(256)) * 4097
    file: CampaignFile

    @classmethod
    def setUpTestData(cls) -> None:
        cls.file = _file(cls.content)

    @settings(deadline=None, max_examples=40)
    @given(
        st.lists(
            st.one_of(
                st.tuples(st.just("read"), st.integers(-1, 3 * PIECE), st.just(0)),
                st.tuples(st.just("seek"), st.integers(0, len(content)), st.just(os.SEEK_SET)),
                st.tuples(st.just("seek"), st.integers(-len(content), 0), st.just(os.SEEK_END)),
            ),
            max_size=8,
        )
    )
    def test_wherever_it_is_read_it_is_what_was_stored(self, steps: list[tuple[str, int, int]]) -> None:
        stored, expected = stored_open(self.file), BytesIO(self.content)
        for what, number, whence in steps:
            if what == "read":
                assert stored.read(number) == expected.read(number)
            else:
                assert stored.seek(number, whence) == expected.seek(number, whence)


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["a.csv", "a.xlsx"])
def test_the_rows_of_a_stored_file_are_those_of_the_uploaded_one(name: str) -> None:
    rows = (("phone", "nombre"), *((f"+54911555{row:05d}", f"Carla {row}") for row in range(3000)))
    body = csv_bytes(*rows) if name.endswith("csv") else xlsx_bytes(*rows)
    campaign = campaign_draft_from_file(name=name, body=BytesIO(body), user=user_make())
    file = CampaignFile.objects.get(campaign=campaign)
    assert bytes(file.body) == body
    read = sheet_rows(stored_open(file), SheetFacts(**file.facts))
    assert [(row.texts["phone"], row.texts["nombre"]) for row in read] == list(rows[1:])


@pytest.mark.django_db
def test_it_is_kept_as_it_came_so_that_a_piece_is_read_without_what_stands_before() -> None:
    file = _file(b"phone;nombre\n" * 100_000)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_column_size(body), octet_length(body) FROM recontact_campaignfile WHERE id = %s", [file.pk]
        )
        on_disk, size = cursor.fetchone()
    assert on_disk == size


@pytest.mark.django_db
def test_rows_are_read_in_large_pieces_however_little_their_reader_asks_for(monkeypatch: pytest.MonkeyPatch) -> None:
    body = csv_bytes(("phone", "nombre"), *((f"+54911555{row:05d}", "Carla " * 20) for row in range(6000)))
    campaign = campaign_draft_from_file(name="a.csv", body=BytesIO(body), user=user_make())
    file = CampaignFile.objects.get(campaign=campaign)
    asked, ask = [], stored_file._Stored._row

    def counted(*values: Any) -> Any:
        asked.append(values)
        return ask(*values)

    monkeypatch.setattr(stored_file._Stored, "_row", counted)
    assert len(list(sheet_rows(stored_open(file), SheetFacts(**file.facts)))) == 6000
    assert len(body) > 2 * PIECE
    # How large it is, and each piece.
    assert len(asked) <= 2 + len(body) / PIECE


@pytest.mark.django_db
def test_a_file_that_is_expired_while_it_is_read_loses_no_rows_in_silence() -> None:
    file = _file(BODY * 40_000)
    rows = sheet_rows(stored_open(file), SheetFacts(**file.facts))
    assert len(list(islice(rows, 3))) == 3
    CampaignFile.objects.update(body=b"")
    with pytest.raises(SheetProblem, match="no longer kept"):
        list(rows)
    assert stored_open(file).read() == b""


@contextmanager
def _large() -> Iterator[BinaryIO]:
    with tempfile.TemporaryFile() as body:
        body.write(b"phone;nombre\n")
        row = 0
        while body.tell() < LARGE:
            body.write(b"".join(b"+54911%08d;Carla %d\n" % (each, each) for each in range(row, row + 20_000)))
            row += 20_000
        yield body


@pytest.mark.django_db
def test_uploading_a_large_file_and_showing_its_head_takes_little_memory() -> None:
    user = user_make()
    with _large() as body:
        tracemalloc.start()
        try:
            campaign = campaign_draft_from_file(name="grande.csv", body=body, user=user)
            file = CampaignFile.objects.defer("body").get(campaign=campaign)
            head = list(islice(sheet_rows(stored_open(file), SheetFacts(**file.facts)), 5))
            _now, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()

    assert [row.texts["nombre"] for row in head] == [f"Carla {row}" for row in range(5)]
    assert peak < 8 * MEGABYTE < file.size
