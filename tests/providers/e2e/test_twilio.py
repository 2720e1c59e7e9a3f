"""Twilio end to end: contents by the list, callbacks that bring our reference back, look-ups by the recipient's list."""

from __future__ import annotations

import pytest

from recontact.models import LookUpRecord, Message, Recontact
from tests.providers.e2e.stage import Setup, Stage

ACCOUNT = "AC0123456789abcdef0123456789abcdef"
TOKEN = "dummytoken0123456789abcdef012345"
CONTENT = "HXb5b62575e6e4ff61b5b62575e6e4ff61"
SETUP = Setup(
    slug="twilio",
    external_id=ACCOUNT,
    credentials={"auth_token": TOKEN},
    token=TOKEN,
    settings={"account_sid": ACCOUNT},
    template_id=CONTENT,
)


def test_a_message_is_sent_and_read(stage: Stage) -> None:
    message = stage.wait_for(stage.queue(), "read")

    [accepted] = stage.accepted(message)
    assert (accepted["rendered"], accepted["wamid"]) == (message.body, message.provider_message_id)
    assert (accepted["reference"], stage.attempts(message)) == (str(message.reference), ["accepted"])
    assert message.recontact.state == Recontact.State.SPENT
    stage.prove()


def test_a_refused_message_gives_the_right_back(stage: Stage) -> None:
    message = stage.wait_for(stage.queue("39"), "rejected")

    assert (message.reason, message.provider_code) == ("country_not_allowed", "21408")
    assert (message.recontact.state, stage.accepted(message)) == (Recontact.State.RELEASED, [])
    stage.prove()


def test_a_message_that_whatsapp_cannot_deliver_has_failed(stage: Stage) -> None:
    message = stage.wait_for(stage.queue("02"), "failed")

    assert (message.reason, message.provider_code) == ("recipient_unreachable", "63024")
    stage.prove()


def test_a_throttled_message_waits_and_is_sent(stage: Stage) -> None:
    stage.simulator.knobs(fail_next=1, fail_code=130429)
    message = stage.wait_for(stage.queue(), "read")

    assert stage.attempts(message) == ["throttled", "accepted"]
    assert (stage.calls(message), len(stage.accepted(message))) == (2, 1)
    stage.prove()


@pytest.mark.parametrize("digits", ["07", "24", "25", "27", "28"])
def test_a_lost_answer_is_settled_by_the_callback_that_brings_our_reference_back(stage: Stage, digits: str) -> None:
    stage.simulator.knobs(hold_webhooks=True)
    message = stage.wait_for(stage.queue(digits), "uncertain")
    stage.simulator.post("webhooks/release")
    stage.wait_for(message, "read")

    assert (stage.calls(message), stage.attempts(message)) == (1, ["uncertain"])
    stage.prove()


def test_a_lost_answer_without_a_callback_is_settled_by_the_look_up(stage: Stage) -> None:
    message = stage.wait_for(stage.queue("41"), "uncertain")
    assert stage.look_up() == 1

    message.refresh_from_db()
    [accepted] = stage.accepted(message)
    assert (message.state, message.provider_message_id) == (Message.State.ACCEPTED, accepted["wamid"])
    assert LookUpRecord.objects.get().outcome == LookUpRecord.Outcome.FOUND
    assert stage.calls(message) == 1
    stage.prove()


def test_a_message_that_twilio_does_not_have_stays_in_doubt(stage: Stage) -> None:
    message = stage.wait_for(stage.queue("40"), "uncertain")
    assert stage.look_up() == 0

    message.refresh_from_db()
    assert (message.state, stage.accepted(message)) == (Message.State.UNCERTAIN, [])
    assert LookUpRecord.objects.get().outcome == LookUpRecord.Outcome.ABSENT
    stage.prove()


def test_the_customers_answer_arrives(stage: Stage) -> None:
    message = stage.wait_for(stage.queue(), "read")
    answer = stage.write(message, "Sí, dale")

    assert (answer.text, answer.query_id) == ("Sí, dale", message.query_id)
    stage.prove()
