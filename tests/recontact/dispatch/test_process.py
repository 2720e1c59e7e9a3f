"""The worker's word to its processes that it is about to end reaches them, whatever became of the others."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Iterator

import pytest

from recontact.dispatch import process

KILLED = 30
FORK = multiprocessing.get_context("fork")


@pytest.fixture(autouse=True)
def going_on() -> Iterator[None]:
    yield
    process._stopping.value = False


def _ask_for_ever() -> None:
    while True:
        process.is_stopping()


def _wait_for_the_stop() -> None:
    while not process.is_stopping():
        time.sleep(0.01)


def test_a_process_that_is_killed_while_it_asks_keeps_no_other_from_stopping() -> None:
    waiting = FORK.Process(target=_wait_for_the_stop)
    waiting.start()
    for _ in range(KILLED):
        asking = FORK.Process(target=_ask_for_ever)
        asking.start()
        time.sleep(0.02)
        os.kill(asking.pid or 0, signal.SIGKILL)
        asking.join()

    process._stop()

    waiting.join(10)
    assert waiting.exitcode == 0
