"""Rows by COPY: each value comes back as it was, whatever stands in it, and whatever the rows have in common."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recontact.clock import database_now
from recontact.copy_rows import copy_text, rows_copy
from recontact.models import Campaign, CampaignRecipient, Customer
from recontact.plain_rows import row_like
from tests.factories import campaign_make

pytestmark = pytest.mark.django_db

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=30)
AWKWARD = st.sampled_from(["\\N", "\\.", "a\tb", "line\nbreak", "\r\n", "\\", "\\\\t", "", " ", "ñandú 🦤"])


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(TEXT | AWKWARD, TEXT | AWKWARD), min_size=1, max_size=4))
def test_what_is_copied_comes_back_as_it_was(campaign: Campaign, texts: list[tuple[str, str]]) -> None:
    CampaignRecipient.objects.all().delete()
    now = database_now()
    rows = [
        CampaignRecipient(
            campaign=campaign,
            row_number=place,
            outcome=CampaignRecipient.Outcome.ERROR,
            typed=typed,
            values={"body.1": value},
            estimate=Decimal("0.0618") if place % 2 else None,
            not_before=now + timedelta(seconds=place),
        )
        for place, (typed, value) in enumerate(texts)
    ]
    rows_copy(CampaignRecipient, rows, left_out="id")
    columns = ("row_number", "outcome", "typed", "values", "estimate", "not_before", "message_id")
    stored = CampaignRecipient.objects.order_by("row_number").values_list(*columns)
    assert list(stored) == [tuple(getattr(row, column) for column in columns) for row in rows]


@pytest.fixture
def campaign() -> Campaign:
    return campaign_make()


def test_a_flag_that_equals_a_number_stays_what_it_is_inside_of_json(campaign: Campaign) -> None:
    values: list[dict[str, object]] = [{"a": 1}, {"a": True}, {"a": 1.0}]
    rows = [
        CampaignRecipient(campaign=campaign, row_number=place, outcome="error", values=value)
        for place, value in enumerate(values)
    ]
    rows_copy(CampaignRecipient, rows, left_out="id")
    stored = CampaignRecipient.objects.order_by("row_number").values_list("values", flat=True)
    assert [repr(value) for value in stored] == [repr(value) for value in values]


def test_nothing_is_copied_of_nothing() -> None:
    rows_copy(Customer, [], left_out="id")
    assert not Customer.objects.exists()


def test_what_no_column_holds_is_refused() -> None:
    with pytest.raises(TypeError, match="object"):
        copy_text(object())


def test_a_row_like_another_has_its_values_but_for_those_given() -> None:
    before = Customer(phone="+5491155550100", name="Ana", created_at=datetime(2026, 11, 30))  # noqa: DTZ001
    made = row_like(before, name="Eva")
    assert (made.phone, made.name, made._state.adding, before.name) == ("+5491155550100", "Eva", True, "Ana")
    assert made._state is not before._state
