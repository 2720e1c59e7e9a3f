"""Two dispatchers in two processes: tasks delivered twice, one number for both, and a number taken over from a frozen one."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from celery import current_app

from providers.models import SenderNumber
from recontact.dispatch.lease import lease_owners
from recontact.dispatch.wake import PUMP_TASK
from recontact.models import Attempt, Message, NumberLease
from tests.factories import sender_number_make
from tests.faults.processes import Worker, until
from tests.faults.stage import Stage, database_is_quiet
from tests.providers.simulator.server import WABA_ID


@pytest.fixture(scope="module")
def second(workers: object) -> Iterator[list[Worker]]:
    """The second dispatcher, once a test has started it; killed after the module."""
    started: list[Worker] = []
    yield started
    for worker in started:
        worker.kill()


def _second(stage: Stage, second: list[Worker]) -> Worker:
    if not second:
        second.append(stage.workers.another())
    return second[0]


def test_tasks_delivered_twice_to_two_workers_send_each_message_once(stage: Stage, second: list[Worker]) -> None:
    other = _second(stage, second)

    def both_pump() -> bool:
        # A slice without work is over soon, and one worker may take all tasks before the other gets to one.
        current_app.send_task(PUMP_TASK, queue="dispatch", retry=False)
        return stage.dispatcher.pumps and other.pumps

    until(both_pump, what="a slice in both workers")
    messages = stage.queue(60)
    for _ in range(4):
        current_app.send_task(PUMP_TASK, queue="dispatch", retry=False)
    stage.wait_for("read")
    stage.prove()
    stage.prove_events()
    assert [stage.calls(message) for message in messages] == [1] * 60


def test_a_number_taken_over_from_a_frozen_pump_is_claimed_by_the_new_owner_alone(
    stage: Stage, second: list[Worker]
) -> None:
    _second(stage, second).freeze()
    SenderNumber.objects.update(throughput=15)
    stage.world.simulator.knobs(latency_ms=400, hold_webhooks=True)
    # Nothing goes before all are there: on a busy machine queueing takes longer than sending.
    stage.dispatcher.freeze()
    messages = stage.queue(70)
    stage.dispatcher.thaw()
    in_flight = _frozen_in_flight(stage)
    owner = NumberLease.objects.get()
    second[0].thaw()
    stage.time_passes()
    stage.wait_ticking("accepted", messages=[message for message in messages if message not in in_flight])
    stage.wait_for("uncertain", messages=in_flight)
    assert NumberLease.objects.get().token > owner.token
    # Its answers arrive late: what they prove is written down, and it claims nothing more.
    stage.dispatcher.thaw()
    stage.wait_for("accepted", "uncertain")
    until(lambda: not Attempt.objects.filter(outcome="claimed").exists(), what="the end of all attempts")
    stage.world.simulator.post("webhooks/release")
    stage.wait_for("read", messages=[message for message in messages if stage.world.accepted(message)])
    stage.prove()
    assert max(stage.calls(message) for message in messages) == 1


def test_a_dispatcher_with_nothing_to_do_gets_half_of_the_numbers_of_one_that_is_at_work(
    stage: Stage, second: list[Worker]
) -> None:
    _second(stage, second).freeze()
    # Nothing goes before all are there: on a busy machine queueing takes longer than sending.
    stage.dispatcher.freeze()
    messages = []
    for place in range(4):
        known = {"phone_number_id": f"29811765331{place:02d}", "waba_id": WABA_ID}
        stage.world.simulator.post("seed", numbers=[{**known, "display_phone_number": f"+54 9 11 5555-03{place:02d}"}])
        stage.world.number = sender_number_make(
            account=stage.world.account, external_id=known["phone_number_id"], throughput=5
        )
        messages += stage.queue(30)
    stage.dispatcher.thaw()
    _until_owned(stage, [4])

    second[0].thaw()

    _until_owned(stage, [2, 2])
    stage.wait_for("read")
    stage.prove()
    assert [stage.calls(message) for message in messages] == [1] * len(messages)


def _until_owned(stage: Stage, counts: list[int]) -> None:
    """Wait, with beat ticking, until the dispatchers own so many numbers each."""

    def owned() -> bool:
        stage.sweep()
        time.sleep(0.2)
        return sorted(lease_owners().values()) == counts

    until(owned, what=f"{counts}")


def _frozen_in_flight(stage: Stage) -> list[Message]:
    """Freeze the dispatcher while it waits for answers, holds no lock and has more to send; returns the messages in flight."""
    found: list[Message] = []

    def caught() -> bool:
        stage.sweep()  # the other one, frozen already, may have swallowed the wake
        time.sleep(0.2)
        stage.dispatcher.freeze()
        found[:] = Message.objects.filter(state="sending")
        if found and database_is_quiet() and stage.states()["queued"]:
            return True
        stage.dispatcher.thaw()
        return False

    until(caught, what="a call to freeze in")
    return found
