"""Bird end to end: a project's version with values by key, signed events, look-ups by the channel's list."""

from __future__ import annotations

import pytest

from recontact.models import CostEntry, LookUpRecord, Message, Recontact
from tests.providers.e2e.stage import NUMBER_ID, Setup, Stage

WORKSPACE = "55555555-6666-4777-8888-999999999999"
PROJECT = "bbbbbbbb-cccc-4ddd-8eee-ffffffffffff"
VERSION = "12121212-3434-4565-8787-909090909090"
KEY = "bird-access-key-0123456789"
SIGNING_KEY = "a-long-word-of-the-webhook"
SETUP = Setup(
    slug="messagebird",
    external_id=WORKSPACE,
    credentials={"access_key": KEY, "signing_key": SIGNING_KEY},
    token=KEY,
    app_secret=SIGNING_KEY,
    settings={"workspace_id": WORKSPACE},
    number_external_id=NUMBER_ID,
    components=[{"type": "BODY", "text": "Hola {{name}}, tu pedido {{order}} está listo."}],
    parameter_format="NAMED",
    template_settings={"project_id": PROJECT, "version_id": VERSION},
    values={"body.name": "Ana", "body.order": "ORD-1042"},
)


def test_a_message_is_sent_and_read(stage: Stage) -> None:
    message = stage.wait_for(stage.queue(), "read")

    [accepted] = stage.accepted(message)
    assert (accepted["wamid"], accepted["reference"]) == (message.provider_message_id, str(message.reference))
    assert "Hola Ana, tu pedido ORD-1042 está listo." in accepted["rendered"]
    assert (stage.attempts(message), message.recontact.state) == (["accepted"], Recontact.State.SPENT)
    stage.prove()


def test_the_template_is_the_projects_active_version(stage: Stage) -> None:
    assert (stage.template.external_id, stage.template.language) == (PROJECT, "es_AR")
    assert stage.template.components[0]["version"] == VERSION


def test_its_delivery_is_billed_by_the_rate_card_alone(stage: Stage) -> None:
    message = stage.wait_for(stage.queue("12"), "delivered")

    assert message.billed is True
    assert {entry.kind for entry in CostEntry.objects.all()} == {CostEntry.Kind.ESTIMATE}
    stage.prove()


def test_a_refused_message_gives_the_right_back(stage: Stage) -> None:
    stage.simulator.knobs(fail_next=1, fail_code=132000)
    message = stage.wait_for(stage.queue(), "rejected")

    assert (message.reason, message.provider_code) == ("bad_request", "HTTP 422")
    assert (message.recontact.state, stage.accepted(message)) == (Recontact.State.RELEASED, [])
    stage.prove()


@pytest.mark.parametrize(
    ("digits", "reason", "code"),
    [("02", "recipient_unreachable", "131026"), ("39", "country_not_allowed", "130497")],
)
def test_a_message_that_whatsapp_refuses_has_failed(stage: Stage, digits: str, reason: str, code: str) -> None:
    message = stage.wait_for(stage.queue(digits), "failed")

    assert (message.reason, message.provider_code, message.billed) == (reason, code, False)
    stage.prove()


def test_a_paused_template_is_parked_by_the_event(stage: Stage) -> None:
    message = stage.wait_for(stage.queue("20"), "failed")

    stage.template.refresh_from_db()
    assert message.reason == "template_paused"
    assert stage.template.parked_at is not None
    stage.prove()


def test_a_wrong_key_parks_the_account_and_keeps_the_message(stage: Stage) -> None:
    stage.simulator.post("accounts/acct", token_revoked=True)
    message = stage.queue()
    stage.until(lambda: stage.attempts(message) == ["unavailable"], what="the attempt")

    stage.account.refresh_from_db()
    message.refresh_from_db()
    assert (stage.account.parked_reason, message.state) == ("credentials", Message.State.QUEUED)


def test_a_throttled_message_waits_and_is_sent(stage: Stage) -> None:
    stage.simulator.knobs(fail_next=1, fail_code=130429)
    message = stage.wait_for(stage.queue(), "read")

    assert stage.attempts(message) == ["throttled", "accepted"]
    assert (stage.calls(message), len(stage.accepted(message))) == (2, 1)
    stage.prove()


@pytest.mark.parametrize("digits", ["07", "24", "25", "27", "28"])
def test_a_lost_answer_is_settled_by_the_event_that_brings_our_reference_back(stage: Stage, digits: str) -> None:
    stage.simulator.knobs(hold_webhooks=True)
    message = stage.wait_for(stage.queue(digits), "uncertain")
    stage.simulator.post("webhooks/release")
    message = stage.wait_for(message, "read")

    [accepted] = stage.accepted(message)
    assert message.provider_message_id == accepted["wamid"]
    assert (stage.calls(message), stage.attempts(message)) == (1, ["uncertain"])
    stage.prove()


def test_a_lost_answer_without_an_event_is_settled_by_the_look_up(stage: Stage) -> None:
    message = stage.wait_for(stage.queue("41"), "uncertain")
    assert stage.look_up() == 1

    message.refresh_from_db()
    [accepted] = stage.accepted(message)
    assert (message.state, message.provider_message_id) == (Message.State.ACCEPTED, accepted["wamid"])
    assert LookUpRecord.objects.get().outcome == LookUpRecord.Outcome.FOUND
    assert stage.calls(message) == 1
    stage.prove()


def test_a_message_that_bird_does_not_show_is_left_to_a_person(stage: Stage) -> None:
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


def test_an_event_signed_with_another_key_is_refused(stage: Stage) -> None:
    stage.simulator.post("accounts/acct", app_secret="another-word")
    message = stage.wait_for(stage.queue("12"), "accepted")
    stage.until(lambda: stage.simulator.get("deliveries")["data"], what="an event")
    stage.work()

    assert {each["answer"] for each in stage.simulator.get("deliveries")["data"]} == {"403"}
    message.refresh_from_db()
    assert message.state == Message.State.ACCEPTED
