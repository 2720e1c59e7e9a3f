"""The adapter against the provider simulator: what was really accepted is never called "not sent"."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from providers.adapters.zenvia import Zenvia
from providers.contracts import (
    Accepted,
    AccountConfig,
    DeliveryStatus,
    InboundEvent,
    Recipient,
    RemoteTemplate,
    StatusEvent,
    TextContent,
    WebhookRequest,
)
from providers.errors import SendError
from templates_app.components import parse_components
from templates_app.rendering import render
from tests.contract.cases_zenvia import NUMBER, SECRET, outbound
from tests.providers.simulator.server import Receiver, SimulatorProcess
from tests.providers.simulator.wires.stage import TOKEN, Stage, stage_make
from tests.providers.wire import run

VALUES = {"body.name": "Ana", "body.order": "ORD-1042", "button.0.url": "ofertas"}
COMPONENTS = [
    {"type": "BODY", "text": "Hola {{name}}, tu pedido {{order}} está listo."},
    {"type": "BUTTONS", "buttons": [{"type": "URL", "text": "Ver", "url": "https://tienda.example.com/{{path}}"}]},
]


@pytest.fixture
def stage(simulator: SimulatorProcess, receiver: Receiver) -> Iterator[Stage]:
    template = {"id": "t1", "name": "order_update", "language": "es_AR", "category": "UTILITY"}
    stage = stage_make(
        simulator,
        receiver,
        "zenvia",
        settings={"webhook_headers": f'{{"X-Hook-Secret": "{SECRET}"}}'},
        templates=[{**template, "components": COMPONENTS, "parameter_format": "NAMED"}],
    )
    simulator.knobs(unanswered_ms=3000)
    yield stage
    stage.client.close()


def adapter(stage: Stage, token: str = TOKEN) -> Zenvia:
    values = {"api_token": token, "webhook_secret": SECRET}
    return Zenvia(AccountConfig(1, "zenvia", NUMBER, values, f"{stage.simulator.url}/zenvia", 1.5))


def listed(stage: Stage) -> RemoteTemplate:
    (template,) = adapter(stage).fetch_templates()
    return template


def sent(stage: Stage, digits: str = "00", *, text: str = "", token: str = TOKEN) -> Accepted | SendError:
    template = listed(stage)
    components = render(parse_components(template.components, template.parameter_format), VALUES).components
    outgoing = replace(
        outbound(template.external_id, *components, definition=tuple(template.components)),
        reference=f"hsm:{digits}",
        recipient=Recipient(phone=f"+54911555501{digits}"),
    )
    if text:
        outgoing = replace(outgoing, content=TextContent(text))

    async def work() -> Accepted | SendError:
        try:
            return await adapter(stage, token).send(outgoing)
        except SendError as error:
            return error

    return run(work())


def events(stage: Stage) -> list[object]:
    found: list[object] = []
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
        ("44", "unavailable", 0),
    ],
)
def test_each_outcome_is_called_by_its_name(stage: Stage, digits: str, kind: str, accepted: int) -> None:
    outcome = sent(stage, digits)
    found = outcome.kind if isinstance(outcome, SendError) else "accepted"
    assert (found, len(stage.messages(reference=f"hsm:{digits}"))) == (kind, accepted)


def test_what_was_sent_is_what_the_customer_reads(stage: Stage) -> None:
    sent(stage)
    (message,) = stage.messages(reference="hsm:00")
    assert message["rendered"].startswith("Hola Ana, tu pedido ORD-1042 está listo.")


def test_the_events_of_a_message_are_verified_and_read(stage: Stage) -> None:
    outcome = sent(stage)
    assert isinstance(outcome, Accepted)
    stage.simulator.settle()
    statuses = [event for event in events(stage) if isinstance(event, StatusEvent)]
    assert {event.status for event in statuses} == {DeliveryStatus.SENT, DeliveryStatus.DELIVERED, DeliveryStatus.READ}
    assert {(event.provider_message_id, event.reference) for event in statuses} == {
        (outcome.provider_message_id, "hsm:00")
    }


@pytest.mark.parametrize(("digits", "code"), [("02", "131026"), ("20", "132015"), ("31", "131048")])
def test_a_failure_has_its_cause(stage: Stage, digits: str, code: str) -> None:
    sent(stage, digits)
    stage.simulator.settle()
    (failed,) = (event for event in events(stage) if isinstance(event, StatusEvent))
    assert (failed.status, failed.error_code) == (DeliveryStatus.FAILED, code)


def test_a_customer_who_writes_is_heard_and_answered(stage: Stage) -> None:
    stage.write("Hola")
    stage.arrived(1)
    (inbound,) = events(stage)
    assert isinstance(inbound, InboundEvent)
    assert (inbound.phone, inbound.sender_external_id, inbound.text) == ("+5491155550100", NUMBER, "Hola")
    assert isinstance(sent(stage, text="Ya lo vemos."), Accepted)


def test_a_wrong_token_parks_the_account(stage: Stage) -> None:
    outcome = sent(stage, token="another")
    assert isinstance(outcome, SendError)
    assert outcome.park == "account"
