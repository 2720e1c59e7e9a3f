"""The web server's pool of threads: whoever became free last works next, and nothing is lost on the way."""

from __future__ import annotations

import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hsm_portal.web_worker import LastFreeFirst


def slowly(answer: int) -> int:
    time.sleep(0.002)
    return answer


def test_one_call_after_the_other_is_done_by_one_thread() -> None:
    pool = LastFreeFirst(8)
    names = set()
    for _ in range(50):
        names.add(pool.submit(lambda: threading.current_thread().name).result(5))
        # It is free a moment after it gave the answer.
        while not pool._free:
            time.sleep(0.001)
    pool.shutdown()

    assert len(names) == 1


def test_calls_at_the_same_time_are_done_by_as_many_threads_as_there_may_be() -> None:
    pool, together = LastFreeFirst(4), threading.Barrier(4)
    futures = [pool.submit(together.wait, 5) for _ in range(4)]

    assert sorted(future.result(5) for future in futures) == [0, 1, 2, 3]
    pool.shutdown()


@given(threads=st.integers(1, 4), calls=st.integers(0, 30))
def test_every_call_is_done_once(threads: int, calls: int) -> None:
    pool = LastFreeFirst(threads)
    futures = [pool.submit(slowly if number % 3 == 0 else int, number) for number in range(calls)]

    assert [future.result(5) for future in futures] == list(range(calls))
    pool.shutdown()


def test_what_fails_fails_for_whoever_waits_and_the_thread_goes_on() -> None:
    pool = LastFreeFirst(1)
    failed = pool.submit(lambda: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        failed.result(5)
    assert pool.submit(int, 7).result(5) == 7
    pool.shutdown()


def test_at_its_end_the_pool_takes_nothing_new_finishes_what_waits_and_its_threads_go() -> None:
    before = set(threading.enumerate())
    pool = LastFreeFirst(2)
    futures = [pool.submit(slowly, number) for number in range(10)]
    begun = set(threading.enumerate()) - before
    pool.shutdown()

    with pytest.raises(RuntimeError):
        pool.submit(int, 1)
    assert [future.result(5) for future in futures] == list(range(10))
    for thread in begun:
        thread.join(5)
    assert not any(thread.is_alive() for thread in begun)
