"""Gupshup end to end: no reference of ours anywhere, so a lost answer is settled only by the one event that fits."""

from __future__ import annotations

import json

import pytest

from providers.contracts import JsonObject
from recontact.models import CostEntry, Message, MessageEvent, Recontact
from tests.providers.e2e.stage import Setup, Stage

SECRET = "a-long-word-of-the-webhook"
KEY = "gupshup-key-0123456789"
APP = "5f0a1b2c-3d4e-4f60-8192-a3b4c5d6e7f8"
COMPONENTS: list[JsonObject] = [
    {"type": "HEADER", "format": "IMAGE"},
    {"type": "BODY", "text": "Hola {{1}}, ¿confirmás tu turno del {{2}}?"},
    {
        "type": "BUTTONS",
        "buttons": [
            {"type": "QUICK_REPLY", "text": "Confirmar"},
            {"type": "URL", "text": "Ver", "url": "https://turnos.example.com/{{1}}"},
        ],
    },
]
SETUP = Setup(
    slug="gupshup",
    external_id=APP,
    credentials={
        "api_key": KEY,
        "app_name": "TurnosDemo",
        "app_number": "5491155550199",
        "webhook_secret": SECRET,
    },
    token=KEY,
    settings={
        "app_id": APP,
        "app_name": "TurnosDemo",
        "webhook_headers": json.dumps({"X-Hook-Secret": SECRET}),
    },
    components=COMPONENTS,
    values={
        "header.image": "https://cdn.example.com/promo.jpg",
        "body.1": "Ana",
        "body.2": "jueves 26",
        "button.0.payload": "confirm:1042",
        "button.1.url": "1042",
    },
)


def test_a_message_is_sent_and_read(stage: Stage) -> None:
    message = stage.wait_for(stage.queue(), "read")

    [accepted] = stage.accepted(message)
    assert (accepted["wamid"], accepted["reference"]) == (message.provider_message_id, "")
    assert "Hola Ana, ¿confirmás tu turno del jueves 26?" in accepted["rendered"]
    assert (stage.attempts(message), message.recontact.state) == (["accepted"], Recontact.State.SPENT)
    stage.prove()


def test_its_category_is_reported_and_the_rate_card_prices_it(stage: Stage) -> None:
    message = stage.wait_for(stage.queue("12"), "delivered")
    stage.wait_for_webhooks()

    reports = CostEntry.objects.filter(message=message, kind=CostEntry.Kind.REPORT)
    assert [report.category for report in reports] == ["utility"]
    message.refresh_from_db()
    assert message.billed is True
    stage.prove()


def test_a_refused_message_gives_the_right_back(stage: Stage) -> None:
    stage.simulator.knobs(fail_next=1, fail_code=100)
    message = stage.wait_for(stage.queue(), "rejected")

    assert message.recontact.state == Recontact.State.RELEASED
    assert stage.accepted(message) == []
    stage.prove()


@pytest.mark.parametrize(
    ("digits", "reason", "code"),
    [("02", "recipient_unreachable", "131026"), ("03", "marketing_limit", "131049")],
)
def test_a_message_that_whatsapp_refuses_has_failed(stage: Stage, digits: str, reason: str, code: str) -> None:
    message = stage.wait_for(stage.queue(digits), "failed")

    assert (message.reason, message.provider_code, message.billed) == (reason, code, False)
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
def test_a_lost_answer_is_settled_by_the_one_event_that_fits(stage: Stage, digits: str) -> None:
    stage.simulator.knobs(hold_webhooks=True)
    message = stage.wait_for(stage.queue(digits), "uncertain")
    stage.simulator.post("webhooks/release")
    message = stage.wait_for(message, "read")

    [accepted] = stage.accepted(message)
    assert message.provider_message_id == accepted["wamid"]
    assert (stage.calls(message), stage.attempts(message)) == (1, ["uncertain"])
    stage.prove()


def test_an_event_with_only_whatsapps_id_settles_nothing(stage: Stage) -> None:
    stage.simulator.post("accounts/acct", settings={"without_gs_id": "yes", "modes": "SENT,DELIVERED,READ"})
    message = stage.wait_for(stage.queue("25"), "uncertain")
    stage.wait_for_webhooks()

    message.refresh_from_db()
    assert (message.state, message.provider_message_id) == (Message.State.UNCERTAIN, "")
    assert MessageEvent.objects.filter(message=None).exists()
    stage.prove()


def test_a_lost_answer_without_an_event_is_left_to_a_person(stage: Stage) -> None:
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
    answer = stage.write(
        message, "Confirmar", type="button", payload="confirm:1042", context=message.provider_message_id
    )

    assert (answer.kind, answer.text, answer.button_payload) == ("button", "Confirmar", "confirm:1042")
    assert answer.context_message_id == message.provider_message_id
    stage.prove()


def test_an_event_without_the_secret_is_refused(stage: Stage) -> None:
    stage.simulator.post("accounts/acct", settings={"webhook_headers": "{}"})
    message = stage.wait_for(stage.queue("12"), "accepted")
    stage.until(lambda: stage.simulator.get("deliveries")["data"], what="an event")
    stage.work()

    assert {each["answer"] for each in stage.simulator.get("deliveries")["data"]} == {"403"}
    message.refresh_from_db()
    assert message.state == Message.State.ACCEPTED
