"""The lost messages of a campaign on its page, and the click that has them tried again."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from hsm_portal.roles import Role
from providers.errors import Reason
from recontact.campaigns.again import retries_make
from recontact.campaigns.control import campaign_launch
from recontact.campaigns.launch import campaigns_launch
from recontact.models import Campaign, CampaignRetry, Message
from tests.factories import campaign_make


@pytest.fixture
def campaign(db: None) -> Campaign:
    """Of twelve, five lost by an outage, and two whose phone has no WhatsApp."""
    campaign = campaign_make(recipients=12)
    campaign_launch(campaign_id=campaign.pk, user=campaign.created_by)
    campaigns_launch()
    lose(Reason.PROVIDER_DOWN, 5)
    lose(Reason.RECIPIENT_UNREACHABLE, 2)
    return campaign


def lose(reason: str, count: int) -> None:
    for message in Message.objects.filter(state="queued").order_by("pk")[:count]:
        Message.objects.filter(pk=message.pk).update(state="sending", attempt_number=1)
        message.attempts.create(number=1, claimed_at=timezone.now(), outcome="rejected")
        Message.objects.filter(pk=message.pk).update(state="rejected", reason=reason, settled_at=timezone.now())


def page(campaign: Campaign, part: str = "retry") -> str:
    return f"/manager/recontact/campaign/{campaign.pk}/{part}/"


def test_the_campaigns_page_offers_those_that_may_be_tried_and_says_why_not_the_others(
    client: Client, campaign: Campaign
) -> None:
    shown = client.get(page(campaign, "change")).content.decode()

    assert "Try the 5 again that may be tried" in shown
    assert "The phone has no WhatsApp" in shown


def test_before_the_click_it_says_how_many_at_what_price(client: Client, campaign: Campaign) -> None:
    shown = client.get(page(campaign)).content.decode()

    assert "Try 5 messages again · US$ 0.13" in shown
    assert "The phone has no WhatsApp" in shown


def test_of_very_many_only_the_retrys_own_page_looks_at_each(
    client: Client, campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recontact.admin_pages.campaign_retry.LOOKED_AT", 4)

    shown = client.get(page(campaign, "change")).content.decode()

    assert "See which may be tried again" in shown
    assert page(campaign) in shown


def test_the_click_has_them_tried_again_and_the_page_says_how_far_it_is(client: Client, campaign: Campaign) -> None:
    seen = client.get(page(campaign)).context["prospect"].token
    answer = client.post(page(campaign), {"seen": seen}, follow=True).content.decode()
    during = client.get(page(campaign, "change")).content.decode()
    retries_make()
    after = client.get(page(campaign, "change")).content.decode()

    assert "5 messages are being tried again." in answer
    assert "0 of 5 tried again" in during
    assert "5 of 5 tried again" in after
    assert Message.objects.filter(retry_of__isnull=False, state="queued").count() == 5
    assert "The books balance" in after


def test_a_second_click_is_told_that_it_is_under_way(client: Client, campaign: Campaign) -> None:
    seen = client.get(page(campaign)).context["prospect"].token
    client.post(page(campaign), {"seen": seen})

    answer = client.post(page(campaign), {"seen": seen})

    assert answer.status_code == 409
    assert "being tried again already" in answer.content.decode()
    assert CampaignRetry.objects.count() == 1


def test_a_cancelled_campaign_offers_nothing(client: Client, campaign: Campaign) -> None:
    Campaign.objects.update(state=Campaign.State.CANCELLED)

    assert "again that may be tried" not in client.get(page(campaign, "change")).content.decode()
    assert "was cancelled" in client.get(page(campaign)).content.decode()


def test_who_only_reads_campaigns_is_offered_nothing(client_of: Callable[[Role], Client], campaign: Campaign) -> None:
    shown = client_of(Role.OPS).get(page(campaign, "change")).content.decode()

    assert "again that may be tried" not in shown


def test_one_message_is_tried_again_from_its_page(client: Client, campaign: Campaign) -> None:
    lost = Message.objects.filter(reason="provider_down").earliest("pk")
    address = f"/manager/recontact/message/{lost.pk}"

    offered = client.get(f"{address}/change/").content.decode()
    answer = client.post(f"{address}/retry/")
    again = client.post(f"{address}/retry/", follow=True).content.decode()

    retry = Message.objects.get(retry_of=lost)
    assert "Try again · US$ 0.0260" in offered
    assert answer.headers["Location"] == f"/manager/recontact/message/{retry.pk}/change/"
    assert "was tried again already" in again
    assert "Try again ·" not in client.get(f"{address}/change/").content.decode()


def test_a_message_that_would_fail_again_is_not_offered(client: Client, campaign: Campaign) -> None:
    lost = Message.objects.filter(reason="recipient_unreachable").earliest("pk")

    assert "Try again ·" not in client.get(f"/manager/recontact/message/{lost.pk}/change/").content.decode()


@pytest.mark.parametrize("part", ["change", "retry"])
def test_the_pages_ask_the_database_as_often_for_many_as_for_few(client: Client, campaign: Campaign, part: str) -> None:
    client.get(page(campaign, part))
    with CaptureQueriesContext(connection) as few:
        client.get(page(campaign, part))
    lose(Reason.PROVIDER_DOWN, 5)
    with CaptureQueriesContext(connection) as many:
        client.get(page(campaign, part))

    assert len(many) == len(few)
