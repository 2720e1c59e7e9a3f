"""The adapter against the provider simulator: what was really accepted is never called "not sent"."""

from __future__ import annotations

import pytest

from providers.abilities import Check, Health, TemplateDraft
from providers.adapters.meta import MetaCloudApi
from providers.contracts import (
    Accepted,
    AccountConfig,
    DeliveryStatus,
    OutboundMessage,
    Recipient,
    StatusEvent,
    TemplateContent,
    WebhookRequest,
)
from providers.errors import SendError
from tests.providers.simulator.server import (
    APP_SECRET,
    PHONE_NUMBER_ID,
    TOKEN,
    VERIFY_TOKEN,
    WABA_ID,
    Receiver,
    SimulatorProcess,
)
from tests.providers.wire import run

HELLO = TemplateContent("hello_world", "en_US", [], "marketing")


def adapter(simulator: SimulatorProcess, token: str = TOKEN) -> MetaCloudApi:
    values = {"access_token": token, "app_secret": APP_SECRET, "verify_token": VERIFY_TOKEN}
    return MetaCloudApi(AccountConfig(1, "meta", WABA_ID, values, simulator.url, timeout_seconds=1.5))


def outcome_of(simulator: SimulatorProcess, digits: str, content: TemplateContent = HELLO) -> Accepted | SendError:
    message = OutboundMessage(
        reference=f"hsm:{digits}",
        sender_external_id=PHONE_NUMBER_ID,
        sender_phone="+5491155550199",
        recipient=Recipient(phone=f"+54911555501{digits}"),
        content=content,
    )

    async def work() -> Accepted | SendError:
        try:
            return await adapter(simulator).send(message)
        except SendError as error:
            return error

    return run(work())


def accepted_at_the_provider(simulator: SimulatorProcess, digits: str) -> int:
    return len(simulator.get("messages", reference=f"hsm:{digits}")["data"])


@pytest.mark.parametrize(
    ("digits", "kind", "accepted"),
    [
        ("00", "accepted", 1),
        ("05", "throttled", 0),
        ("06", "throttled", 0),
        ("07", "uncertain", 1),
        ("08", "uncertain", 0),
        ("09", "held", 1),
        ("16", "unavailable", 0),
        ("18", "unavailable", 0),
        ("20", "unavailable", 0),
        ("21", "unavailable", 0),
        ("23", "uncertain", 0),
        ("24", "uncertain", 1),
        ("25", "uncertain", 1),
    ],
)
def test_each_outcome_of_the_simulator_is_called_by_its_name(
    simulator: SimulatorProcess, digits: str, kind: str, accepted: int
) -> None:
    outcome = outcome_of(simulator, digits)
    found = outcome.kind if isinstance(outcome, SendError) else ("held" if outcome.held else "accepted")
    assert (found, accepted_at_the_provider(simulator, digits)) == (kind, accepted)


def test_whatever_the_simulator_took_is_accepted_or_uncertain(simulator: SimulatorProcess) -> None:
    for number in range(50):
        digits = f"{number:02}"
        outcome = outcome_of(simulator, digits)
        if accepted_at_the_provider(simulator, digits):
            assert isinstance(outcome, Accepted) or outcome.kind == "uncertain", digits


def test_the_webhooks_of_a_message_are_verified_and_read(simulator: SimulatorProcess, receiver: Receiver) -> None:
    outcome = outcome_of(simulator, "00")
    assert isinstance(outcome, Accepted)
    simulator.settle()
    events = []
    for arrived in receiver.arrived:
        request = WebhookRequest(arrived.body, {"x-hub-signature-256": arrived.signature})
        adapter(simulator).verify_webhook(request)
        events += adapter(simulator).parse_webhook(request)
    statuses = [event for event in events if isinstance(event, StatusEvent)]
    assert {event.status for event in statuses} == {DeliveryStatus.SENT, DeliveryStatus.DELIVERED, DeliveryStatus.READ}
    assert {(event.provider_message_id, event.reference) for event in statuses} == {
        (outcome.provider_message_id, "hsm:00")
    }


def test_templates_and_numbers_are_listed(simulator: SimulatorProcess) -> None:
    templates = {(template.name, template.language) for template in adapter(simulator).fetch_templates()}
    assert {("hello_world", "en_US"), ("promo_cyber", "es_AR"), ("codigo_acceso", "es_AR")} <= templates
    assert [number.external_id for number in adapter(simulator).fetch_numbers()] == [PHONE_NUMBER_ID]


def test_a_template_lives_and_dies_at_the_simulator(simulator: SimulatorProcess) -> None:
    made = adapter(simulator)
    components = [{"type": "BODY", "text": "Hola, tu pedido está listo para retirar."}]
    created = made.submit_template(TemplateDraft("pedido_listo", "es_AR", "utility", components))
    assert (created.status, created.category) == ("PENDING", "utility")
    made.delete_template(created.external_id, name="pedido_listo", language="es_AR")
    made.delete_template(created.external_id, name="pedido_listo", language="es_AR")
    assert "pedido_listo" not in {template.name for template in made.fetch_templates()}


def test_the_account_is_found_well(simulator: SimulatorProcess, receiver: Receiver) -> None:
    found = adapter(simulator).diagnose(webhook_url=receiver.url, sender_external_ids=[PHONE_NUMBER_ID])
    assert {finding.check: finding.health for finding in found if finding.health is not Health.UNKNOWN} == {
        Check.CREDENTIALS: Health.GOOD,
        Check.PERMISSIONS: Health.GOOD,
        Check.NUMBER: Health.GOOD,
        Check.WEBHOOK_SUBSCRIBED: Health.GOOD,
    }
