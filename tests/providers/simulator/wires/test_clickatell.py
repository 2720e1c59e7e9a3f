"""Clickatell's wire: several messages in one request, each refused by itself, statuses with numbers, no signature."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.providers.simulator.server import Receiver, SimulatorProcess, sample, shape
from tests.providers.simulator.wires.stage import CUSTOMER, SENDER, TOKEN, Stage, stage_make

REFERENCE = "0193a1c2-7b1e-7c4f-9a11-2f6f2b8c0001"
BODY = {"type": "BODY", "text": "Hola {{1}}, tu pedido {{2}} está listo."}
IMAGE = {"type": "HEADER", "format": "IMAGE"}


def template(name: str, *components: Any, **fields: Any) -> dict[str, Any]:
    return {"id": name, "name": name, "language": "es_AR", "category": "UTILITY", "components": components, **fields}


@pytest.fixture
def stage(simulator: SimulatorProcess, receiver: Receiver) -> Iterator[Stage]:
    templates = [
        template("order_update", BODY),
        template("with_image", IMAGE, BODY),
        template("waiting", BODY, status="PENDING"),
    ]
    stage = stage_make(simulator, receiver, "clickatell", templates=templates, headers={"Authorization": TOKEN})
    yield stage
    stage.client.close()


def message(index: int = 1, **changes: Any) -> dict[str, Any]:
    first: dict[str, Any] = sample("clickatell", "send-template-text")["messages"][0]
    return {**first, "clientMessageId": f"{REFERENCE[:-1]}{index}", **changes}


def send(stage: Stage, *messages: dict[str, Any]) -> httpx.Response:
    return stage.client.post("/v1/message", json={"messages": list(messages or [message()])})


def test_it_takes_the_sample_and_answers_as_the_sample(stage: Stage) -> None:
    response = stage.client.post("/v1/message", json=sample("clickatell", "send-template-text"))

    assert response.status_code == 202
    assert shape(response.json()) == shape(sample("clickatell", "send-success-202"))
    (accepted,) = stage.messages(reference=REFERENCE)
    assert accepted["rendered"] == "Hola Ana, tu pedido ORD-1042 está listo."
    assert accepted["wamid"] == response.json()["messages"][0]["apiMessageId"]


def test_it_takes_several_messages_in_one_request(stage: Stage) -> None:
    response = stage.client.post("/v1/message", json=sample("clickatell", "send-bulk"))

    assert (response.status_code, [item["accepted"] for item in response.json()["messages"]]) == (202, [True, True])
    assert len(stage.messages()) == 2


def test_it_refuses_one_message_by_itself(stage: Stage) -> None:
    response = send(stage, message(1), message(2, to="nobody"))

    assert response.status_code == 207
    expected = sample("clickatell", "send-207-one-refused")
    assert shape(response.json()) == shape(expected)
    assert response.json()["messages"][1]["error"] == expected["messages"][1]["error"]
    assert len(stage.messages()) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"channel": "sms"},
        {"hsm": {}},
        {"content": "Hola"},
        {"hsm": {"template": "order_update", "parameters": {"1": 5}}},
    ],
)
def test_it_says_of_a_message_that_it_is_wrong(stage: Stage, changes: dict[str, Any]) -> None:
    response = send(stage, message(1, **changes))

    assert (response.status_code, response.json()["messages"][0]["error"]["code"]) == (207, "101")


@pytest.mark.parametrize("count", [0, 201])
def test_it_takes_between_one_and_two_hundred_messages(stage: Stage, count: int) -> None:
    response = stage.client.post("/v1/message", json={"messages": [message()] * count})

    assert (response.status_code, response.json()) == (400, sample("clickatell", "error-400"))
    assert stage.messages() == []


@pytest.mark.parametrize("key", ["another", f"Bearer {TOKEN}"])
def test_it_asks_for_the_bare_key(stage: Stage, key: str) -> None:
    response = stage.client.post("/v1/message", json={}, headers={"Authorization": key})

    assert (response.status_code, response.json()) == (401, sample("clickatell", "error-401"))


@pytest.mark.parametrize(("digits", "status"), [("05", 429), ("08", 500), ("16", 403), ("18", 401), ("19", 402)])
def test_it_refuses_the_whole_request_for_what_is_the_accounts(stage: Stage, digits: str, status: int) -> None:
    response = send(stage, message(1), message(2, to=f"54911555501{digits}"))

    assert (response.status_code, response.json()["messages"]) == (status, [])
    assert stage.messages() == []


@pytest.mark.parametrize(
    ("digits", "number", "word"),
    [
        ("02", 29, "RECIPIENT_DOES_NOT_EXIST"),
        ("03", None, "EXCESSIVE_MESSAGES_TO_RECIPIENT"),
        ("21", 132, "SPAM_RATE_LIMIT"),
        ("30", 130, "WHATSAPP_ACCOUNT_PAYMENT_ISSUE"),
        ("20", 23, "DELIVERY_FAILURE"),
    ],
)
def test_it_reports_later_what_whatsapp_refuses(stage: Stage, digits: str, number: int | None, word: str) -> None:
    assert send(stage, message(1, to=f"54911555501{digits}")).status_code == 202

    (callback,) = stage.arrived(1)
    (event,) = callback["event"]["messageStatusUpdate"]
    assert (event.get("statusCode"), event["status"]) == (number, word)


@pytest.mark.parametrize(
    "hsm",
    [
        {"template": "none", "parameters": {}},
        {"template": "waiting", "parameters": {"1": "Ana", "2": "x"}},
        {"template": "order_update", "parameters": {"1": "Ana"}},
        {"template": "with_image", "parameters": {"1": "Ana", "2": "x"}},
    ],
)
def test_it_reports_a_template_that_does_not_fit_later(stage: Stage, hsm: dict[str, Any]) -> None:
    assert send(stage, message(1, hsm=hsm)).status_code == 202

    (callback,) = stage.arrived(1)
    assert callback["event"]["messageStatusUpdate"][0]["status"] == "TEMPLATE_FORMAT_MISMATCH"


@pytest.mark.parametrize(("position", "name"), [(0, "004-sent-to-supplier"), (1, "005-device-ack"), (2, "006-read")])
def test_it_reports_statuses_with_our_reference(stage: Stage, position: int, name: str) -> None:
    send(stage)
    callback, expected = stage.arrived(3)[position], sample("clickatell", f"webhook-status-{name}")

    assert shape(callback) == shape(expected)
    event, sampled = (item["event"]["messageStatusUpdate"][0] for item in (callback, expected))
    kept = ("statusCode", "status", "clientMessageId", "channel")
    assert [event[key] for key in kept] == [sampled[key] for key in kept]


@pytest.mark.parametrize("digits", ["25", "27", "41"])
def test_it_loses_the_answer_of_the_whole_request(stage: Stage, digits: str) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        send(stage, message(1), message(2, to=f"54911555501{digits}"))

    assert len(stage.messages()) == 2


def test_it_looks_up_by_its_own_id(stage: Stage) -> None:
    sent = send(stage).json()["messages"][0]["apiMessageId"]
    stage.arrived(3)
    response = stage.client.get(f"/v1/message/{sent}")

    assert shape(response.json()) == shape(sample("clickatell", "lookup"))
    assert response.json()["whatsapp"]["status"] == "READ"
    assert stage.client.get(f"/v1/message/{REFERENCE}").status_code == 404


def test_it_tells_what_a_customer_writes_to_the_url_for_that(stage: Stage, receiver: Receiver) -> None:
    account = {"waba_id": "account-of-the-tests", "settings": {"inbound_url": f"{receiver.url}/inbound"}}
    stage.simulator.post("seed", accounts=[{**account, "token": TOKEN, "provider": "clickatell"}])
    sent = send(stage).json()["messages"][0]["apiMessageId"]
    stage.arrived(3)
    stage.write("Hola", context=sent)
    callback = stage.arrived(4)[3]

    assert shape(callback) == shape(sample("clickatell", "webhook-inbound-text"))
    (event,) = callback["event"]["moText"]
    assert (event["from"], event["to"], event["relatedMessageId"]) == (CUSTOMER, SENDER, sent)
    assert event["relatedClientMessageId"] == REFERENCE
    assert receiver.arrived[3].path.endswith("/inbound")


def test_it_sends_a_text_only_in_the_window(stage: Stage) -> None:
    text = {"channel": "whatsapp", "to": CUSTOMER, "content": "Ya lo vemos."}
    send(stage, text)
    stage.write()
    send(stage, text)

    stage.simulator.settle()
    assert [item["statuses"][0]["status"] for item in stage.messages()] == ["failed", "sent"]


def test_it_authenticates_with_what_stands_in_the_url(stage: Stage, receiver: Receiver) -> None:
    url = receiver.url.replace("http://", "http://hsm:word@")
    account = {"waba_id": "account-of-the-tests", "token": TOKEN, "provider": "clickatell", "webhook_url": url}
    stage.simulator.post("seed", accounts=[account])
    send(stage)
    stage.arrived(1)

    assert receiver.arrived[0].headers["Authorization"] == httpx.BasicAuth("hsm", "word")._auth_header
