"""Systems outside are told of every event at least once and in order, though the worker dies and the systems misbehave."""

from __future__ import annotations

import os
import threading
import time
from collections import Counter
from collections.abc import Iterator
from itertools import count

import pytest

from recontact.models import OutgoingEvent
from tests.faults.processes import Worker, database_url, until
from tests.faults.telling import (
    ENVIRONMENT,
    QUEUE,
    TOLD,
    messages_make,
    messages_move,
    prove_told,
    tick,
    time_passes,
    wait_told,
)
from tests.faults.worker import BEFORE_TOLD, TELLING_SECONDS
from tests.recontact.outgoing.receiver import CUT, Receiver, receiver_run, subscription_make

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def telling(tmp_path_factory: pytest.TempPathFactory, django_db_setup: None) -> Iterator[Worker]:
    """The worker that tells; each test starts it."""
    environment = {**ENVIRONMENT, "DATABASE_URL": database_url(os.environ["DATABASE_URL"])}
    worker = Worker(tmp_path_factory.mktemp("telling") / "teller", QUEUE, environment)
    yield worker
    if worker.runs:
        worker.kill()


@pytest.fixture
def teller(telling: Worker, transactional_db: None) -> Iterator[Worker]:
    """It runs, and is at rest before the tables are emptied."""
    if not telling.runs:
        telling.start()
    yield telling
    if telling.runs:
        telling.kill()
    time_passes()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiver_run() as running:
        yield running


def _all_taken(receiver: Receiver) -> Counter[str]:
    return Counter(got.body["id"] for got in receiver.got)


def test_killed_between_telling_and_noting_it_the_same_events_are_told_again(
    teller: Worker, receiver: Receiver
) -> None:
    subscription_make(receiver.url, "message.state_changed")
    messages_move(messages_make(30), "sending", *TOLD)
    teller.stop_at(BEFORE_TOLD)
    tick()
    teller.wait_stopped_at(BEFORE_TOLD)
    first = _all_taken(receiver)
    teller.kill()
    assert OutgoingEvent.objects.filter(standing="waiting").count() == 30 * len(TOLD)

    time_passes()
    teller.start()
    wait_told()

    taken = _all_taken(receiver)
    prove_told(receiver, events=30 * len(TOLD), taken=taken)
    assert first
    assert {uid for uid, often in taken.items() if often > 1} == set(first)


def test_killed_again_and_again_while_a_flaky_address_is_told_nothing_is_lost_or_out_of_order(
    teller: Worker, receiver: Receiver
) -> None:
    taken: Counter[str] = Counter()
    moods = count()
    lock = threading.Lock()

    def answer(body: dict[str, str]) -> int:
        with lock:
            mood = next(moods) % 12
        if mood in (2, 7):
            return 500
        if mood in (4, 9):
            return CUT
        if mood == 5:
            return 302
        with lock:
            taken[body["id"]] += 1
        if mood == 11:
            # It took the event, and says so too late.
            time.sleep(2 * TELLING_SECONDS)
        return 200

    receiver.answer = answer
    subscription_make(receiver.url, "message.state_changed")
    ids = messages_make(60)
    messages_move(ids, "sending")
    for state in TOLD[:3]:
        messages_move(ids, state)
        told = len(taken)
        tick()
        until(lambda told=told: len(taken) > told + 10, what="some telling")  # type: ignore[misc]
        teller.kill()
        time_passes()
        teller.start()
    messages_move(ids, TOLD[3])

    wait_told()

    prove_told(receiver, events=60 * len(TOLD), taken=taken)
    assert max(taken.values()) > 1


def test_an_address_that_was_away_is_told_everything_when_it_is_back(teller: Worker, receiver: Receiver) -> None:
    away = True
    taken: Counter[str] = Counter()

    def answer(body: dict[str, str]) -> int:
        if away:
            return CUT
        taken[body["id"]] += 1
        return 200

    receiver.answer = answer
    subscription_make(receiver.url, "message.state_changed")
    messages_move(messages_make(20), "sending", *TOLD)
    tick()
    until(lambda: receiver.got, what="the first try")
    away = False

    wait_told()

    prove_told(receiver, events=20 * len(TOLD), taken=taken)
