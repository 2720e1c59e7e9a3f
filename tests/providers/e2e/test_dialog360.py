"""360dialog end to end: Meta's wire behind an API key, own errors by their text, webhooks with a secret header."""

from __future__ import annotations

import json

import pytest

from recontact.models import CostEntry, Message, Recontact
from tests.providers.e2e.stage import ACCOUNT_ID, BODY, NUMBER_ID, Setup, Stage

KEY = "d360-key-0123456789"
SECRET = "a-long-word-of-the-webhook"
REPLY = {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": "Confirmar"}]}
SETUP = Setup(
    slug="dialog360",
    external_id=ACCOUNT_ID,
    credentials={"api_key": KEY, "webhook_secret": SECRET},
    token=KEY,
    settings={"webhook_headers": json.dumps({"X-Hook-Secret": SECRET})},
    number_external_id=NUMBER_ID,
    components=[BODY, REPLY],
    template_id="1274830044512345",
)


def test_a_message_is_sent_and_read(stage: Stage) -> None:
    message = stage.wait_for(stage.queue(), "read")

    [accepted] = stage.accepted(message)
    assert (accepted["wamid"], accepted["reference"]) == (message.provider_message_id, str(message.reference))
    assert "Hola Ana, tu pedido ORD-1042 está listo." in accepted["rendered"]
    assert (stage.attempts(message), message.recontact.state) == (["accepted"], Recontact.State.SPENT)
    stage.prove()


def test_the_template_has_metas_id_and_the_namespace(stage: Stage) -> None:
    assert stage.template.external_id == "1274830044512345"
    assert stage.template.namespace


def test_its_delivery_is_billed_by_the_category_that_meta_names(stage: Stage) -> None:
    message = stage.wait_for(stage.queue("12"), "delivered")

    assert message.billed is True
    assert {entry.kind for entry in CostEntry.objects.all()} == {CostEntry.Kind.ESTIMATE, CostEntry.Kind.REPORT}
    stage.prove()


def test_a_refused_message_gives_the_right_back(stage: Stage) -> None:
    message = stage.wait_for(stage.queue("33"), "rejected")

    assert (message.reason, message.provider_code) == ("recipient_unreachable", "131026")
    assert (message.recontact.state, stage.accepted(message)) == (Recontact.State.RELEASED, [])
    stage.prove()


def test_a_message_that_whatsapp_cannot_deliver_has_failed(stage: Stage) -> None:
    message = stage.wait_for(stage.queue("02"), "failed")

    assert (message.reason, message.provider_code, message.billed) == ("recipient_unreachable", "131026", False)
    stage.prove()


@pytest.mark.parametrize(
    ("digits", "reason", "code"),
    [("19", "billing", "HTTP 400 payment"), ("18", "credentials", "HTTP 401"), ("16", "account_blocked", "131031")],
)
def test_trouble_of_the_account_parks_it_and_keeps_the_message(
    stage: Stage, digits: str, reason: str, code: str
) -> None:
    message = stage.queue(digits)
    stage.until(lambda: stage.attempts(message) == ["unavailable"], what="the attempt")

    stage.account.refresh_from_db()
    message.refresh_from_db()
    assert (stage.account.parked_reason, message.state) == (reason, Message.State.QUEUED)
    assert message.provider_code in ("", code)
    stage.prove()


@pytest.mark.parametrize("code", [130429, 4])
def test_a_throttled_message_waits(stage: Stage, code: int) -> None:
    stage.simulator.knobs(fail_next=1, fail_code=code)
    message = stage.queue()
    stage.until(lambda: stage.attempts(message), what="the attempt")

    assert stage.attempts(message)[0] == "throttled"
    assert stage.accepted(message) == [] or code == 130429


def test_a_throttled_message_is_sent_after_its_wait(stage: Stage) -> None:
    stage.simulator.knobs(fail_next=1, fail_code=130429)
    message = stage.wait_for(stage.queue(), "read")

    assert stage.attempts(message) == ["throttled", "accepted"]
    assert (stage.calls(message), len(stage.accepted(message))) == (2, 1)
    stage.prove()


@pytest.mark.parametrize("digits", ["07", "24", "25", "27", "28"])
def test_a_lost_answer_is_settled_by_the_webhook_that_brings_our_reference_back(stage: Stage, digits: str) -> None:
    stage.simulator.knobs(hold_webhooks=True)
    message = stage.wait_for(stage.queue(digits), "uncertain")
    stage.simulator.post("webhooks/release")
    message = stage.wait_for(message, "read")

    [accepted] = stage.accepted(message)
    assert message.provider_message_id == accepted["wamid"]
    assert (stage.calls(message), stage.attempts(message)) == (1, ["uncertain"])
    stage.prove()


@pytest.mark.parametrize("digits", ["41", "40", "08"])
def test_a_lost_answer_without_a_webhook_is_left_to_a_person(stage: Stage, digits: str) -> None:
    message = stage.wait_for(stage.queue(digits), "uncertain")
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
    answer = stage.write(message, "Confirmar", type="button", payload="si", context=message.provider_message_id)

    assert (answer.kind, answer.text, answer.button_payload) == ("button", "Confirmar", "si")
    assert answer.context_message_id == message.provider_message_id
    stage.prove()


def test_a_webhook_without_the_secret_is_refused(stage: Stage) -> None:
    stage.simulator.post("accounts/acct", settings={"webhook_headers": "{}"})
    message = stage.wait_for(stage.queue("12"), "accepted")
    stage.until(lambda: stage.simulator.get("deliveries")["data"], what="a webhook")
    stage.work()

    assert {each["answer"] for each in stage.simulator.get("deliveries")["data"]} == {"403"}
    message.refresh_from_db()
    assert message.state == Message.State.ACCEPTED
