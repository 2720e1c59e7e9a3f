"""Connections shared by the numbers of a pump: campaigns wait for one, fairly, and never take those left to agents."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recontact.dispatch.connections import ONE_FOR_AGENTS_OF, Connections

TOTAL = 2 * ONE_FOR_AGENTS_OF
FOR_CAMPAIGNS = TOTAL - 2


class Calls:
    """Calls of campaigns, each of which ends when it is told to."""

    def __init__(self, shared: Connections) -> None:
        self.shared = shared
        self.begun: list[int] = []
        self.ends: list[asyncio.Event] = []
        self.tasks: list[asyncio.Task[None]] = []

    def begin(self, number_id: int, count: int = 1) -> None:
        self.tasks += [asyncio.create_task(self._call(number_id)) for _ in range(count)]

    async def _call(self, number_id: int) -> None:
        async with self.shared.one(number_id):
            self.begun.append(number_id)
            self.ends.append(asyncio.Event())
            await self.ends[-1].wait()

    async def end(self, place: int) -> None:
        self.ends[place].set()
        await settled()


async def settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def run(work: Callable[[Calls], Awaitable[None]], total: int = TOTAL) -> Calls:
    async def whole() -> Calls:
        calls = Calls(Connections(total))
        await work(calls)
        for task in calls.tasks:
            task.cancel()
        await asyncio.gather(*calls.tasks, return_exceptions=True)
        return calls

    return asyncio.run(whole())


def test_campaigns_leave_connections_to_agents() -> None:
    async def work(calls: Calls) -> None:
        calls.begin(1, TOTAL)
        await settled()
        assert len(calls.begun) == FOR_CAMPAIGNS

    run(work)


def test_a_connection_that_becomes_free_is_the_numbers_that_uses_the_fewest() -> None:
    async def work(calls: Calls) -> None:
        calls.begin(1, TOTAL)
        calls.begin(2, 3)
        await settled()
        for place in range(6):
            await calls.end(place)
        # Once it uses as many as the other one needs, they go on in turn.
        assert calls.begun[FOR_CAMPAIGNS:] == [2, 2, 2, 1, 1]

    run(work)


def test_one_that_gives_up_waiting_takes_no_connection_with_it() -> None:
    async def work(calls: Calls) -> None:
        calls.begin(1, FOR_CAMPAIGNS + 2)
        await settled()
        calls.tasks[FOR_CAMPAIGNS].cancel()
        await settled()
        await calls.end(0)
        assert len(calls.begun) == FOR_CAMPAIGNS + 1

    run(work)


def test_one_that_gives_up_as_its_turn_comes_hands_it_on() -> None:
    async def work(calls: Calls) -> None:
        calls.begin(1, FOR_CAMPAIGNS + 2)
        await settled()
        calls.ends[0].set()
        await asyncio.sleep(0)  # the first call ends; the next one has its turn and has not gone on
        calls.tasks[FOR_CAMPAIGNS].cancel()
        await settled()
        assert len(calls.begun) == FOR_CAMPAIGNS + 1

    run(work)


@given(
    st.lists(st.tuples(st.sampled_from(["begin", "end", "cancel"]), st.integers(0, 3), st.integers(0, 50)), max_size=60)
)
def test_whatever_happens_none_is_lost_and_none_made(steps: list[tuple[str, int, int]]) -> None:
    async def work(calls: Calls) -> None:
        for step, number_id, place in steps:
            if step == "begin":
                calls.begin(number_id, 3)
            elif step == "end" and calls.ends:
                calls.ends[place % len(calls.ends)].set()
            elif step == "cancel" and calls.tasks:
                calls.tasks[place % len(calls.tasks)].cancel()
            if place % 2:
                await settled()
        await settled()
        for task in calls.tasks:
            task.cancel()
        await settled()
        before = len(calls.begun)
        calls.begin(9, 10)
        await settled()
        assert len(calls.begun) - before == 4 - 1

    run(work, total=4)


def test_beyond_the_connections_is_claimed_only_what_answers_say_will_have_one_soon(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 1000.0
    monkeypatch.setattr("recontact.dispatch.connections.time.monotonic", lambda: now)
    shared = Connections(100)
    assert shared.worth_claiming() == shared.for_campaigns == 94

    for _ in range(40):
        now += 0.05
        shared.answered(4)
    assert 94 + 35 < shared.worth_claiming() <= 94 + 42

    now += 5
    assert shared.worth_claiming() == 94

    shared.answered(1000)
    assert shared.worth_claiming() == 2 * 94
