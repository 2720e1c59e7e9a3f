"""An uploaded file becomes a draft, or nothing at all; the same file twice is told; what is kept is removed in time."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO

import pytest
from django.utils import timezone
from pytest_django import Settings

from recontact.campaigns.plan import PlanProblem, campaign_plan, campaign_plan_request
from recontact.campaigns.sheet_problem import SheetProblem
from recontact.campaigns.upload import (
    NotADraft,
    campaign_configure,
    campaign_draft_from_file,
    campaigns_with_same_file,
)
from recontact.erasure import customer_erase
from recontact.hashes import keyed_hash
from recontact.models import Campaign, CampaignFile, CampaignRecipient
from recontact.retention import campaign_files_expire
from tests.factories import customer_make, user_make
from tests.recontact.campaigns.audiences import csv_bytes, draft_make, planned

pytestmark = pytest.mark.django_db

PHONE = "+5491155550100"
BODY = csv_bytes(("phone", "nombre", "cuota"), (PHONE, "Carla", "1"), ("1155550101", "Eva", "2"))


def test_the_draft_is_named_like_the_file_and_keeps_it_as_it_came() -> None:
    campaign = campaign_draft_from_file(name="pagos vencidos.csv", body=BytesIO(BODY), user=user_make())

    assert (campaign.name, campaign.state, campaign.source) == ("pagos vencidos", "draft", "file")
    file = CampaignFile.objects.get(campaign=campaign)
    assert (bytes(file.body), file.facts["columns"]) == (BODY, ["phone", "nombre", "cuota"])


def test_a_file_that_cannot_be_used_leaves_nothing_behind(settings: Settings) -> None:
    settings.CAMPAIGN_FILE_MAX_BYTES = 20
    with pytest.raises(SheetProblem, match="larger than"):
        campaign_draft_from_file(name="a.csv", body=BytesIO(BODY), user=user_make())
    with pytest.raises(SheetProblem):
        campaign_draft_from_file(name="a.csv", body=BytesIO(b"nombre\nAna"), user=user_make())

    assert not Campaign.objects.exists()


def test_who_uploads_a_file_that_another_campaign_has_is_told() -> None:
    first = campaign_draft_from_file(name="a.csv", body=BytesIO(BODY), user=user_make())
    second = campaign_draft_from_file(name="b.csv", body=BytesIO(BODY), user=user_make())
    other = campaign_draft_from_file(name="c.csv", body=BytesIO(BODY + b"\n"), user=user_make())

    assert campaigns_with_same_file(second) == [first]
    assert campaigns_with_same_file(other) == []


def test_a_file_of_long_ago_or_of_a_cancelled_campaign_is_not_told() -> None:
    old = campaign_draft_from_file(name="a.csv", body=BytesIO(BODY), user=user_make())
    Campaign.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=31))
    cancelled = campaign_draft_from_file(name="a.csv", body=BytesIO(BODY), user=user_make())
    Campaign.objects.filter(pk=cancelled.pk).update(state="cancelled")

    assert campaigns_with_same_file(campaign_draft_from_file(name="b.csv", body=BytesIO(BODY), user=user_make())) == []


def test_a_change_of_the_mapping_makes_the_plan_void() -> None:
    campaign = planned(BODY)
    assert campaign.template_id is not None
    assert campaign.sender_number_id is not None

    campaign_configure(
        campaign_id=campaign.pk,
        template_id=campaign.template_id,
        sender_number_id=campaign.sender_number_id,
        mapping={},
        default_country="AR",
    )

    assert Campaign.objects.get(pk=campaign.pk).state == "draft"


def test_what_is_launched_is_not_changed_or_planned_any_more() -> None:
    campaign = planned(BODY)
    Campaign.objects.filter(pk=campaign.pk).update(state="scheduled")

    with pytest.raises(NotADraft):
        campaign_plan_request(campaign_id=campaign.pk)


def test_a_plan_is_not_asked_for_before_template_and_number_are_chosen() -> None:
    campaign = campaign_draft_from_file(name="a.csv", body=BytesIO(BODY), user=user_make())

    with pytest.raises(PlanProblem, match="Choose the template"):
        campaign_plan_request(campaign_id=campaign.pk)


def _expired(campaign: Campaign) -> bool:
    campaign_files_expire()
    return not CampaignFile.objects.get(campaign=campaign).body


def test_the_file_goes_a_while_after_the_campaign_ended(settings: Settings) -> None:
    settings.CAMPAIGN_FILE_RETENTION_DAYS = 90
    campaign, now = planned(BODY), timezone.now()
    rows = Campaign.objects.filter(pk=campaign.pk)

    rows.update(state="completed", completed_at=now - timedelta(days=89))
    assert not _expired(campaign)
    rows.update(completed_at=now - timedelta(days=91))
    assert _expired(campaign)
    assert CampaignRecipient.objects.filter(campaign=campaign).count() == 2


def test_the_file_of_a_running_campaign_stays_and_that_of_a_forgotten_draft_goes() -> None:
    running, draft = planned(BODY), draft_make(BODY + b"\n")
    Campaign.objects.filter(pk=running.pk).update(state="running")
    CampaignFile.objects.update(uploaded_at=timezone.now() - timedelta(days=400))

    assert not _expired(running)
    assert _expired(draft)


def test_a_plan_without_its_file_says_so() -> None:
    campaign = draft_make(BODY)
    CampaignFile.objects.update(body=b"")

    assert not campaign_plan(campaign.pk)
    campaign.refresh_from_db()
    assert "no longer kept" in campaign.plan_problem


def test_erasing_a_customer_empties_his_rows_also_those_not_known_to_be_his() -> None:
    campaign = planned(BODY)
    customer = customer_make(phone=PHONE)

    customer_erase(customer_id=customer.pk, user=None)

    row = CampaignRecipient.objects.get(campaign=campaign, row_number=2)
    assert (row.phone, row.typed, row.name, row.values) == (keyed_hash(PHONE), "", "", {})
    assert row.dropped == "customer_erased"
    assert not CampaignFile.objects.get(campaign=campaign).body


def test_erasing_a_customer_leaves_the_rows_of_others() -> None:
    campaign = planned(BODY)

    customer_erase(customer_id=customer_make(phone=PHONE).pk, user=None)

    row = CampaignRecipient.objects.get(campaign=campaign, row_number=3)
    assert (row.phone, row.name, row.dropped) == ("+5491155550101", "Eva", "")
