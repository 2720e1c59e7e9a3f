"""Pumps share the numbers: whoever owns fewer asks, whoever owns most gives back, and a word that is lost costs only time."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
from django.core.cache import cache
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from providers.http import close_client
from providers.models import SenderNumber
from recontact.dispatch import process
from recontact.dispatch.lease import lease_owners, leases_take
from recontact.dispatch.pump import Pump
from recontact.dispatch.sharing import is_short, look, share_ask, to_give
from recontact.models import Message, NumberLease
from tests.factories import message_make, sender_number_make
from tests.providers.simulator.server import WABA_ID
from tests.world import World

NUMBERS = 4
#: Of each number a second, a tenth less: so slow that none runs out of messages before they are shared on a busy machine.
PACE = 2
EACH = 40


# --- the rule --------------------------------------------------------------------------------------------------------


@given(st.dictionaries(st.sampled_from("abcde"), st.integers(0, 30), min_size=2))
def test_the_rounds_of_asking_and_giving_come_to_an_end_at_which_all_own_alike(pumps: dict[str, int]) -> None:
    whole = sum(pumps.values())
    rounds = 0
    while askers := [each for each in pumps if is_short(_owning(pumps), each)]:
        rounds += 1
        owners, asker = _owning(pumps), askers[-1]
        given_back = {each: to_give(owners, each, asker) for each in pumps if each != asker}
        for each, count in given_back.items():
            pumps[each] -= count
        pumps[asker] += sum(given_back.values())
        assert min(pumps.values()) >= 0
    assert sum(pumps.values()) == whole
    assert max(pumps.values()) - min(pumps.values()) <= 1
    assert rounds <= len(pumps) ** 2


def _owning(pumps: dict[str, int]) -> dict[str, int]:
    """What the table of leases tells: of a pump without numbers it knows nothing."""
    return {each: count for each, count in pumps.items() if count}


def test_nobody_is_short_of_a_number_that_would_only_change_places() -> None:
    assert not is_short({"one": 1}, "other")
    assert not is_short({"one": 3, "other": 2}, "other")
    assert is_short({"one": 2}, "other")


# --- leases and words ------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_pump_takes_no_more_than_its_share_beside_one_that_asks() -> None:
    for _ in range(NUMBERS):
        message_make()
    share_ask("other")

    first, to_give_first = look("one")
    other, _ = look("other")

    assert (len(first), to_give_first, len(other)) == (NUMBERS / 2, 0, NUMBERS / 2)


@pytest.mark.django_db
def test_the_numbers_of_a_pump_that_died_come_back_when_their_leases_end() -> None:
    for _ in range(NUMBERS):
        message_make()
    assert len(leases_take("dead")) == NUMBERS
    taken, _ = look("alive")
    assert taken == []

    NumberLease.objects.update(expires_at=_now())

    taken, to_give_back = look("alive")
    assert (len(taken), to_give_back) == (NUMBERS, 0)


def _now() -> object:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        return cursor.fetchone()[0]


# --- two pumps -------------------------------------------------------------------------------------------------------


@dataclass
class Pumps:
    """Pumps in threads, each with its loop, and who owned how many numbers whenever that changed."""

    seen: list[dict[str, int]] = field(default_factory=list)
    threads: list[threading.Thread] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)

    def start(self, holder: str) -> None:
        """Let one more pump join."""
        self.threads.append(threading.Thread(target=self._pump, args=(holder,)))
        self.threads[-1].start()

    def _pump(self, holder: str) -> None:
        async def run() -> None:
            try:
                await Pump(holder, self.stopped.is_set, idle_seconds=0.1).run(240)
            finally:
                await close_client()

        asyncio.run(run())

    def watch(self, until: dict[str, int], *, seconds: float = 30) -> None:
        """Look on until the numbers are owned so."""
        ends = time.monotonic() + seconds
        while not self.seen or self.seen[-1] != until:
            assert time.monotonic() < ends, f"never {until} but {self.seen}"
            if (owners := lease_owners()) != (self.seen[-1] if self.seen else None):
                self.seen.append(owners)
            time.sleep(0.02)

    def join(self) -> None:
        """Wait until all have nothing more to do."""
        for thread in self.threads:
            thread.join()


@contextmanager
def _pumps() -> Iterator[Pumps]:
    pumps = Pumps()
    try:
        yield pumps
    finally:
        pumps.stopped.set()
        pumps.join()


def _queue(world: World, *, each: int = EACH, numbers: int = NUMBERS, pace: int = PACE) -> list[Message]:
    """Messages for several numbers that both sides know."""
    messages = []
    for place in range(numbers):
        known = {"phone_number_id": f"29811765338{place:02d}", "waba_id": WABA_ID}
        world.simulator.post("seed", numbers=[{**known, "display_phone_number": f"+54 9 11 5555-02{place:02d}"}])
        world.number = sender_number_make(account=world.account, external_id=known["phone_number_id"], throughput=pace)
        messages += [world.message() for _ in range(each)]
    return messages


def _hurry() -> None:
    """What there was to be seen was seen: the pumps learn within seconds that the rest may go quickly."""
    SenderNumber.objects.update(throughput=80)


def _sent_once_each(world: World, messages: list[Message]) -> bool:
    return [len(world.accepted(message)) for message in messages] == [1] * len(messages)


def test_a_second_pump_gets_half_of_the_numbers_and_each_message_goes_once(world: World) -> None:
    messages = _queue(world)
    with _pumps() as pumps:
        pumps.start("first")
        pumps.watch({"first": NUMBERS})
        pumps.start("second")
        pumps.watch({"first": NUMBERS // 2, "second": NUMBERS // 2})
        tokens = dict(NumberLease.objects.values_list("pk", "token"))
        time.sleep(2)
        assert dict(NumberLease.objects.values_list("pk", "token")) == tokens, "nothing changed hands again"
        _hurry()
        pumps.join()

    assert sorted(tokens.values()) == [1] * (NUMBERS // 2) + [2] * (NUMBERS // 2)
    assert _sent_once_each(world, messages)
    assert set(Message.objects.values_list("state", "attempt_number")) == {("accepted", 1)}


def test_asking_that_is_forgotten_again_and_again_sends_nothing_twice_and_loses_nothing(world: World) -> None:
    messages = _queue(world, each=EACH // 2)
    with _pumps() as pumps, _forgetting():
        pumps.start("first")
        pumps.watch({"first": NUMBERS})
        pumps.start("second")
        _hurry()
        pumps.join()

    assert _sent_once_each(world, messages)


@contextmanager
def _forgetting() -> Iterator[None]:
    """Valkey forgets everything again and again, as long as the block lasts."""
    over = threading.Event()

    def forget() -> None:
        while not over.wait(0.03):
            cache.clear()

    forgetting = threading.Thread(target=forget)
    forgetting.start()
    try:
        yield
    finally:
        over.set()
        forgetting.join()


def test_without_valkey_the_pumps_share_what_is_free_and_send_each_message_once(
    world: World, settings: Settings
) -> None:
    messages = _queue(world, each=EACH // 4, pace=8)
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:9/0"}}
    with _pumps() as pumps:
        pumps.start("first")
        pumps.start("second")
        pumps.join()

    assert _sent_once_each(world, messages)


def test_the_numbers_of_a_process_stay_its_own_from_slice_to_slice(world: World) -> None:
    messages = _queue(world, each=EACH // 2, numbers=3)
    with _pumps() as pumps:
        first = threading.Thread(target=process.pump_slices, args=(0.7,))
        first.start()
        _until(lambda: sum(lease_owners().values()) == 3, "the first pump owns all")
        pumps.start("second")
        _until(lambda: _tokens() == [1, 1, 2], "one goes over to the second pump")
        time.sleep(2)
        tokens = _tokens()
        _hurry()
        first.join()
        process._event_loop().run_until_complete(close_client())
        pumps.join()

    # None ever came back or went to and fro.
    assert tokens == [1, 1, 2]
    assert _sent_once_each(world, messages)


def _tokens() -> list[int]:
    return sorted(NumberLease.objects.values_list("token", flat=True))


def _until(condition: Callable[[], bool], what: str) -> None:
    ends = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < ends, f"not: {what}"
        time.sleep(0.02)
