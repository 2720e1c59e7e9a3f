"""Ticks of beat that piled up while no worker ran: the first is carried out, the others only repeat it."""

from __future__ import annotations

from collections.abc import Iterator
from unittest.mock import patch

import pytest
import redis
from celery import Task
from django.conf import settings
from django.core.cache import cache

from hsm_portal.celery import app
from hsm_portal.periodic import EVERY
from hsm_portal.schedule import BEAT_SCHEDULE

TICK = {EVERY: "20.0"}


@pytest.fixture
def counted() -> Iterator[tuple[Task[..., None], list[int]]]:
    """A task, and the numbers it was called with."""
    calls: list[int] = []

    @app.task(name="tests.counted")
    def task(number: int = 0) -> None:
        calls.append(number)

    yield task, calls
    app.tasks.unregister("tests.counted")


def test_of_ticks_that_piled_up_only_the_first_does_anything(counted: tuple[Task[..., None], list[int]]) -> None:
    task, calls = counted
    for number in range(3):
        task.apply(args=(number,), headers=TICK)

    assert calls == [0]


def test_the_next_tick_does_it_again(counted: tuple[Task[..., None], list[int]]) -> None:
    task, calls = counted
    task.apply(args=(1,), headers=TICK)
    with redis.Redis.from_url(settings.REDIS_URL) as valkey:
        left = [valkey.ttl(key) for key in valkey.keys("*beat:tests.counted")]
    assert len(left) == 1
    assert 0 < left[0] <= float(TICK[EVERY]) / 2
    cache.delete("beat:tests.counted")
    task.apply(args=(2,), headers=TICK)

    assert calls == [1, 2]


def test_whoever_asks_for_the_task_himself_is_never_passed_over(counted: tuple[Task[..., None], list[int]]) -> None:
    task, calls = counted
    task.apply(args=(1,), headers=TICK)
    task.apply(args=(2,))
    task.apply(args=(3,))

    assert calls == [1, 2, 3]


def test_without_valkey_a_tick_is_carried_out(counted: tuple[Task[..., None], list[int]]) -> None:
    task, calls = counted
    with patch.object(cache, "add", side_effect=redis.ConnectionError):
        task.apply(args=(1,), headers=TICK)
        task.apply(args=(2,), headers=TICK)

    assert calls == [1, 2]


@pytest.mark.parametrize("name", BEAT_SCHEDULE)
def test_no_tick_expires_by_the_clock_of_another_machine(name: str) -> None:
    assert "expires" not in BEAT_SCHEDULE[name].get("options", {})
