"""Which limits hold a number and a campaign back now, and how much of each is used, in words."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation
from pytest_django import Settings

from providers.contracts import Accepted
from providers.errors import Reason, SendError, Unavailable
from providers.models import Portfolio, SenderNumber
from providers.parking import park
from recontact.campaigns.control import campaign_launch
from recontact.campaigns.launch import campaigns_launch
from recontact.dispatch.circuit import PROBES, circuit_tally, circuits_look
from recontact.dispatch.claim import claim
from recontact.dispatch.lease import leases_take
from recontact.limits_now import LimitNow, campaign_limits, number_limits
from recontact.models import Campaign, Message, PortfolioUse
from tests.factories import campaign_make, message_make, rate_card_make, sender_number_make, template_make, user_make

DOWN = Unavailable(Reason.PROVIDER_DOWN, provider_code="503")


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    with translation.override("en"):
        yield


@pytest.fixture
def campaign(db: None) -> Campaign:
    """A campaign of three that runs."""
    portfolio = Portfolio.objects.create(name="p", messaging_limit=100)
    number = sender_number_make(portfolio=portfolio, throughput=80)
    rate_card_make(account=number.account)
    made = campaign_make(sender_number=number, template=template_make(account=number.account), recipients=3)
    campaign_launch(campaign_id=made.pk, user=made.created_by)
    campaigns_launch()
    made.refresh_from_db()
    return made


def _limit(campaign: Campaign, name: str) -> LimitNow:
    found = {limit.name: limit for _number, limits in campaign_limits(campaign) for limit in limits}
    return found[name]


def _holding(campaign: Campaign) -> list[str]:
    return [limit.name for _number, limits in campaign_limits(campaign) for limit in limits if limit.holds]


def _calls(campaign: Campaign, *outcomes: Accepted | SendError) -> None:
    pairs = [(campaign.sender_number_id or 0, outcome) for outcome in outcomes]
    circuit_tally(pairs)
    circuits_look(pairs)


def test_where_nothing_holds_back_every_limit_is_told_all_the_same(campaign: Campaign) -> None:
    assert _holding(campaign) == []
    [(number, of_number), (nothing, own)] = campaign_limits(campaign)
    assert (number, nothing) == (campaign.sender_number, None)
    names = ["People in 24 hours", "Messages per second", "To one person", "Failing calls"]
    assert [limit.name for limit in of_number] == names
    assert [limit.name for limit in own] == ["Pace of the campaign", "Rest after another campaign"]
    assert "at most 72.0/s: the provider allows 80/s, and 0.0/s come in" in _limit(campaign, names[1]).words


def test_the_portfolios_people_hold_campaigns_back_once_their_part_is_used(campaign: Campaign) -> None:
    PortfolioUse.objects.create(portfolio=Portfolio.objects.get(), taken=94)
    assert _limit(campaign, "People in 24 hours").words.startswith("94 of 100")
    assert _holding(campaign) == []
    PortfolioUse.objects.update(taken=95)
    assert _holding(campaign) == ["People in 24 hours"]
    assert _limit(campaign, "People in 24 hours").percent == 95


def test_who_waits_for_the_pause_of_a_pair_is_counted(campaign: Campaign) -> None:
    written_to = Message.objects.filter(campaign=campaign).first()
    assert written_to is not None
    Message.objects.filter(pk=written_to.pk).update(state="accepted", claimed_at=timezone.now())
    other = message_make()
    Message.objects.filter(pk=other.pk).update(state="skipped")
    again = Message.objects.filter(campaign=campaign, state="queued").first()
    assert again is not None
    Message.objects.filter(pk=again.pk).update(customer=written_to.customer)
    [lease] = leases_take("pump")
    claim(lease, 100)
    assert _limit(campaign, "To one person").words == "One HSM every 6 s; 1 message waits for that now."
    assert "To one person" in _holding(campaign)


def test_a_circuit_tells_how_many_calls_failed_while_closed_open_and_tried(campaign: Campaign) -> None:
    _calls(campaign, *[DOWN] * 9, *[Accepted("x")] * 10)
    assert _limit(campaign, "Failing calls").words.startswith("9 of 19 calls failed in the last 60 s")
    _calls(campaign, DOWN)
    opened = _limit(campaign, "Failing calls")
    assert "10 of 20 calls failed within 60 s, most with: 503 · " in opened.words
    assert "· until " in opened.words
    SenderNumber.objects.update(parked_until=timezone.now() - timedelta(seconds=1))
    assert _limit(campaign, "Failing calls").words.startswith("Tried with a few messages after a stop")
    assert _holding(campaign) == ["Failing calls"]
    _calls(campaign, *[Accepted("x")] * PROBES)
    assert _holding(campaign) == []


def test_a_stopped_number_and_a_stopped_account_say_why_and_until_when(campaign: Campaign) -> None:
    number = SenderNumber.objects.get()
    park(number, reason=Reason.NUMBER_BLOCKED)
    assert _holding(campaign) == ["Number stopped"]
    assert _limit(campaign, "Number stopped").words.endswith("· until a person resumes it")


def test_the_campaigns_own_pace_and_its_rest_after_another_are_told(campaign: Campaign, settings: Settings) -> None:
    settings.CAMPAIGN_FREQUENCY_CAP_DAYS = 7
    campaign.pace = 5
    assert _limit(campaign, "Pace of the campaign").words == "At most 5/s, as chosen."
    assert "within 7 days is left out" in _limit(campaign, "Rest after another campaign").words
    campaign.include_recent = True
    assert _limit(campaign, "Rest after another campaign").words.startswith("Not kept, as chosen")


def test_a_campaign_from_queries_tells_the_limits_of_the_numbers_it_still_sends_through(db: None) -> None:
    message = message_make()
    assert message.template is not None
    bulk = Campaign.objects.create(name="c", template=message.template, created_by=user_make())
    Message.objects.filter(pk=message.pk).update(campaign=bulk)
    assert [number for number, _limits in campaign_limits(bulk)] == [message.sender_number, None]


def test_a_campaign_that_is_over_has_no_limits(campaign: Campaign) -> None:
    campaign.state = Campaign.State.COMPLETED
    assert campaign_limits(campaign) == []


def test_telling_them_takes_few_queries_however_many_wait(campaign: Campaign) -> None:
    number = SenderNumber.objects.select_related("account", "portfolio").get()
    PortfolioUse.objects.create(portfolio=Portfolio.objects.get(), taken=94)
    with CaptureQueriesContext(connection) as queries:
        number_limits(number)
    assert len(queries) == 6


@pytest.mark.parametrize("part", ["recontact/campaign/{}/change/", "providers/sendernumber/{}/change/"])
def test_the_pages_show_them_and_a_stop_by_the_circuit(client: Client, campaign: Campaign, part: str) -> None:
    _calls(campaign, *[DOWN] * 20)
    row = campaign.pk if "campaign" in part else campaign.sender_number_id
    page = client.get("/manager/" + part.format(row)).content.decode()
    assert "holds back now" in page
    assert "20 of 20 calls failed within 60 s, most with: 503" in page
    assert "20 of 20 calls failed within 60 s" in client.get("/manager/").content.decode()
