"""How the database reads for a batch of a campaign that was planned just now, of whose rows nothing was counted yet."""

from __future__ import annotations

import pytest

from recontact.arrays import array_literal
from recontact.campaigns.batch import _WRITTEN_TO
from recontact.campaigns.launch import _LAUNCHED
from recontact.campaigns.people import _HAVE_ROWS
from tests.plans import plan_explain

pytestmark = pytest.mark.django_db

BATCH = array_literal(range(1, 501))


def test_who_has_a_row_already_is_looked_up_person_by_person() -> None:
    assert "one_sendable_row_per_customer" in plan_explain(_HAVE_ROWS, [BATCH, 1])


def test_who_was_written_to_already_is_looked_up_person_by_person() -> None:
    assert "message_to_customer" in plan_explain(_WRITTEN_TO, [BATCH, 1])


def test_a_batchs_rows_are_found_by_their_ids_and_not_each_compared_with_each() -> None:
    plan = plan_explain(_LAUNCHED, [BATCH] * 4, without=("seqscan",))

    assert "recontact_campaignrecipient_pkey" in plan
    assert "Join Filter" not in plan
