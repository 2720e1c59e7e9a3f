"""What only Twilio has: contents of any make, reviewed by hand, and texts. The rest is in test_every_provider.py."""

from __future__ import annotations

from recontact.outbox import text_send
from templates_app.drafts import Draft, DraftButton
from templates_app.models import Template
from templates_app.submit import template_submit
from templates_app.sync import templates_sync
from tests.factories import user_make
from tests.providers.e2e.setups.twilio import CONTENT, PROVIDER
from tests.providers.e2e.stage import ACCOUNT_ID, Stage

__all__ = ["PROVIDER"]

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
