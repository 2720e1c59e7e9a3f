"""A person's rows in campaigns: all of them, by whatever the row says he is, found by indexes and not by reading the table."""

from __future__ import annotations

from typing import Any

import pytest

from recontact.campaigns.recipients import rows_of_people
from recontact.models import Campaign, CampaignRecipient
from tests.factories import campaign_make, customer_make
from tests.plans import plan_explain

pytestmark = pytest.mark.django_db

PHONE, BSUID = "+5491155550123", "AR.1234567890"
KEY = "recontact_campaignrecipient_pkey"


@pytest.fixture
def campaign() -> Campaign:
    return campaign_make()


@pytest.mark.parametrize("outcome", CampaignRecipient.Outcome.values)
def test_his_rows_are_found_by_customer_phone_and_user_id_whatever_became_of_them(
    campaign: Campaign, outcome: str
) -> None:
    customer = customer_make()
    his: list[dict[str, Any]] = [{"customer": customer}, {"phone": PHONE}, {"bsuid": BSUID}]
    others: list[dict[str, Any]] = [{"customer": customer_make()}, {"phone": "+5491155550124"}, {"bsuid": "AR.0"}, {}]
    rows = [
        CampaignRecipient.objects.create(campaign=campaign, row_number=place, outcome=outcome, **fields)
        for place, fields in enumerate([*his, *others])
    ]
    found = rows_of_people(customers=[customer.pk], phones=[PHONE, ""], bsuids=[BSUID, ""])
    assert set(found) == set(rows[: len(his)])


def test_nobody_has_no_rows(campaign: Campaign) -> None:
    CampaignRecipient.objects.create(campaign=campaign, row_number=1, outcome=CampaignRecipient.Outcome.ERROR)
    assert not rows_of_people(customers=[], phones=[""], bsuids=[]).exists()


def test_they_are_found_by_two_indexes_for_each_identity(campaign: Campaign) -> None:
    rows = rows_of_people(customers=[1], phones=[PHONE], bsuids=[BSUID]).order_by()
    indexes = [
        f"{kind}_{identity}"
        for identity in ("phone", "bsuid", "customer")
        for kind in ("one_sendable_row_per", "recipient_other_by")
    ]
    plan = plan_explain(*rows.query.sql_with_params(), without=("seqscan",), only=[*indexes, KEY])
    for index in indexes:
        assert index in plan
    assert "Seq Scan" not in plan
