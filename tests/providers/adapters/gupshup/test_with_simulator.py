"""The adapter against the provider simulator: what was really accepted is never called "not sent"."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest

from providers.abilities import TemplateDraft
from providers.adapters.gupshup import Gupshup
from providers.contracts import (
    Accepted,
    AccountConfig,
    BadItem,
    DeliveryStatus,
    Event,
    InboundEvent,
    PriceEvent,
    Recipient,
    RemoteTemplate,
    StatusEvent,
    TextContent,
    UnknownEvent,
    WebhookRequest,
)
from providers.errors import SendError
from templates_app.components import parse_components
from templates_app.rendering import render
from tests.contract.cases_gupshup import APP, NUMBER, SECRET, outbound
from tests.providers.simulator.server import Receiver, SimulatorProcess
from tests.providers.simulator.wires.stage import TOKEN, Stage, stage_make
from tests.providers.wire import run

VALUES = {"header.1": "Pedido", "body.1": "Ana", "body.2": "ORD-1042", "button.0.url": "ofertas"}
COMPONENTS = [
    {"type": "HEADER", "format": "TEXT", "text": "{{1}} nuevo", "example": {"header_text": ["Pedido"]}},
    {"type": "BODY", "text": "Hola {{1}}, tu pedido {{2}} está listo.", "example": {"body_text": [["Ana", "ORD"]]}},
    {"type": "BUTTONS", "buttons": [{"type": "URL", "text": "Ver", "url": "https://tienda.example.com/{{1}}"}]},
]
SETTINGS = {
    "app_id": APP,
    "app_name": "TurnosDemo",
    "webhook_headers": json.dumps({"X-Hook-Secret": SECRET}),
}


@pytest.fixture
def stage(simulator: SimulatorProcess, receiver: Receiver) -> Iterator[Stage]:
    template = {"id": "t1", "name": "order_update", "language": "es_AR", "category": "UTILITY"}
    templates = [{**template, "components": COMPONENTS}]
    stage = stage_make(simulator, receiver, "gupshup", settings=SETTINGS, templates=templates)
    simulator.knobs(unanswered_ms=3000)
    yield stage
    stage.client.close()


def adapter(stage: Stage, key: str = TOKEN) -> Gupshup:
    values = {"api_key": key, "app_name": "TurnosDemo", "app_number": NUMBER, "webhook_secret": SECRET}
    return Gupshup(AccountConfig(1, "gupshup", APP, values, f"{stage.simulator.url}/gupshup", 1.5))


def listed(stage: Stage) -> RemoteTemplate:
    (template,) = adapter(stage).fetch_templates()
    return template


def sent(stage: Stage, digits: str = "00", *, text: str = "", key: str = TOKEN) -> Accepted | SendError:
    template = listed(stage)
    components = render(parse_components(template.components, template.parameter_format), VALUES).components
    recipient = Recipient(phone=f"+54911555501{digits}")
    outgoing = replace(outbound(template.external_id, *components), recipient=recipient)
    if text:
        outgoing = replace(outgoing, content=TextContent(text))

    async def work() -> Accepted | SendError:
        try:
            return await adapter(stage, key).send(outgoing)
        except SendError as error:
            return error

    return run(work())


def events(stage: Stage) -> list[Event | BadItem]:
    found: list[Event | BadItem] = []
    for arrived in stage.receiver.arrived:
        request = WebhookRequest(arrived.body, {name.lower(): value for name, value in arrived.headers.items()})
        adapter(stage).verify_webhook(request)
        found += adapter(stage).parse_webhook(request)
    return found


@pytest.mark.parametrize(
    ("digits", "kind", "accepted"),
    [
        ("00", "accepted", 1),
        ("02", "accepted", 1),
        ("05", "throttled", 0),
        ("07", "uncertain", 1),
        ("08", "uncertain", 0),
        ("18", "unavailable", 0),
        ("20", "accepted", 1),
        ("24", "uncertain", 1),
        ("25", "uncertain", 1),
        ("27", "uncertain", 1),
        ("28", "uncertain", 1),
        ("40", "uncertain", 0),
    ],
)
def test_each_outcome_is_called_by_its_name(stage: Stage, digits: str, kind: str, accepted: int) -> None:
    outcome = sent(stage, digits)
    found = outcome.kind if isinstance(outcome, SendError) else "accepted"
    assert (found, len(stage.messages(to=f"54911555501{digits}"))) == (kind, accepted)


def test_what_was_sent_is_what_the_customer_reads(stage: Stage) -> None:
    sent(stage)
    (message,) = stage.messages()
    assert "Pedido nuevo" in message["rendered"]
    assert "Hola Ana, tu pedido ORD-1042 está listo." in message["rendered"]


def test_the_older_answer_is_an_acceptance_too(stage: Stage) -> None:
    stage.simulator.post("accounts/account-of-the-tests", settings={"answer": "plain"})
    assert isinstance(sent(stage), Accepted)


def test_all_events_of_a_message_lead_to_its_id_and_person(stage: Stage) -> None:
    outcome = sent(stage)
    assert isinstance(outcome, Accepted)
    stage.simulator.settle()
    found = events(stage)
    assert not any(isinstance(event, BadItem | UnknownEvent) for event in found)
    statuses = [event for event in found if isinstance(event, StatusEvent)]
    assert [event.status for event in statuses] == [
        DeliveryStatus.ACCEPTED,
        DeliveryStatus.SENT,
        DeliveryStatus.DELIVERED,
        DeliveryStatus.READ,
    ]
    assert {(event.provider_message_id, event.recipient_phone, event.sender_external_id) for event in statuses} == {
        (outcome.provider_message_id, "+5491155550100", NUMBER)
    }
    prices = [event for event in found if isinstance(event, PriceEvent)]
    assert [(price.provider_message_id, price.price.category) for price in prices] == [
        (outcome.provider_message_id, "utility")
    ]


@pytest.mark.parametrize(("digits", "code"), [("02", "131026"), ("03", "131049")])
def test_a_failure_has_its_code(stage: Stage, digits: str, code: str) -> None:
    outcome = sent(stage, digits)
    assert isinstance(outcome, Accepted)
    stage.simulator.settle()
    failures = [event for event in events(stage) if isinstance(event, StatusEvent) and event.error_code]
    assert [(event.error_code, event.provider_message_id) for event in failures] == [
        (code, outcome.provider_message_id)
    ]


def test_a_customer_who_writes_is_heard_and_answered(stage: Stage) -> None:
    stage.write("Hola")
    stage.arrived(1)
    (inbound,) = events(stage)
    assert isinstance(inbound, InboundEvent)
    assert (inbound.phone, inbound.sender_external_id, inbound.text) == ("+5491155550100", NUMBER, "Hola")
    assert isinstance(sent(stage, text="Ya lo vemos."), Accepted)


def test_a_wrong_key_parks_the_account(stage: Stage) -> None:
    outcome = sent(stage, key="another")
    assert isinstance(outcome, SendError)
    assert outcome.park == "account"


def test_a_template_lives_and_dies_at_the_simulator(stage: Stage) -> None:
    body = {"type": "BODY", "text": "Hola {{1}}.", "example": {"body_text": [["Ana"]]}}
    created = adapter(stage).submit_template(TemplateDraft("aviso", "es_AR", "utility", [body]))
    assert (created.name, created.status) == ("aviso", "PENDING")
    adapter(stage).delete_template(created.external_id, name="aviso", language="es_AR")
    adapter(stage).delete_template(created.external_id, name="aviso", language="es_AR")
    assert "aviso" not in {template.name for template in adapter(stage).fetch_templates()}
