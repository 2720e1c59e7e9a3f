"""Answers that are lost: the provider's after it accepted, and the database's at the COMMIT of the record."""

from __future__ import annotations

import pytest

from recontact.models import Message, Recontact
from tests.faults.processes import until
from tests.faults.stage import AT_REST, Stage

#: The statement of `record` that writes an acceptance.
ACCEPTANCE = b"SET state = 'accepted'"


@pytest.mark.parametrize("digits", ["25", "07", "24", "27", "28"])
def test_an_answer_lost_after_acceptance_is_uncertain_until_the_webhook_settles_it(stage: Stage, digits: str) -> None:
    stage.world.simulator.knobs(hold_webhooks=True)
    [message] = stage.queue(digits=digits)
    stage.wait_for("uncertain")
    stage.sweep()
    stage.world.simulator.post("webhooks/release")
    stage.wait_for("read")
    stage.prove()
    stage.prove_events()
    assert (stage.calls(message), stage.attempts(message)) == (1, ["uncertain"])
    assert Recontact.objects.get().state == Recontact.State.SPENT


def test_a_lost_answer_without_any_webhook_stays_uncertain_and_is_never_sent_again(stage: Stage) -> None:
    [message] = stage.queue(digits="41")
    stage.wait_for("uncertain")
    other = stage.queue()
    stage.sweep()
    stage.wait_for("read", messages=other)
    stage.prove()
    assert (message.pk, stage.calls(message)) == (Message.objects.get(state="uncertain").pk, 1)


@pytest.mark.parametrize("reaches_server", [True, False], ids=["acknowledged to nobody", "never arrived"])
def test_a_record_whose_commit_is_cut_is_written_again_and_nothing_is_sent_twice(
    stage: Stage, reaches_server: bool
) -> None:
    stage.world.simulator.knobs(hold_webhooks=True)
    cuts = stage.wire.cuts
    stage.wire.lose_commit(ACCEPTANCE, reaches_server=reaches_server)
    messages = stage.queue(20)
    stage.wait_for("accepted")
    until(lambda: stage.wire.cuts == cuts + 1, what="the cut")
    stage.prove()
    assert [stage.attempts(message) for message in messages] == [["accepted"]] * 20
    stage.world.simulator.post("webhooks/release")
    stage.wait_for("read")
    stage.prove()
    stage.prove_events()


def test_a_claim_whose_commit_is_cut_after_it_arrived_is_uncertain_and_never_sent(stage: Stage) -> None:
    stage.wire.lose_commit(b"SET state = 'sending'", reaches_server=True)
    [message] = stage.queue()
    stage.wait_for("sending")
    stage.time_passes()
    stage.sweep()
    stage.wait_for("uncertain")
    others = stage.queue(3)
    stage.sweep()
    stage.wait_for("read", messages=others)
    stage.prove()
    assert (stage.calls(message), stage.attempts(message)) == (0, ["lost"])


def test_a_claim_whose_commit_never_arrived_is_made_again(stage: Stage) -> None:
    stage.wire.lose_commit(b"SET state = 'sending'", reaches_server=False)
    [message] = stage.queue()
    stage.wait_for("read")
    # The webhooks may be quicker than the record.
    until(lambda: stage.attempts(message) == ["accepted"], what="the record")
    stage.prove()
    assert stage.calls(message) == 1


def test_connections_cut_in_the_middle_of_a_slice_lose_and_double_nothing(stage: Stage) -> None:
    stage.world.simulator.knobs(latency_ms=200)
    stage.queue(60)
    until(lambda: stage.states()["accepted"] + stage.states()["read"] > 5, what="the first sends")
    stage.wire.cut_all()
    # A claim whose COMMIT arrived and whose answer was cut is known to nobody: only the sweep ends it, once its lease is over.
    stage.wait_ticking(*AT_REST, messages=stage.messages)
    stage.wait_for("read", "uncertain")
    stage.prove()
    lost = Message.objects.filter(state="uncertain", attempts__outcome="lost")
    assert [stage.calls(message) for message in lost] == [0] * len(lost)
