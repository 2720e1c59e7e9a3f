"""`kill -9` of the dispatcher at each step: after the restart nothing is doubled, nothing lost, and the books balance."""

from __future__ import annotations

import time

from recontact.models import Attempt, Message, Recontact
from tests.faults.processes import until
from tests.faults.stage import Stage
from tests.faults.worker import AFTER_CLAIM, BEFORE_CLAIM, BEFORE_RECORD


def _kill_at(stage: Stage, step: str, count: int = 30) -> None:
    stage.dispatcher.stop_at(step)
    stage.queue(count)
    stage.dispatcher.wait_stopped_at(step)
    stage.dispatcher.kill()


def _come_back(stage: Stage) -> None:
    """The machine is up again, the leases have run out, and beat ticks."""
    stage.time_passes()
    stage.dispatcher.start()
    stage.sweep()
    stage.wait_at_rest()


def test_killed_before_the_claim_everything_is_sent_by_the_next_worker(stage: Stage) -> None:
    _kill_at(stage, BEFORE_CLAIM)
    assert stage.states() == {"queued": 30}
    _come_back(stage)
    stage.wait_for("read")
    stage.prove()
    assert set(Message.objects.values_list("attempt_number", flat=True)) == {1}


def test_killed_between_claim_and_call_the_claimed_are_uncertain_and_the_others_sent(stage: Stage) -> None:
    _kill_at(stage, AFTER_CLAIM)
    claimed = list(Message.objects.filter(state="sending"))
    assert claimed
    _come_back(stage)
    stage.wait_for("read", "uncertain")
    stage.prove()
    assert stage.states(claimed) == {"uncertain": len(claimed)}
    assert [stage.calls(message) for message in claimed] == [0] * len(claimed)
    assert stage.states()["read"] == 30 - len(claimed)
    lost = Recontact.objects.filter(message__in=claimed).values_list("state", flat=True)
    assert set(lost) == {Recontact.State.RESERVED}


def test_killed_during_the_call_the_webhook_settles_what_the_provider_took(stage: Stage) -> None:
    stage.world.simulator.knobs(latency_ms=1500, hold_webhooks=True)
    messages = stage.queue(30)
    in_flight = _frozen_during_a_call(stage)
    stage.dispatcher.kill()
    stage.world.simulator.knobs(latency_ms=0)
    _come_back(stage)
    assert stage.states(in_flight) == {"uncertain": len(in_flight)}
    assert set(Attempt.objects.filter(message__in=in_flight).values_list("outcome", flat=True)) == {"lost"}
    stage.world.simulator.post("webhooks/release")
    stage.wait_for("read", messages=[message for message in messages if stage.world.accepted(message)])
    stage.prove()


def _frozen_during_a_call(stage: Stage) -> list[Message]:
    """Freeze the dispatcher while it waits for answers, so that none comes before it is killed; returns what is in flight."""
    found: list[Message] = []

    def caught() -> bool:
        time.sleep(0.05)
        stage.dispatcher.freeze()
        found[:] = [message for message in Message.objects.filter(state="sending") if stage.calls(message)]
        if not found:
            stage.dispatcher.thaw()
        return bool(found)

    until(caught, what="a call")
    return found


def test_killed_between_call_and_record_the_webhook_settles_it_and_it_is_not_sent_again(stage: Stage) -> None:
    stage.world.simulator.knobs(hold_webhooks=True)
    _kill_at(stage, BEFORE_RECORD)
    sent = [message for message in stage.messages if stage.world.accepted(message)]
    assert sent
    _come_back(stage)
    assert stage.states(sent) == {"uncertain": len(sent)}
    stage.world.simulator.post("webhooks/release")
    stage.wait_for("read", messages=sent)
    stage.wait_for("read", "uncertain")
    stage.prove()
    assert [stage.calls(message) for message in sent] == [1] * len(sent)


def test_webhooks_settle_what_a_killed_worker_sent_even_before_the_sweep(stage: Stage) -> None:
    _kill_at(stage, BEFORE_RECORD, count=1)
    stage.wait_for("read")
    _come_back(stage)
    stage.prove()
    [message] = stage.messages
    assert (stage.calls(message), stage.attempts(message)) == (1, ["claimed"])
    message.recontact.refresh_from_db()
    assert message.recontact.state == Recontact.State.SPENT
