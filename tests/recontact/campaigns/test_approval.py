"""A second person approves what one person may not decide on alone, and exactly that."""

from __future__ import annotations

from decimal import Decimal

import pytest
from pytest_django import Settings

from hsm_portal.models import User
from recontact.campaigns.approval import campaign_approve, campaign_send_back
from recontact.campaigns.control import campaign_launch, campaign_resume
from recontact.campaigns.launch import campaigns_launch
from recontact.campaigns.pricing import PRICE_CHANGED
from recontact.campaigns.start import CannotStart
from recontact.models import Campaign
from tests.factories import campaign_make, recipients_make, user_make

pytestmark = pytest.mark.django_db


@pytest.fixture
def approver() -> User:
    return user_make(permissions=["recontact.approve_campaign"])


@pytest.fixture
def campaign(settings: Settings) -> Campaign:
    """Three recipients where two may be decided on alone."""
    settings.CAMPAIGN_APPROVAL_RECIPIENTS = 2
    return campaign_make(recipients=3)


def _launch(campaign: Campaign) -> Campaign:
    return campaign_launch(campaign_id=campaign.pk, user=campaign.created_by)


def test_a_campaign_above_the_recipients_asks_for_approval(campaign: Campaign) -> None:
    assert _launch(campaign).state == Campaign.State.AWAITING
    assert campaigns_launch() == 0


def test_a_campaign_above_the_money_asks_for_approval(settings: Settings) -> None:
    settings.CAMPAIGN_APPROVAL_AMOUNT = Decimal("0.04")
    campaign = campaign_make()
    recipients_make(campaign=campaign, count=2, estimate=Decimal("0.026"), currency="USD")
    assert _launch(campaign).state == Campaign.State.AWAITING


def test_a_campaign_below_both_runs_at_once(settings: Settings) -> None:
    settings.CAMPAIGN_APPROVAL_RECIPIENTS = 3
    assert _launch(campaign_make(recipients=3)).state == Campaign.State.RUNNING


def test_a_second_persons_approval_starts_it(campaign: Campaign, approver: User) -> None:
    _launch(campaign)
    approved = campaign_approve(campaign_id=campaign.pk, user=approver)
    assert (approved.state, approved.approved_by) == (Campaign.State.RUNNING, approver)
    assert campaigns_launch() == 3


def test_its_author_cannot_approve_it(campaign: Campaign) -> None:
    author = user_make(permissions=["recontact.approve_campaign"])
    Campaign.objects.update(created_by=author)
    _launch(campaign)
    with pytest.raises(CannotStart, match="second person"):
        campaign_approve(campaign_id=campaign.pk, user=author)


def test_who_asks_for_the_approval_of_a_colleagues_campaign_cannot_give_it(campaign: Campaign, approver: User) -> None:
    campaign_launch(campaign_id=campaign.pk, user=approver)
    with pytest.raises(CannotStart, match="second person"):
        campaign_approve(campaign_id=campaign.pk, user=approver)

    third = user_make(permissions=["recontact.approve_campaign"])
    assert campaign_approve(campaign_id=campaign.pk, user=third).state == Campaign.State.RUNNING


def test_who_resumes_a_campaign_at_a_new_price_cannot_approve_it(campaign: Campaign, approver: User) -> None:
    _launch(campaign)
    campaign_approve(campaign_id=campaign.pk, user=user_make(permissions=["recontact.approve_campaign"]))
    Campaign.objects.update(state=Campaign.State.PARKED, state_reason=PRICE_CHANGED)
    recipients_make(campaign=campaign, count=1)

    assert campaign_resume(campaign_id=campaign.pk, user=approver)
    with pytest.raises(CannotStart, match="second person"):
        campaign_approve(campaign_id=campaign.pk, user=approver)


def test_who_may_not_approve_cannot(campaign: Campaign) -> None:
    _launch(campaign)
    with pytest.raises(CannotStart, match="may not"):
        campaign_approve(campaign_id=campaign.pk, user=user_make())


def test_an_approval_of_another_audience_does_not_count(campaign: Campaign, approver: User) -> None:
    _launch(campaign)
    campaign_approve(campaign_id=campaign.pk, user=approver)
    Campaign.objects.update(state=Campaign.State.PLANNED)
    recipients_make(campaign=campaign, count=1)
    assert _launch(campaign).state == Campaign.State.AWAITING


def test_an_approval_of_the_same_plan_counts(campaign: Campaign, approver: User) -> None:
    _launch(campaign)
    campaign_approve(campaign_id=campaign.pk, user=approver)
    Campaign.objects.update(state=Campaign.State.PLANNED)
    assert _launch(campaign).state == Campaign.State.RUNNING


def test_one_that_is_sent_back_is_planned_again(campaign: Campaign) -> None:
    _launch(campaign)
    assert campaign_send_back(campaign_id=campaign.pk).state == Campaign.State.PLANNED
