"""Zenvia end to end: listed templates with named values, our reference in every status, lost answers that it settles."""

from __future__ import annotations

import json

import pytest

from providers.contracts import JsonObject
from recontact.models import CostEntry, Message, Recontact
from tests.providers.e2e.stage import NUMBER, Setup, Stage

SECRET = "a-long-word-of-the-webhook"
TOKEN = "zenvia-token-0123456789"
COMPONENTS: list[JsonObject] = [
    {"type": "HEADER", "format": "IMAGE"},
    {"type": "BODY", "text": "Hola {{name}}, tu pedido {{order}} está listo."},
    {
        "type": "BUTTONS",
        "buttons": [
            {"type": "URL", "text": "Ver", "url": "https://tienda.example.com/{{path}}"},
            {"type": "QUICK_REPLY", "text": "Confirmar"},
        ],
    },
]
SETUP = Setup(
    slug="zenvia",
    external_id=NUMBER,
    credentials={"api_token": TOKEN, "webhook_secret": SECRET},
    token=TOKEN,
    settings={"webhook_headers": json.dumps({"X-Hook-Secret": SECRET})},
    components=COMPONENTS,
    parameter_format="NAMED",
    values={
        "header.image": "https://cdn.example.com/promo.jpg",
        "body.name": "Ana",
        "body.order": "ORD-1042",
        "button.0.url": "ofertas",
    },
)


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
    stage.simulator.knobs(fail_next=1, fail_code=132000)
    message = stage.wait_for(stage.queue(), "rejected")

    assert (message.reason, message.provider_code) == ("bad_request", "VALIDATION_ERROR")
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


def test_a_paused_template_is_parked_by_the_status(stage: Stage) -> None:
    message = stage.wait_for(stage.queue("20"), "failed")

    stage.template.refresh_from_db()
    assert message.reason == "template_paused"
    assert stage.template.parked_at is not None
    stage.prove()


def test_a_wrong_token_parks_the_account_and_keeps_the_message(stage: Stage) -> None:
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
def test_a_lost_answer_is_settled_by_the_status(stage: Stage, digits: str) -> None:
    stage.simulator.knobs(hold_webhooks=True)
    message = stage.wait_for(stage.queue(digits), "uncertain")
    stage.simulator.post("webhooks/release")
    message = stage.wait_for(message, "read")

    [accepted] = stage.accepted(message)
    assert message.provider_message_id == accepted["wamid"]
    assert (stage.calls(message), stage.attempts(message)) == (1, ["uncertain"])
    stage.prove()


def test_a_lost_answer_without_a_status_is_left_to_a_person(stage: Stage) -> None:
    message = stage.wait_for(stage.queue("41"), "uncertain")
    stage.wait_for(stage.queue(), "read")
    assert stage.look_up() == 0

    message.refresh_from_db()
    assert (message.state, stage.calls(message)) == (Message.State.UNCERTAIN, 1)
    assert message.recontact.state == Recontact.State.RESERVED
    stage.prove()


def test_the_customers_answer_arrives(stage: Stage) -> None:
    message = stage.wait_for(stage.queue(), "read")
    answer = stage.write(message, "Sí, dale")

    assert (answer.text, answer.kind, answer.query_id) == ("Sí, dale", "text", message.query_id)
    stage.prove()


def test_a_tap_on_a_button_is_an_answer(stage: Stage) -> None:
    message = stage.wait_for(stage.queue(), "read")
    answer = stage.write(message, "Confirmar", type="button", payload="Confirmar", context=message.provider_message_id)

    assert (answer.kind, answer.text, answer.button_payload) == ("button", "Confirmar", "Confirmar")
    assert answer.context_message_id == message.provider_message_id
    stage.prove()


def test_a_status_without_the_secret_is_refused(stage: Stage) -> None:
    stage.simulator.post("accounts/acct", settings={"webhook_headers": "{}"})
    message = stage.wait_for(stage.queue("12"), "accepted")
    stage.until(lambda: stage.simulator.get("deliveries")["data"], what="a status")
    stage.work()

    assert {each["answer"] for each in stage.simulator.get("deliveries")["data"]} == {"403"}
    message.refresh_from_db()
    assert message.state == Message.State.ACCEPTED
