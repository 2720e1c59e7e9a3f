"""Twilio's own Python client, unchanged, served by the simulator: its hook for HTTP sends it to the loopback."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from twilio.base.exceptions import TwilioRestException  # type: ignore[import-untyped]  # the client has no types
from twilio.http.http_client import TwilioHttpClient  # type: ignore[import-untyped]  # the client has no types
from twilio.http.response import Response  # type: ignore[import-untyped]  # the client has no types
from twilio.rest import Client  # type: ignore[import-untyped]  # the client has no types
from twilio.rest.content.v1.content import ContentList  # type: ignore[import-untyped]  # the client has no types
from twilio.rest.content.v1.content.approval_create import (  # type: ignore[import-untyped]  # the client has no types
    ApprovalCreateList,
)

from tests.providers.simulator.server import Receiver, SimulatorProcess, sample
from tests.providers.simulator.wires.stage import CUSTOMER, SENDER, TOKEN, Stage, stage_make
from tests.providers.simulator.wires.twilio_stage import ORDER, REFERENCE, SETTINGS, SID, TEMPLATES

HOSTS = ("https://api.twilio.com", "https://content.twilio.com")


class Loopback(TwilioHttpClient):  # type: ignore[misc]  # the client has no types
    """The client's own HTTP client, with the simulator in place of Twilio's hosts."""

    def __init__(self, root: str) -> None:
        super().__init__()
        self._root = root

    def request(self, method: str, url: str, *rest: Any, **options: Any) -> Response:
        for host in HOSTS:
            url = url.replace(host, self._root)
        return super().request(method, url, *rest, **options)


@pytest.fixture
def stage(simulator: SimulatorProcess, receiver: Receiver) -> Iterator[Stage]:
    stage = stage_make(simulator, receiver, "twilio", settings=SETTINGS, templates=TEMPLATES)
    yield stage
    stage.client.close()


@pytest.fixture
def client(stage: Stage) -> Client:
    return Client(SID, TOKEN, http_client=Loopback(f"{stage.simulator.url}/twilio"))


def send(client: Client, **changes: Any) -> Any:
    order = {
        "to": f"whatsapp:+{CUSTOMER}",
        "from_": f"whatsapp:+{SENDER}",
        "content_sid": ORDER,
        "content_variables": json.dumps({"1": "Ana", "2": "ORD-1042"}),
        **changes,
    }
    return client.messages.create(**order)


def test_it_sends_and_fetches_a_message(stage: Stage, client: Client) -> None:
    message = send(client, status_callback=f"{stage.receiver.url}?uuid={REFERENCE}")
    assert (message.status, message.body) == ("queued", "Hola Ana, tu pedido ORD-1042 está listo.")
    stage.simulator.settle()

    fetched = client.messages(message.sid).fetch()
    assert (fetched.status, fetched.price, fetched.error_code) == ("read", "-0.00500", None)
    assert stage.messages(reference=REFERENCE)[0]["wamid"] == message.sid


def test_it_streams_the_list_through_all_pages(stage: Stage, client: Client) -> None:
    sids = [send(client).sid for _ in range(3)]

    found = client.messages.list(to=f"whatsapp:+{CUSTOMER}", page_size=2)
    assert [message.sid for message in found] == sids[::-1]


def test_it_raises_what_the_simulator_refuses(client: Client) -> None:
    with pytest.raises(TwilioRestException) as refused:
        send(client, content_sid="HX00")

    assert (refused.value.status, refused.value.code) == (400, 21655)


def test_it_reads_contents_with_their_approvals(client: Client) -> None:
    found = {item.sid: item for item in client.content.v1.content_and_approvals.list(page_size=3)}

    assert sorted(found) == sorted(template["id"] for template in TEMPLATES)
    assert found[ORDER].approval_requests["status"] == "approved"


def test_it_creates_submits_and_deletes_a_content(stage: Stage, client: Client) -> None:
    order = ContentList.ContentCreateRequest(sample("twilio", "content-create"))
    content = client.content.v1.contents.create(content_create_request=order)
    approval = ApprovalCreateList.ContentApprovalRequest({"name": "from_the_client", "category": "UTILITY"})
    submitted = client.content.v1.contents(content.sid).approval_create.create(content_approval_request=approval)
    assert (submitted.status, submitted.content_type) == ("received", "twilio/text")
    stage.simulator.settle()

    fetched = client.content.v1.contents(content.sid).approval_fetch().fetch()
    assert fetched.whatsapp["status"] == "approved"
    assert send(client, content_sid=content.sid).status == "queued"
    assert client.content.v1.contents(content.sid).delete()


def test_it_changes_a_content_which_must_be_approved_again(stage: Stage, client: Client) -> None:
    order = sample("twilio", "content-create")
    order["types"]["twilio/text"]["body"] = "Hola {{1}}, tu pedido {{2}} salió."

    content = client.content.v1.contents(ORDER).update(ContentList.ContentUpdateRequest(order))
    assert content.types["twilio/text"]["body"] == "Hola {{1}}, tu pedido {{2}} salió."
    assert client.content.v1.contents(ORDER).approval_fetch().fetch().whatsapp["status"] == "unsubmitted"

    approval = ApprovalCreateList.ContentApprovalRequest({"name": "order_update", "category": "UTILITY"})
    client.content.v1.contents(ORDER).approval_create.create(content_approval_request=approval)
    stage.simulator.settle()
    assert client.content.v1.contents(ORDER).approval_fetch().fetch().whatsapp["status"] == "approved"
