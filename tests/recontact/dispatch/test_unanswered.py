"""No more is claimed than answers come: what waits for a slow provider waits in the queue, and keeps no other number."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import ClassVar

import pytest

from providers.adapters.meta import MetaCloudApi
from providers.contracts import Accepted, OutboundMessage
from providers.http import close_client
from recontact.campaigns.control import campaign_launch
from recontact.campaigns.launch import campaigns_launch
from recontact.dispatch import pump
from recontact.dispatch.pump import Pump
from recontact.models import Message
from tests.factories import campaign_make, sender_number_make
from tests.providers.simulator.server import PHONE_NUMBER_ID, WABA_ID
from tests.world import World

AT_ONCE = 4
OTHER_NUMBER = "298117653388299"


class SlowMeta(MetaCloudApi):
    """The real adapter, which lets the calls of the world's number wait until `released`."""

    released: ClassVar[asyncio.Event]
    waiting: ClassVar[int] = 0
    most_waiting: ClassVar[int] = 0
    passed_by: ClassVar[bool] = False

    async def send(self, message: OutboundMessage) -> Accepted:
        kind = type(self)
        if message.sender_external_id != PHONE_NUMBER_ID:
            kind.passed_by = not kind.released.is_set()
            kind.released.set()
            return await super().send(message)
        kind.waiting += 1
        kind.most_waiting = max(kind.most_waiting, kind.waiting)
        await kind.released.wait()
        kind.waiting -= 1
        return await super().send(message)


@pytest.fixture
def adapter(monkeypatch: pytest.MonkeyPatch) -> type[SlowMeta]:
    monkeypatch.setattr(pump, "MAX_CONNECTIONS", AT_ONCE)
    return type("Slow", (SlowMeta,), {"waiting": 0, "most_waiting": 0})


def _pump(adapter: type[SlowMeta], release_after: float) -> None:
    async def work() -> None:
        adapter.released = asyncio.Event()
        asyncio.get_running_loop().call_later(release_after, adapter.released.set)
        try:
            await Pump("slow", lambda: False, adapter=adapter, idle_seconds=0.1).run(10)
        finally:
            await close_client()

    asyncio.run(work())


def test_what_a_slow_provider_has_not_answered_is_as_many_as_there_are_connections(
    world: World, adapter: type[SlowMeta]
) -> None:
    messages = [world.message() for _ in range(3 * AT_ONCE)]

    _pump(adapter, release_after=1.0)

    assert adapter.most_waiting == AT_ONCE
    assert [len(world.accepted(message)) for message in messages] == [1] * len(messages)
    assert set(Message.objects.values_list("attempt_number", flat=True)) == {1}


def test_an_agents_message_passes_a_campaign_whose_answers_are_slow(world: World, adapter: type[SlowMeta]) -> None:
    campaign = campaign_make(sender_number=world.number, template=world.template, recipients=3 * AT_ONCE)
    campaign_launch(campaign_id=campaign.pk, user=campaign.created_by)
    campaigns_launch()
    agents = world.message()
    Message.objects.filter(pk=agents.pk).update(due_at=agents.due_at + timedelta(seconds=1))

    _pump(adapter, release_after=4.0)

    # The campaign's, and the agent's beside them.
    assert adapter.most_waiting == AT_ONCE
    calls = world.simulator.get("requests")["data"]
    assert len(world.accepted(agents)) == 1
    assert len(calls) == 3 * AT_ONCE + 1


def test_a_number_whose_provider_does_not_answer_leaves_another_its_share(
    world: World, adapter: type[SlowMeta]
) -> None:
    known = {"phone_number_id": OTHER_NUMBER, "waba_id": WABA_ID, "display_phone_number": "+54 9 11 5555-0299"}
    world.simulator.post("seed", numbers=[known])
    slow = [world.message() for _ in range(2 * AT_ONCE)]
    world.number = sender_number_make(account=world.account, external_id=OTHER_NUMBER)
    quick = world.message()
    Message.objects.filter(pk=quick.pk).update(due_at=quick.due_at + timedelta(seconds=1))

    _pump(adapter, release_after=9.0)

    assert adapter.passed_by
    assert {len(world.accepted(message)) for message in [*slow, quick]} == {1}
