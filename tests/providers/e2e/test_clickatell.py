"""Clickatell end to end: entered templates, callbacks by a secret, lost answers that only a callback or a person settles."""

from __future__ import annotations

import pytest

from recontact.models import LookUpRecord, Message, Recontact
from tests.providers.e2e.stage import Setup, Stage

SECRET = "a-long-word-of-the-webhook"
KEY = "clickatell-key-0123456789=="
SETUP = Setup(
    slug="clickatell",
    external_id="ff80808158a1b2c30158a1b2c3d40001",
    credentials={"api_key": KEY, "webhook_secret": SECRET},
    token=KEY,
    basic=f"hsm:{SECRET}",
    listed=False,
)


def test_a_message_is_sent_and_read(stage: Stage) -> None:
    message = stage.wait_for(stage.queue(), "read")

    [accepted] = stage.accepted(message)
    assert (accepted["rendered"], accepted["wamid"]) == (message.body, message.provider_message_id)
    assert (accepted["reference"], stage.attempts(message)) == (str(message.reference), ["accepted"])
    assert message.recontact.state == Recontact.State.SPENT
    stage.prove()


def test_several_messages_go_in_one_request_and_each_has_its_own_end(stage: Stage) -> None:
    messages = {digits: stage.queue(digits) for digits in ("00", "12", "02", "38")}
    ends = {"00": "read", "12": "delivered", "02": "failed", "38": "rejected"}
    for digits, message in messages.items():
        stage.wait_for(message, ends[digits])

    bodies = {request["body"] for request in stage.simulator.get("requests")["data"]}
    assert len(bodies) == 1
    stage.prove()


def test_a_refused_message_gives_the_right_back(stage: Stage) -> None:
    message = stage.wait_for(stage.queue("38"), "rejected")

    assert (message.reason, message.provider_code) == ("provider_rejected", "error 105")
    assert (message.recontact.state, stage.accepted(message)) == (Recontact.State.RELEASED, [])
    stage.prove()


def test_a_message_that_whatsapp_refuses_has_failed(stage: Stage) -> None:
    message = stage.wait_for(stage.queue("02"), "failed")

    assert (message.reason, message.provider_code) == ("recipient_unreachable", "29")
    stage.prove()


def test_a_throttled_message_waits_and_is_sent(stage: Stage) -> None:
    stage.simulator.knobs(fail_next=1, fail_code=130429)
    message = stage.wait_for(stage.queue(), "read")

    assert stage.attempts(message) == ["throttled", "accepted"]
    assert (stage.calls(message), len(stage.accepted(message))) == (2, 1)
    stage.prove()


@pytest.mark.parametrize("digits", ["07", "24", "25", "27", "28"])
def test_a_lost_answer_is_settled_by_the_callback(stage: Stage, digits: str) -> None:
    stage.simulator.knobs(hold_webhooks=True)
    message = stage.wait_for(stage.queue(digits), "uncertain")
    # Nothing can be asked by our reference.
    assert stage.look_up() == 0
    assert not LookUpRecord.objects.exists()
    stage.simulator.post("webhooks/release")
    stage.wait_for(message, "read")

    assert (stage.calls(message), stage.attempts(message)) == (1, ["uncertain"])
    stage.prove()


def test_a_lost_answer_without_a_callback_is_left_to_a_person(stage: Stage) -> None:
    message = stage.wait_for(stage.queue("41"), "uncertain")
    stage.wait_for(stage.queue(), "read")
    stage.look_up()

    message.refresh_from_db()
    assert (message.state, stage.calls(message)) == (Message.State.UNCERTAIN, 1)
    assert message.recontact.state == Recontact.State.RESERVED
    stage.prove()


def test_the_customers_answer_arrives(stage: Stage) -> None:
    message = stage.wait_for(stage.queue(), "read")
    answer = stage.write(message, "Sí, dale")

    assert (answer.text, answer.query_id) == ("Sí, dale", message.query_id)
    stage.prove()


def test_a_callback_without_the_secret_is_refused(stage: Stage) -> None:
    stage.simulator.post("accounts/acct", webhook_url=stage.account.webhook_url)
    message = stage.wait_for(stage.queue("12"), "accepted")
    stage.until(lambda: stage.simulator.get("deliveries")["data"], what="a callback")
    stage.work()

    assert {each["answer"] for each in stage.simulator.get("deliveries")["data"]} == {"403"}
    message.refresh_from_db()
    assert message.state == Message.State.ACCEPTED
