"""Twilio end to end: contents by the list, callbacks that bring our reference back, look-ups by the recipient's list."""

from __future__ import annotations

import pytest

from recontact.models import LookUpRecord, Message, Recontact
from recontact.outbox import text_send
from templates_app.drafts import Draft, DraftButton
from templates_app.models import Template
from templates_app.submit import template_submit
from templates_app.sync import templates_sync
from tests.factories import user_make
from tests.providers.e2e.stage import ACCOUNT_ID, Setup, Stage

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


CARD = {
    "whatsapp/card": {
        "body": "Hola {{1}}, seguí tu pedido {{3}}.",
        "footer": "Gracias",
        "media": ["https://cdn.example.com/pedidos/{{2}}"],
        "actions": [
            {"type": "URL", "title": "Ver", "url": "https://tienda.example.com/{{4}}"},
            {"type": "QUICK_REPLY", "title": "Listo", "id": "done"},
        ],
    }
}
SAMPLES = {"1": "Ana", "2": "foto.jpg", "3": "ORD-1042", "4": "t/1042"}


def test_a_content_of_any_make_fills_each_of_its_variables(stage: Stage) -> None:
    components = [
        {"type": "HEADER", "format": "IMAGE"},
        {"type": "BODY", "text": "Hola {{1}}, seguí tu pedido {{3}}."},
        {"type": "FOOTER", "text": "Gracias"},
        {
            "type": "BUTTONS",
            "buttons": [
                {"type": "URL", "text": "Ver", "url": "https://tienda.example.com/{{1}}"},
                {"type": "QUICK_REPLY", "text": "Listo"},
            ],
        },
    ]
    seeded = {"id": f"{CONTENT[:-2]}00", "waba_id": ACCOUNT_ID, "name": "seguimiento", "language": "es_AR"}
    settings = {"types": CARD, "variables": SAMPLES}
    stage.simulator.post(
        "seed", templates=[{**seeded, "category": "UTILITY", "components": components, "settings": settings}]
    )
    templates_sync(account_id=stage.account.pk)
    values = {
        "header.image": "https://cdn.example.com/pedidos/7.jpg",
        "body.1": "Carla",
        "body.2": "ORD-7",
        "button.0.url": "t/7",
    }
    template = Template.objects.get(name="seguimiento")
    message = stage.wait_for(stage.queue(template=template, values=values), "read")

    [accepted] = stage.accepted(message)
    bubble = accepted["bubble"]
    assert bubble["body"] == "Hola Carla, seguí tu pedido ORD-7."
    assert bubble["header"]["content"] == {"link": "https://cdn.example.com/pedidos/7.jpg"}
    assert bubble["buttons"][0]["url"] == "https://tienda.example.com/t/7"
    stage.prove()


def test_a_template_is_submitted_approved_and_sent(stage: Stage) -> None:
    draft = Draft(
        name="turno_listo",
        language="es_AR",
        category="utility",
        body="Hola {{1}}, tu turno del {{2}} está confirmado. ¿Venís?",
        footer="Gracias",
        buttons=(
            DraftButton(text="Sí"),
            DraftButton(kind="url", text="Ver", url="https://t.example/{{1}}", sample="a"),
        ),
        samples={"body.1": "Ana", "body.2": "jueves 26"},
    )
    template_submit(account_id=stage.account.pk, draft=draft, user=user_make())
    template = Template.objects.get(name="turno_listo")
    assert template.status == "PENDING"

    stage.simulator.settle()
    templates_sync(account_id=stage.account.pk)
    template.refresh_from_db()
    values = {"body.1": "Carla", "body.2": "viernes", "button.1.url": "turno"}
    message = stage.wait_for(stage.queue(template=template, values=values), "read")

    [accepted] = stage.accepted(message)
    assert accepted["bubble"]["body"] == "Hola Carla, tu turno del viernes está confirmado. ¿Venís?"
    assert (template.status, template.external_id[:2]) == ("APPROVED", "HX")


def test_a_text_goes_while_the_window_is_open(stage: Stage) -> None:
    message = stage.wait_for(stage.queue(), "read")
    stage.write(message)
    assert message.query_id is not None
    text = text_send(query_id=message.query_id, text="¡Gracias!", user=user_make(), send_key=None)
    stage.wait_for(text, "read")

    assert stage.accepted(message)[-1]["rendered"] == "¡Gracias!"
    stage.prove()


def test_a_tap_on_a_quick_reply_answers_the_message(stage: Stage) -> None:
    message = stage.wait_for(stage.queue(), "read")
    tap = {"type": "button", "payload": "done", "context": message.provider_message_id}
    answer = stage.write(message, "Listo", **tap)

    assert (answer.text, answer.kind) == ("Listo", "button")
    stage.prove()
