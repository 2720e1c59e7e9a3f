"""A time limit means what `asyncio.timeout` means, however many share its timer."""

from __future__ import annotations

import asyncio
import gc
import weakref

import pytest

from providers.time_limit import time_limit

SHORT = 0.05
LONG = 30.0


def test_what_takes_too_long_is_cancelled_and_says_so() -> None:
    ended: list[BaseException] = []

    async def block() -> None:
        with time_limit(SHORT):
            try:
                await asyncio.sleep(LONG)
            except asyncio.CancelledError as error:
                ended.append(error)
                raise

    async def work() -> None:
        with pytest.raises(TimeoutError) as caught:
            await block()
        assert caught.value.__cause__ is ended[0]
        await asyncio.sleep(0)  # nothing of the cancellation is left

    asyncio.run(work())


def test_what_ends_in_time_hears_nothing_of_it_later() -> None:
    async def work() -> None:
        with time_limit(SHORT) as limit:
            await asyncio.sleep(0)
        await asyncio.sleep(2 * SHORT)
        assert not limit.is_over

    asyncio.run(work())


def test_an_error_in_the_block_stays_what_it_is() -> None:
    async def work() -> None:
        with pytest.raises(ValueError, match="wrong"), time_limit(SHORT):
            raise ValueError("wrong")
        await asyncio.sleep(2 * SHORT)

    asyncio.run(work())


def test_each_has_its_own_time_though_one_timer_serves_all() -> None:
    took: list[float] = []

    async def one() -> None:
        began = asyncio.get_running_loop().time()
        with pytest.raises(TimeoutError), time_limit(0.2):
            await asyncio.sleep(LONG)
        took.append(asyncio.get_running_loop().time() - began)

    async def work() -> None:
        tasks = []
        for _ in range(4):
            tasks.append(asyncio.create_task(one()))
            await asyncio.sleep(0.05)
        await asyncio.gather(*tasks)
        await one()  # also after there was none for a while

    asyncio.run(work())
    assert len(took) == 5
    assert all(0.19 <= each < 5 for each in took)
    assert max(took) - min(took) < 0.15


@pytest.mark.parametrize(("outer", "inner"), [(SHORT, LONG), (LONG, SHORT), (SHORT, SHORT)])
def test_the_shorter_of_two_counts(outer: float, inner: float) -> None:
    async def work() -> str:
        try:
            with time_limit(outer):
                try:
                    with time_limit(inner):
                        await asyncio.sleep(LONG)
                except TimeoutError:
                    return "inner"
        except TimeoutError:
            return "outer"
        return "none"

    assert asyncio.run(work()) == ("inner" if inner <= outer and inner < LONG and outer != inner else "outer")


def test_a_cancellation_from_elsewhere_stays_one() -> None:
    async def block() -> None:
        with time_limit(LONG):
            await asyncio.sleep(LONG)

    async def work() -> None:
        task = asyncio.create_task(block())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(work())


def test_a_cancellation_from_elsewhere_stays_one_though_the_time_is_up_as_well() -> None:
    tasks: list[asyncio.Task[None]] = []

    async def block() -> None:
        with time_limit(SHORT) as limit:
            try:
                await asyncio.sleep(LONG)
            except asyncio.CancelledError:
                assert limit.is_over
                tasks[0].cancel()
                raise

    async def work() -> None:
        tasks.append(asyncio.create_task(block()))
        with pytest.raises(asyncio.CancelledError):
            await tasks[0]

    asyncio.run(work())


def test_a_loop_that_is_gone_is_forgotten() -> None:
    async def work() -> weakref.ref[asyncio.AbstractEventLoop]:
        with time_limit(LONG):
            await asyncio.sleep(0)
        return weakref.ref(asyncio.get_running_loop())

    loop = asyncio.run(work())
    gc.collect()
    assert loop() is None
