"""From slice to slice: a pump at work is seen to be alive, and its numbers wait for none whose provider is slow."""

from __future__ import annotations

import asyncio
import threading
import time
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from providers.adapters.meta import MetaCloudApi
from providers.contracts import Accepted, OutboundMessage
from providers.http import close_client
from recontact.dispatch import pump
from recontact.dispatch.lease import lease_owners, leases_take
from recontact.dispatch.pump import Pump
from recontact.heartbeats import DISPATCHER, heartbeat_ages
from recontact.models import Message, NumberLease
from tests.factories import customer_make, message_make, query_make, sender_number_make
from tests.providers.simulator.server import PHONE_NUMBER_ID, WABA_ID
from tests.world import World

OTHER_NUMBER = "298117653388299"


class SlowMeta(MetaCloudApi):
    """The real adapter, which lets the calls of the world's number wait until it is told to go on."""

    goes_on = threading.Event()

    async def send(self, message: OutboundMessage) -> Accepted:
        if message.sender_external_id == PHONE_NUMBER_ID:
            await asyncio.to_thread(self.goes_on.wait, 60)
        return await super().send(message)


def _slice(kept: list[Pump]) -> None:
    async def work() -> None:
        kept.append(Pump("first", lambda: False, kept=[], adapter=SlowMeta))
        try:
            await kept[0].run(3.0)
        finally:
            await close_client()

    asyncio.run(work())


def test_a_slice_gives_the_dispatchers_sign_of_life(world: World) -> None:
    assert DISPATCHER not in heartbeat_ages()
    world.pump(0.5)
    assert heartbeat_ages()[DISPATCHER] < 60


def test_at_the_end_of_a_slice_no_number_waits_long_for_one_whose_provider_is_slow(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pump, "KEPT_SECONDS", 0.5)
    known = {"phone_number_id": OTHER_NUMBER, "waba_id": WABA_ID, "display_phone_number": "+54 9 11 5555-0299"}
    world.simulator.post("seed", numbers=[known])
    slow = world.message()
    world.number = sender_number_make(account=world.account, external_id=OTHER_NUMBER, throughput=5)
    quick = [world.message() for _ in range(40)]
    pumps: list[Pump] = []
    thread = threading.Thread(target=_slice, args=(pumps,))
    thread.start()
    try:
        _until_owned(thread, 2)
        # The slow one is waited for all the time.
        _until_owned(thread, 1)
        [taken] = leases_take("second")
        assert taken.sender_external_id == OTHER_NUMBER
    finally:
        SlowMeta.goes_on.set()
        thread.join()

    assert pumps[0].kept == []
    assert len(world.accepted(slow)) == 1
    assert {len(world.accepted(message)) for message in quick} <= {0, 1}


def _until_owned(pump: threading.Thread, count: int) -> None:
    ends = time.monotonic() + 30
    while lease_owners() != {"first": count}:
        assert pump.is_alive()
        assert time.monotonic() < ends, f"never {count}"
        time.sleep(0.02)


@pytest.mark.django_db(transaction=True)
def test_a_number_taken_anew_while_a_call_of_before_is_under_way_has_that_ones_answer_recorded_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pump, "KEPT_SECONDS", 0.5)
    slow = message_make()
    pumps: list[Pump] = []

    async def work() -> None:
        goes_on = asyncio.Event()
        pumps.append(Pump("first", lambda: False, adapter=lambda _config: _Slow(str(slow.reference), goes_on)))  # type: ignore[arg-type, return-value]
        running = asyncio.create_task(pumps[0].run(3.0))
        await asyncio.to_thread(_until_state, slow, "sending")
        # The lease was lost meanwhile; what is due next has the number leased again.
        await asyncio.to_thread(_leases_run_out)
        quick = await asyncio.to_thread(_another, slow)
        await asyncio.to_thread(_until_state, quick, "accepted")
        asyncio.get_running_loop().call_later(4.0, goes_on.set)
        await running

    asyncio.run(work())

    slow.refresh_from_db()
    assert (slow.state, NumberLease.objects.get().token) == ("accepted", 2)


class _Slow:
    """An adapter that keeps one message waiting until it is told to go on."""

    capabilities = MetaCloudApi.capabilities

    def __init__(self, reference: str, goes_on: asyncio.Event) -> None:
        self.reference, self.goes_on = reference, goes_on

    async def send(self, message: OutboundMessage) -> Accepted:
        if message.reference == self.reference:
            await self.goes_on.wait()
        return Accepted(f"id-{message.reference}")


def _another(message: Message) -> Message:
    query = query_make(customer=customer_make(), sender_number=message.sender_number)
    return message_make(query=query, template=message.template)


def _leases_run_out() -> None:
    NumberLease.objects.update(expires_at=timezone.now() - timedelta(seconds=1))


def _until_state(message: Message, state: str) -> None:
    ends = time.monotonic() + 30
    while Message.objects.get(pk=message.pk).state != state:
        assert time.monotonic() < ends, f"never {state}"
        time.sleep(0.02)
    connection.close()
