"""What `demo_data` does with the rest of the demo running, and where it refuses to run at all."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from customer_service.models import InboundMessage
from hsm_portal.demo_data.addresses import provider_urls
from hsm_portal.demo_data.live import SEND_KEY, SENDS
from hsm_portal.demo_data.provider_accounts import SEND_KEY as PROVIDER_SEND_KEY
from hsm_portal.demo_data.providers import SAMPLES
from hsm_portal.demo_data.simulator import Simulator, SimulatorError
from hsm_portal.demo_data.templates import DELETED
from providers.http import close_client
from providers.inbox import delivery_process
from providers.models import WebhookDelivery
from recontact.dispatch.pump import Pump
from recontact.models import Customer, Message
from templates_app.models import Template, TemplateStatus
from tests.factories import account_make
from tests.providers.simulator.server import SimulatorProcess


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatorProcess]:
    process = SimulatorProcess(tmp_path_factory.mktemp("simulator"))
    yield process
    process.stop()


@pytest.fixture
def base_url(simulator: SimulatorProcess, settings: Any) -> str:
    settings.PROVIDER_BASE_URLS = provider_urls(simulator.url)
    return simulator.url


@pytest.mark.django_db(transaction=True)
def test_the_webhooks_are_connected_and_the_first_recontacts_arrive(
    base_url: str, simulator: SimulatorProcess, live_server: Any, settings: Any
) -> None:
    settings.PUBLIC_URL = live_server.url
    call_command("demo_data")
    told = InboundMessage.objects.count()
    asyncio.run(_send_what_is_due())
    simulator.settle()
    for delivery in WebhookDelivery.objects.order_by("pk"):
        delivery_process(delivery.pk)
    assert simulator.get("counts")["webhooks_reached"] > 20
    assert "webhooks_given_up" not in simulator.get("counts")
    assert InboundMessage.objects.count() == told + 2
    files = InboundMessage.objects.filter(kind__in=["image", "document"], query__assigned_to__username="ana")
    assert files.values("query").distinct().count() == 1
    assert files.count() == 2
    sent = Message.objects.filter(send_key__startswith=SEND_KEY)
    assert sent.count() == SENDS
    assert set(sent.values_list("state", flat=True)) <= {"delivered", "read", "sent", "failed", "rejected", "uncertain"}
    assert sent.filter(state__in=["delivered", "read"]).count() >= SENDS - 2
    _each_provider_delivered_one_and_lost_no_word()
    assert Template.objects.get(name=DELETED["name"]).status == TemplateStatus.DELETED
    call_command("check_ledger")
    before = Message.objects.count()
    call_command("demo_data")
    simulator.settle()
    assert Message.objects.count() == before
    assert files.count() == 2


def _each_provider_delivered_one_and_lost_no_word() -> None:
    """Of each account's HSMs one was read, and no other is better off than its last digits say."""
    ends = {
        "00": {"read"},
        "12": {"delivered"},
        "02": {"failed"},
        "33": {"rejected"},
        "38": {"rejected"},
        "41": {"uncertain"},
    }
    sent = Message.objects.filter(send_key__startswith=PROVIDER_SEND_KEY).select_related("account")
    states = {(message.account.provider, message.recipient_phone[-2:]): message.state for message in sent}
    assert states.keys() == {(sample.slug, digits) for sample in SAMPLES for digits in sample.fates}
    assert {pair: state for pair, state in states.items() if state not in ends[pair[1]]} == {}
    assert not WebhookDelivery.objects.exclude(problems=[]).exists()


async def _send_what_is_due() -> None:
    try:
        await Pump("test", lambda: False, idle_seconds=0.1).run(20)
    finally:
        await close_client()


@pytest.mark.django_db
def test_it_does_not_touch_a_database_that_is_somebodys_own(base_url: str) -> None:
    account_make()
    with pytest.raises(CommandError, match="not the sample's"):
        call_command("demo_data", offline=True)
    assert not Customer.objects.exists()


@pytest.mark.django_db
def test_it_never_goes_to_a_real_provider(settings: Any) -> None:
    settings.PROVIDER_BASE_URLS = {}
    with pytest.raises(CommandError, match="simulator"):
        call_command("demo_data", offline=True)


def test_it_says_when_the_simulator_refuses(base_url: str) -> None:
    with pytest.raises(SimulatorError, match="unknown knob"):
        Simulator(base_url).post("knobs", colour="red")
