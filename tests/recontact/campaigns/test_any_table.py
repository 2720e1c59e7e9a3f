"""Whatever stands in the cells: every row has exactly one outcome, and nothing breaks."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from recontact.campaigns.cells import cell_text
from recontact.campaigns.sheet_problem import SheetProblem
from recontact.models import CampaignRecipient
from tests.recontact.campaigns.audiences import draft_make, number_make, planned, xlsx_bytes

pytestmark = pytest.mark.django_db

ODD = ["+5491155550100", "1155550100", "5.49116E+12", "5,49115555010E12", "15 5555-0100", "+52 1 55 1234 5678", "#N/A"]
ODD += ["'", '"', "\x00", "\u2028", "€", "ñ" * 300, "9" * 400, "+", "00", "1e999", "-1", " ", "{{1}}", "AR.X1"]
# What begins with = is written as a formula, and one that no program has worked out yet has no value to read.
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12).filter(lambda text: not text.startswith("="))
TEXTS = st.one_of(st.sampled_from(ODD), TEXT)
NUMBERS = st.one_of(st.integers(-(10**15), 10**15), st.floats(-1e300, 1e300), st.booleans())
HEADER = ["phone", "nombre", "cuota", "bsuid"]

few = settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))


def _tables(cells: st.SearchStrategy[Any]) -> st.SearchStrategy[list[list[Any]]]:
    return st.lists(st.lists(cells, min_size=1, max_size=6), min_size=1, max_size=12)


def _rows(table: list[list[Any]]) -> list[int]:
    """The numbers of the rows in which anything stands."""
    return [number for number, row in enumerate(table, start=2) if any(cell_text(cell) for cell in row[:4])]


def _check(body: bytes, name: str, table: list[list[Any]]) -> None:
    campaign = planned(body, name=name, number=number_make())
    rows = list(CampaignRecipient.objects.filter(campaign=campaign).order_by("row_number"))

    assert (campaign.state, campaign.plan_problem) == ("planned", "")
    assert [row.row_number for row in rows if row.row_number in _rows(table)] == _rows(table)
    assert len(rows) == len({row.row_number for row in rows}) == campaign.rows_total
    assert all(row.code for row in rows if row.outcome != "ready")
    sendable = [row for row in rows if row.outcome in CampaignRecipient.SENDABLE]
    assert all(row.values and row.estimate is not None and (row.phone or row.bsuid) for row in sendable)
    assert len({row.phone for row in sendable if row.phone}) == sum(bool(row.phone) for row in sendable)


@few
@given(table=_tables(TEXTS))
def test_each_row_of_any_csv_has_one_outcome(table: list[list[str]]) -> None:
    text = io.StringIO()
    csv.writer(text).writerows([HEADER, ["1155559999", "Eva", "1", ""], *table])
    shown = [["1155559999", "Eva", "1", ""], *table]

    _check(text.getvalue().encode(), "a.csv", shown)


@few
@given(table=_tables(st.one_of(TEXTS.map(lambda text: ILLEGAL_CHARACTERS_RE.sub("", text)), NUMBERS, st.dates())))
def test_each_row_of_any_workbook_has_one_outcome(table: list[list[Any]]) -> None:
    shown = [["1155559999", "Eva", "1", ""], *table]

    _check(xlsx_bytes(HEADER, *shown), "a.xlsx", shown)


@few
@given(body=st.one_of(st.binary(max_size=300), st.binary(max_size=300).map(lambda end: b"PK\x03\x04" + end)))
def test_any_bytes_are_a_file_or_a_sentence(body: bytes) -> None:
    assert _drafted(body) in ("", ".")


def _drafted(body: bytes) -> str:
    """The end of the sentence by which the file is refused; empty when it is not."""
    try:
        draft_make(body, name="a.csv")
    except SheetProblem as problem:
        return str(problem)[-1]
    return ""
