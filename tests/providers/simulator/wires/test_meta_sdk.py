"""pywa, the client library for Meta's Cloud API, against the simulator; only its base URL is another."""

from __future__ import annotations

import httpx
import pytest
from pywa import errors
from pywa.client import WhatsApp
from pywa.types.templates import TemplateLanguage

from tests.providers.simulator.server import (
    APP_SECRET,
    PHONE_NUMBER_ID,
    TOKEN,
    WABA_ID,
    Receiver,
    SimulatorProcess,
    until,
)


@pytest.fixture
def whatsapp(simulator: SimulatorProcess) -> WhatsApp:
    session = httpx.Client()
    client = WhatsApp(
        phone_id=PHONE_NUMBER_ID,
        token=TOKEN,
        waba_id=WABA_ID,
        app_secret=APP_SECRET,
        verify_token="s3cret",
        server=None,
        session=session,
        api_version=25.0,
    )
    session.base_url = httpx.URL(f"{simulator.url}/v25.0")
    return client


def test_pywa_sends_a_template(simulator: SimulatorProcess, whatsapp: WhatsApp) -> None:
    sent = whatsapp.send_template("5491155550100", "hello_world", TemplateLanguage.ENGLISH_US, [], tracker="hsm:7")

    assert [item["wamid"] for item in simulator.get("messages", reference="hsm:7")["data"]] == [sent.id]


def test_pywa_names_the_error(whatsapp: WhatsApp) -> None:
    with pytest.raises(errors.TemplatePaused):
        whatsapp.send_template("5491155550120", "hello_world", TemplateLanguage.ENGLISH_US, [])


def test_pywa_lists_templates(whatsapp: WhatsApp) -> None:
    assert "hello_world" in {template.name for template in whatsapp.get_templates()}


def test_pywa_verifies_the_webhooks(simulator: SimulatorProcess, receiver: Receiver, whatsapp: WhatsApp) -> None:
    simulator.send()
    until(lambda: len(receiver.arrived) == 3)

    hooks = receiver.arrived
    assert [whatsapp.webhook_update_validator(hook.body, hook.signature) for hook in hooks] == [None] * 3
