"""What is still going to happen, by time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial

import uvloop
from hypothesis import given, settings
from hypothesis import strategies as st

from providers.simulator.agenda import Agenda


def happening(plan: Callable[[Agenda, list[str]], None], *, until: int) -> list[str]:
    """What happens, in order, once so much is planned; ends when nothing is left or `until` things happened."""

    async def run() -> list[str]:
        agenda, happened = Agenda(), list[str]()
        plan(agenda, happened)
        async with asyncio.timeout(5):
            while len(agenda) and len(happened) < until:
                await asyncio.sleep(0.001)
        return happened

    return uvloop.run(run())


@given(st.lists(st.integers(min_value=0, max_value=20), min_size=1, max_size=30))
@settings(max_examples=20, deadline=None)
def test_everything_happens_once_by_time_and_then_by_the_order_it_came_in(milliseconds: list[int]) -> None:
    def plan(agenda: Agenda, happened: list[str]) -> None:
        for position, after in enumerate(milliseconds):
            agenda.add(after / 1000, partial(happened.append, f"{after:02d} {position:02d}"))

    happened = happening(plan, until=len(milliseconds))

    assert happened == sorted(f"{after:02d} {position:02d}" for position, after in enumerate(milliseconds))


def test_nothing_happens_before_its_time() -> None:
    async def waited() -> float:
        agenda, done = Agenda(), asyncio.Event()
        began = asyncio.get_running_loop().time()
        agenda.add(0.0204, done.set)
        await done.wait()
        return asyncio.get_running_loop().time() - began

    assert uvloop.run(waited()) >= 0.02


def test_one_thing_may_plan_the_next() -> None:
    def plan(agenda: Agenda, happened: list[str]) -> None:
        def first() -> None:
            happened.append("first")
            agenda.add(0.001, partial(happened.append, "second"))

        agenda.add(0.001, first)

    assert happening(plan, until=2) == ["first", "second"]


def test_what_fails_keeps_nothing_else_from_happening() -> None:
    def plan(agenda: Agenda, happened: list[str]) -> None:
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: happened.append("reported"))
        agenda.add(0.001, partial(dict[str, str]().pop, "missing"))
        agenda.add(0.001, partial(happened.append, "the next"))

    assert sorted(happening(plan, until=2)) == ["reported", "the next"]


def test_what_was_cleared_does_not_happen() -> None:
    def plan(agenda: Agenda, happened: list[str]) -> None:
        agenda.add(0.001, partial(happened.append, "forgotten"))
        agenda.clear()
        agenda.add(0.005, partial(happened.append, "planned after"))

    assert happening(plan, until=1) == ["planned after"]
