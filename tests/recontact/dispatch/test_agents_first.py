"""An agent's message during a campaign at full speed, through the real adapter to the simulator process."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from pytest_django import Settings

from providers.models import SenderNumber
from recontact.campaigns.control import campaign_launch
from recontact.campaigns.launch import campaigns_launch
from recontact.dispatch import number, rate
from recontact.dispatch import pump as dispatch_pump
from recontact.dispatch.candidates import agents_wait
from recontact.dispatch.claim import Claim, claim
from recontact.dispatch.lease import leases_take
from recontact.models import Attempt, Campaign, Message, NumberLease
from tests.factories import campaign_make, message_make, query_make, sender_number_make
from tests.world import World

AGENTS_MESSAGES = 4
#: More than change places by chance.
MANY = 20


@pytest.mark.parametrize(("share", "overtakes"), [(0.2, True), (0.0, False)])
def test_it_overtakes_what_was_claimed_for_the_campaign_before(
    world: World, settings: Settings, monkeypatch: pytest.MonkeyPatch, share: float, overtakes: bool
) -> None:
    # A line of seconds, so that it is full also where a claim takes long.
    monkeypatch.setattr(rate, "AHEAD_SECONDS", 5.0)
    settings.RATE_AGENTS_SHARE = share
    SenderNumber.objects.update(throughput=30)
    world.number.refresh_from_db()
    campaign = campaign_make(sender_number=world.number, template=world.template, recipients=400)
    campaign_launch(campaign_id=campaign.pk, user=campaign.created_by)
    campaigns_launch()
    pump = threading.Thread(target=world.pump, args=(60.0,), kwargs={"stop": lambda: _gone(None) == AGENTS_MESSAGES})
    pump.start()
    agents = []
    for already in range(AGENTS_MESSAGES):
        _until_gone(campaign, 15 * (already + 1))
        agents.append(world.message())
    pump.join(60)
    overtaken = [_overtaken(world, campaign, message) for message in agents]
    # Neighbours in line may change places on the wire.
    assert (sum(overtaken) > MANY) is overtakes, overtaken


def _gone(campaign: Campaign | None) -> int:
    return Message.objects.filter(campaign=campaign).exclude(state__in=["queued", "sending"]).count()


def _until_gone(campaign: Campaign | None, count: int) -> None:
    ends = time.monotonic() + 30
    while _gone(campaign) < count and time.monotonic() < ends:
        time.sleep(0.02)


def _overtaken(world: World, campaign: Campaign, message: Message) -> int:
    """How many of the campaign's messages were claimed before the agent's, and reached the provider after it."""
    claimed_at = Attempt.objects.get(message=message).claimed_at
    [request] = world.simulator.get("requests", reference=str(message.reference))["data"]
    earlier = Attempt.objects.filter(message__campaign=campaign, claimed_at__lt=claimed_at)
    count = 0
    for reference in earlier.values_list("message__reference", flat=True):
        seen = world.simulator.get("requests", reference=str(reference))["data"]
        count += bool(seen and seen[0]["at"] > request["at"])
    return count


def test_a_slow_number_is_kept_while_it_waits_for_its_next_message(world: World) -> None:
    """Given back and taken anew it would begin a new line, and be faster than it may."""
    SenderNumber.objects.update(throughput=1)
    messages = [world.message() for _ in range(3)]
    world.pump(30.0, stop=lambda: not Message.objects.filter(state__in=["queued", "sending"]).exists())
    assert [len(world.accepted(message)) for message in messages] == [1, 1, 1]
    assert NumberLease.objects.get().token == 1


@pytest.fixture
def running(world: World) -> Iterator[Campaign]:
    """A campaign under way whose messages one pump sends until the test ends."""
    campaign = campaign_make(sender_number=world.number, template=world.template, recipients=200)
    campaign_launch(campaign_id=campaign.pk, user=campaign.created_by)
    campaigns_launch()
    over = threading.Event()
    pumping = threading.Thread(target=world.pump, args=(60.0,), kwargs={"stop": over.is_set})
    pumping.start()
    yield campaign
    over.set()
    pumping.join(60)


def test_it_does_not_wait_until_the_campaigns_next_claim_is_worth_it(
    monkeypatch: pytest.MonkeyPatch, world: World, request: pytest.FixtureRequest
) -> None:
    monkeypatch.setattr(rate.RateLimit, "pause", lambda _self: 30.0)
    SenderNumber.objects.update(throughput=30)
    _until_gone(request.getfixturevalue("running"), 1)
    began = time.monotonic()
    message = world.message()
    _until_gone(None, 1)
    assert len(world.accepted(message)) == 1
    assert time.monotonic() - began < 15


def test_it_is_claimed_by_itself_and_not_with_a_hundred_of_a_campaign(world: World) -> None:
    campaign = campaign_make(sender_number=world.number, template=world.template, recipients=5)
    campaign_launch(campaign_id=campaign.pk, user=campaign.created_by)
    campaigns_launch()
    message = world.message()
    [lease] = leases_take("test")

    assert [each.message_id for each in claim(lease, 10, agents_alone=True)] == [message.pk]
    assert [each.of_agents for each in claim(lease, 10, agents_alone=True)] == [False] * 5


def test_agents_who_never_stop_writing_stop_no_campaign(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    campaign = campaign_make(sender_number=world.number, template=world.template, recipients=20)
    campaign_launch(campaign_id=campaign.pk, user=campaign.created_by)
    campaigns_launch()

    def claim_beside_an_agent(*arguments: Any, **named: Any) -> list[Claim]:
        world.message()
        return claim(*arguments, **named)

    monkeypatch.setattr(number, "claim", claim_beside_an_agent)
    world.pump(30.0, stop=lambda: _gone(campaign) == 20)

    assert _gone(campaign) == 20
    assert _gone(None) > 0


def test_its_result_is_written_down_without_waiting_for_more(
    monkeypatch: pytest.MonkeyPatch, world: World, request: pytest.FixtureRequest
) -> None:
    monkeypatch.setattr(dispatch_pump, "WORTH_A_RECORD", 1000)
    monkeypatch.setattr(dispatch_pump, "RECORD_AT_LAST_SECONDS", 60.0)
    SenderNumber.objects.update(throughput=30)
    campaign = request.getfixturevalue("running")
    world.message()
    _until_gone(None, 1)
    assert _gone(None) == 1
    before = _gone(campaign)
    time.sleep(1)
    assert _gone(campaign) == before


def test_the_numbers_whose_agents_wait_are_those_with_a_due_message_that_nobody_claimed(world: World) -> None:
    others = [sender_number_make(account=world.account) for _ in range(3)]
    due, later, sent = (
        message_make(query=query_make(sender_number=number), template=world.template) for number in others
    )
    Message.objects.filter(pk=later.pk).update(due_at=later.due_at + timedelta(minutes=1))
    Message.objects.filter(pk=sent.pk).update(state="sending")
    campaign_make(sender_number=world.number, template=world.template, recipients=1)
    assert agents_wait([world.number.pk, *(number.pk for number in others)]) == {due.sender_number_id}
