"""Sinch's own Python SDK, unchanged, against the simulator."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sinch import SinchClient

from tests.providers.simulator.server import Receiver, SimulatorProcess, sample
from tests.providers.simulator.wires.stage import CUSTOMER, SECRET, TOKEN, Stage, stage_make

SETTINGS = {"key_id": "key-of-the-tests", "project_id": "6f1e2d3c-4b5a-4978-8695-a4b3c2d1e0f9", "app_id": "01HF8Z"}
REFERENCE = "0193a1c2-7b1e-7c4f-9a11-2f6f2b8c0001"
IDENTITY = {"channel": "WHATSAPP", "identity": CUSTOMER}


@pytest.fixture
def stage(simulator: SimulatorProcess, receiver: Receiver) -> Iterator[Stage]:
    listed = sample("sinch", "template-list-guess")["templates"][0]
    template = {
        **{key: listed[key] for key in ("name", "language", "category")},
        "components": listed["details"]["components"],
    }
    stage = stage_make(simulator, receiver, "sinch", settings=SETTINGS, templates=[template])
    yield stage
    stage.client.close()


@pytest.fixture
def sinch(stage: Stage) -> SinchClient:
    client = SinchClient(SETTINGS["key_id"], TOKEN, SETTINGS["project_id"], conversation_region="us")
    client.configuration.auth_origin = client.configuration.conversation_origin = f"{stage.simulator.url}/sinch"
    return client


def send(sinch: SinchClient) -> str:
    answer = sinch.conversation.messages.send_template_message(
        app_id=SETTINGS["app_id"],
        template_message=sample("sinch", "send-template-text")["message"]["template_message"],
        recipient_identities=[IDENTITY],
        channel_priority_order=["WHATSAPP"],
        message_metadata=REFERENCE,
    )
    return str(answer.message_id)


def test_the_sdk_sends_a_template(stage: Stage, sinch: SinchClient) -> None:
    identifier = send(sinch)

    assert [item["wamid"] for item in stage.messages(reference=REFERENCE)] == [identifier]


def test_the_sdk_finds_the_message(stage: Stage, sinch: SinchClient) -> None:
    identifier = send(sinch)
    found = list(sinch.conversation.messages.list(app_id=SETTINGS["app_id"], channel_identity=CUSTOMER).iterator())

    assert [(item.id, item.metadata) for item in found] == [(identifier, REFERENCE)]
    assert sinch.conversation.messages.get(identifier).id == identifier


def test_the_sdk_gets_another_token_when_its_own_has_expired(stage: Stage, sinch: SinchClient) -> None:
    send(sinch)
    stage.simulator.knobs(clock_offset_seconds=3700)

    assert send(sinch)


def test_the_sdk_reads_and_verifies_the_callbacks(stage: Stage, sinch: SinchClient) -> None:
    send(sinch)
    stage.arrived(3)
    stage.write("Hola")
    stage.arrived(4)
    events = sinch.conversation.sinch_events(SECRET)

    hooks = stage.receiver.arrived
    assert all(events.validate_authentication_header(hook.headers, hook.body) for hook in hooks)
    parsed = [events.parse_event(hook.body) for hook in hooks]
    statuses = [event.message_delivery_report.status for event in parsed[:3]]
    assert (statuses, parsed[3].message.contact_message.text_message.text) == (
        ["QUEUED_ON_CHANNEL", "DELIVERED", "READ"],
        "Hola",
    )
