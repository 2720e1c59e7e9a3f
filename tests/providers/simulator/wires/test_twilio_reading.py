"""Twilio's wire: messages read back, and the contents with their approvals."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.providers.simulator.server import Receiver, SimulatorProcess, sample, shape
from tests.providers.simulator.wires.stage import CUSTOMER, SENDER, Stage
from tests.providers.simulator.wires.twilio_stage import CONTENTS, MESSAGES, forms, send, twilio_stage


@pytest.fixture
def stage(simulator: SimulatorProcess, receiver: Receiver) -> Iterator[Stage]:
    with twilio_stage(simulator, receiver) as made:
        yield made


# --- reading back ------------------------------------------------------------------------------------------------


def test_it_shows_a_message_with_its_price(stage: Stage) -> None:
    sid = send(stage).json()["sid"]
    forms(stage, 3)
    response = stage.client.get(f"{MESSAGES}/{sid}.json")

    assert shape(response.json()) == shape(sample("twilio", "message-get-delivered-priced"))
    assert (response.json()["status"], response.json()["price"]) == ("read", "-0.00500")
    assert stage.client.get(f"{MESSAGES}/SM00.json").status_code == 404


def test_it_shows_why_a_message_failed(stage: Stage) -> None:
    sid = send(stage, To="whatsapp:+5491155550102").json()["sid"]
    forms(stage, 1)
    shown = stage.client.get(f"{MESSAGES}/{sid}.json").json()

    assert shape(shown) == shape(sample("twilio", "message-get-undelivered"))
    assert (shown["status"], shown["error_code"]) == ("undelivered", 63024)


def test_it_lists_by_recipient_the_newest_first(stage: Stage) -> None:
    sids = [send(stage).json()["sid"] for _ in range(3)]
    send(stage, To="whatsapp:+5491155550112")
    stage.simulator.settle()
    query = {"To": f"whatsapp:+{CUSTOMER}", "From": f"whatsapp:+{SENDER}", "DateSent>": "2000-01-01", "PageSize": "2"}
    first = stage.client.get(f"{MESSAGES}.json", params=query).json()
    second = stage.client.get(f"/{first['next_page_uri'].lstrip('/')}").json()

    expected = sample("twilio", "message-list")
    assert sorted(first) == sorted(expected)
    assert [item["sid"] for item in (*first["messages"], *second["messages"])] == sids[::-1]
    assert (second["next_page_uri"], second["page"], second["start"]) == (None, 1, 2)


def test_a_filter_by_date_leaves_out_what_was_not_sent_yet(stage: Stage) -> None:
    send(stage, To="whatsapp:+5491155550114")
    stage.simulator.settle()

    def count(**query: str) -> int:
        return len(stage.client.get(f"{MESSAGES}.json", params=query).json()["messages"])

    assert (count(), count(**{"DateSent>": "2000-01-01"}), count(To="whatsapp:+5491155550199")) == (1, 0, 0)


def test_a_date_that_is_none_is_refused(stage: Stage) -> None:
    send(stage)
    stage.simulator.settle()

    assert stage.client.get(f"{MESSAGES}.json", params={"DateSent>": "soon"}).status_code == 400


# --- contents ----------------------------------------------------------------------------------------------------


def test_it_lists_contents_with_their_approvals(stage: Stage) -> None:
    response = stage.client.get("/v1/ContentAndApprovals", params={"PageSize": "50"})
    expected = sample("twilio", "content-and-approvals")

    assert sorted(response.json()["meta"]) == sorted(expected["meta"])
    found = {item["sid"]: item for item in response.json()["contents"]}
    for content in expected["contents"]:
        shown = found[content["sid"]]
        assert sorted(shown) == sorted(content)
        assert shown["approval_requests"] == content["approval_requests"]
        assert sorted(shown["variables"]) == sorted(content["variables"])
        assert list(shown["types"]) == list(content["types"])
    assert found[CONTENTS[1]["sid"]]["types"] == CONTENTS[1]["types"]


def test_it_lists_contents_by_page(stage: Stage) -> None:
    first = stage.client.get("/v1/ContentAndApprovals", params={"PageSize": "3"}).json()
    second = stage.client.get(first["meta"]["next_page_url"]).json()

    assert (len(first["contents"]), len(second["contents"])) == (3, 1)
    assert second["meta"]["next_page_url"] is None


def test_it_creates_submits_reviews_and_deletes_a_content(stage: Stage) -> None:
    created = stage.client.post("/v1/Content", json=sample("twilio", "content-create"))
    assert (created.status_code, shape(created.json())) == (201, shape(sample("twilio", "content-create-201")))
    path = f"/v1/Content/{created.json()['sid']}"
    order = {**sample("twilio", "approval-create"), "name": "order_update_2"}
    submitted = stage.client.post(f"{path}/ApprovalRequests/whatsapp", json=order)
    assert submitted.json() == {**sample("twilio", "approval-create-201"), "name": "order_update_2"}
    assert stage.client.post(f"{path}/ApprovalRequests/whatsapp", json=order).status_code == 400
    stage.simulator.settle()

    fetched = stage.client.get(f"{path}/ApprovalRequests").json()
    assert shape(fetched) == shape(sample("twilio", "approval-fetch"))
    assert fetched["whatsapp"]["status"] == "approved"
    assert send(stage, ContentSid=created.json()["sid"]).status_code == 201
    assert stage.client.delete(path).status_code == 204
    assert stage.client.get(path).status_code == 404


def test_it_reads_media_and_buttons_of_a_new_content(stage: Stage) -> None:
    card = {
        "body": "Hola {{1}}",
        "media": ["https://cdn.example.com/{{2}}"],
        "footer": "Chau",
        "actions": [{"type": "URL", "title": "Ver", "url": "https://x.example/{{3}}"}],
    }
    content = {"language": "es", "variables": {"1": "Ana", "2": "a.mp4", "3": "t"}, "types": {"whatsapp/card": card}}
    sid = stage.client.post("/v1/Content", json=content).json()["sid"]
    order = {"name": "card", "category": "MARKETING"}
    stage.client.post(f"/v1/Content/{sid}/ApprovalRequests/whatsapp", json=order)
    stage.simulator.settle()
    send(stage, ContentSid=sid, ContentVariables=json.dumps({"1": "Luis", "2": "b.mp4", "3": "t/9"}))

    (message,) = stage.messages()
    assert message["bubble"]["header"] == {"type": "video", "content": {"link": "https://cdn.example.com/b.mp4"}}
    assert message["bubble"]["buttons"][0]["url"] == "https://x.example/t/9"


@pytest.mark.parametrize("content", [{}, {"language": "es"}, {"language": "es", "types": {"twilio/text": {}}}])
def test_it_refuses_a_content_without_language_or_body(stage: Stage, content: dict[str, Any]) -> None:
    assert stage.client.post("/v1/Content", json=content).status_code == 400


def test_credentials_that_are_no_base64_are_none(stage: Stage) -> None:
    headers = {"Authorization": "Basic " + base64.b64encode(b"\xff\xfe").decode()}

    assert httpx.get(f"{stage.simulator.url}/twilio/v1/ContentAndApprovals", headers=headers).status_code == 401
