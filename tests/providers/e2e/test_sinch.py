"""Sinch end to end: a token before the send, signed reports that bring our reference back, look-ups by the list."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from providers.adapters.sinch import auth
from recontact.models import CostEntry, LookUpRecord, Message, Recontact
from tests.providers.e2e.stage import BODY, Setup, Stage

APP = "01HF8Z5K3W9Q2E7T1Y6U4I0P8A"
PROJECT = "6f1e2d3c-4b5a-4978-8695-a4b3c2d1e0f9"
KEY_SECRET = "sinch-key-secret-0123456789"
SECRET = "a-long-word-of-the-webhook"
REPLY = {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": "Confirmar"}]}
SETUP = Setup(
    slug="sinch",
    external_id=APP,
    credentials={
        "project_id": PROJECT,
        "key_id": "key-1",
        "key_secret": KEY_SECRET,
        "webhook_secret": SECRET,
        "region": "eu",
        "authentication": "oauth2",
    },
    token=KEY_SECRET,
    app_secret=SECRET,
    settings={"key_id": "key-1", "project_id": PROJECT, "app_id": APP},
    components=[BODY, REPLY],
)


@pytest.fixture(autouse=True)
def _no_tokens() -> Iterator[None]:
    auth._tokens.clear()
    yield
    auth._tokens.clear()


def test_a_message_is_sent_and_read(stage: Stage) -> None:
    message = stage.wait_for(stage.queue(), "read")

    [accepted] = stage.accepted(message)
    assert (accepted["wamid"], accepted["reference"]) == (message.provider_message_id, str(message.reference))
    assert "Hola Ana, tu pedido ORD-1042 está listo." in accepted["rendered"]
    assert (stage.attempts(message), message.recontact.state) == (["accepted"], Recontact.State.SPENT)
    stage.prove()


def test_its_delivery_is_billed_by_the_rate_card_alone(stage: Stage) -> None:
    message = stage.wait_for(stage.queue("12"), "delivered")

    assert message.billed is True
    assert {entry.kind for entry in CostEntry.objects.all()} == {CostEntry.Kind.ESTIMATE}
    stage.prove()


def test_a_refused_message_gives_the_right_back(stage: Stage) -> None:
    stage.simulator.knobs(fail_next=1, fail_code=100)
    message = stage.wait_for(stage.queue(), "rejected")

    assert (message.reason, message.provider_code) == ("bad_request", "INVALID_ARGUMENT")
    assert (message.recontact.state, stage.accepted(message)) == (Recontact.State.RELEASED, [])
    stage.prove()


@pytest.mark.parametrize(
    ("digits", "reason", "code"),
    [
        ("02", "recipient_unreachable", "RECIPIENT_NOT_REACHABLE"),
        ("39", "provider_rejected", "DELIVERY_REJECTED_DUE_TO_POLICY"),
    ],
)
def test_a_message_that_whatsapp_refuses_has_failed(stage: Stage, digits: str, reason: str, code: str) -> None:
    message = stage.wait_for(stage.queue(digits), "failed")

    assert (message.reason, message.provider_code, message.billed) == (reason, code, False)
    stage.prove()


def test_a_failure_that_sinch_cannot_explain_proves_nothing(stage: Stage) -> None:
    stage.simulator.knobs(fail_next=1, fail_code=134101)
    message = stage.wait_for(stage.queue(), "accepted")
    stage.wait_for_webhooks()

    message.refresh_from_db()
    event = message.events.get(raw_status="FAILED")
    assert (message.state, event.status, event.provider_code) == (Message.State.ACCEPTED, "unknown", "UNKNOWN")
    assert message.recontact.state == Recontact.State.SPENT
    stage.prove()


def test_a_wrong_key_parks_the_account_and_keeps_the_message(stage: Stage) -> None:
    stage.simulator.post("accounts/acct", token_revoked=True)
    auth._tokens.clear()
    message = stage.queue()
    stage.until(lambda: stage.attempts(message) == ["unavailable"], what="the attempt")

    stage.account.refresh_from_db()
    message.refresh_from_db()
    assert (stage.account.parked_reason, message.state) == ("credentials", Message.State.QUEUED)
    assert stage.calls(message) == 0


def test_a_throttled_message_waits_and_is_sent(stage: Stage) -> None:
    stage.simulator.knobs(fail_next=1, fail_code=130429)
    message = stage.wait_for(stage.queue(), "read")

    assert stage.attempts(message) == ["throttled", "accepted"]
    assert (stage.calls(message), len(stage.accepted(message))) == (2, 1)
    stage.prove()


@pytest.mark.parametrize("digits", ["07", "24", "25", "27", "28"])
def test_a_lost_answer_is_settled_by_the_report_that_brings_our_reference_back(stage: Stage, digits: str) -> None:
    stage.simulator.knobs(hold_webhooks=True)
    message = stage.wait_for(stage.queue(digits), "uncertain")
    stage.simulator.post("webhooks/release")
    message = stage.wait_for(message, "read")

    [accepted] = stage.accepted(message)
    assert message.provider_message_id == accepted["wamid"]
    assert (stage.calls(message), stage.attempts(message)) == (1, ["uncertain"])
    stage.prove()


def test_a_lost_answer_without_a_report_is_settled_by_the_look_up(stage: Stage) -> None:
    message = stage.wait_for(stage.queue("41"), "uncertain")
    assert stage.look_up() == 1

    message.refresh_from_db()
    [accepted] = stage.accepted(message)
    assert (message.state, message.provider_message_id) == (Message.State.ACCEPTED, accepted["wamid"])
    assert LookUpRecord.objects.get().outcome == LookUpRecord.Outcome.FOUND
    assert stage.calls(message) == 1
    stage.prove()


def test_a_message_that_sinch_does_not_show_is_left_to_a_person(stage: Stage) -> None:
    message = stage.wait_for(stage.queue("40"), "uncertain")
    assert stage.look_up() == 0

    message.refresh_from_db()
    assert (message.state, stage.accepted(message)) == (Message.State.UNCERTAIN, [])
    assert LookUpRecord.objects.get().outcome == LookUpRecord.Outcome.ABSENT
    assert message.recontact.state == Recontact.State.RESERVED
    stage.prove()


def test_the_customers_answer_arrives(stage: Stage) -> None:
    message = stage.wait_for(stage.queue(), "read")
    answer = stage.write(message, "Sí, dale")

    assert (answer.text, answer.kind, answer.query_id) == ("Sí, dale", "text", message.query_id)
    stage.prove()


def test_a_tap_on_a_button_is_an_answer(stage: Stage) -> None:
    message = stage.wait_for(stage.queue(), "read")
    answer = stage.write(message, "Confirmar", type="button", payload="si", context=message.provider_message_id)

    assert (answer.kind, answer.button_payload) == ("button", "si")
    assert answer.context_message_id == message.provider_message_id
    stage.prove()


def test_a_report_signed_with_another_secret_is_refused(stage: Stage) -> None:
    stage.simulator.post("accounts/acct", app_secret="another-word")
    message = stage.wait_for(stage.queue("12"), "accepted")
    stage.until(lambda: stage.simulator.get("deliveries")["data"], what="a report")
    stage.work()

    assert {each["answer"] for each in stage.simulator.get("deliveries")["data"]} == {"403"}
    message.refresh_from_db()
    assert message.state == Message.State.ACCEPTED
