"""An agent's message during a campaign at full speed, through the real adapter to the simulator process."""

from __future__ import annotations

import threading
import time

import pytest
from pytest_django import Settings

from providers.models import SenderNumber
from recontact.campaigns.control import campaign_launch
from recontact.campaigns.launch import campaigns_launch
from recontact.dispatch import rate
from recontact.models import Attempt, Campaign, Message, NumberLease
from tests.factories import campaign_make
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


def _until_gone(campaign: Campaign, count: int) -> None:
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
