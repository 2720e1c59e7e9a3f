"""360dialog's wire: Meta's bodies behind an API key, own errors, templates by offset, webhooks with headers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.providers.simulator.server import Receiver, SimulatorProcess, sample, shape, until
from tests.providers.simulator.wires.stage import CUSTOMER, TOKEN, Stage, stage_make


@pytest.fixture
def stage(simulator: SimulatorProcess, receiver: Receiver) -> Iterator[Stage]:
    listed = sample("dialog360", "d360_templates_list.response")["waba_templates"]
    templates = [
        {
            "id": item["external_id"],
            "parameter_format": "NAMED" if "first_name" in str(item["components"]) else "POSITIONAL",
            **{key: item[key] for key in ("name", "language", "category", "status", "components")},
        }
        for item in listed
    ]
    simple = {
        "name": "aviso",
        "language": "es_AR",
        "category": "UTILITY",
        "components": [{"type": "BODY", "text": "Hola {{1}}, te escribimos por {{2}} del {{3}}."}],
    }
    stage = stage_make(
        simulator, receiver, "dialog360", templates=[*templates, simple], headers={"D360-API-KEY": TOKEN}
    )
    yield stage
    stage.client.close()


def send(stage: Stage, to: str = CUSTOMER, **changes: Any) -> httpx.Response:
    body = sample("dialog360", "d360_send_template.request")
    body["template"]["name"] = "aviso"
    return stage.client.post("/messages", json={**body, "to": to, **changes})


def test_it_answers_as_meta_does(stage: Stage) -> None:
    response = send(stage)

    assert response.status_code == 200
    assert shape(response.json()) == shape(sample("dialog360", "d360_send_template.response"))
    assert [item["reference"] for item in stage.messages()] == ["hsm:01JC9Z6T8Q4V2K7M3N5P8R1S0T"]


def test_it_asks_for_its_key(stage: Stage) -> None:
    response = stage.client.post("/messages", json={}, headers={"D360-API-KEY": "another"})

    assert response.status_code == 401
    assert response.json() == sample("dialog360", "d360_error_invalid_api_key")


@pytest.mark.parametrize(
    ("digits", "status", "name"),
    [("34", 400, "d360_error_rate_limited_by_360dialog"), ("19", 400, "d360_error_payment")],
)
def test_it_refuses_in_its_own_words(stage: Stage, digits: str, status: int, name: str) -> None:
    response = send(stage, to=f"54911555501{digits}")

    assert (response.status_code, response.json()) == (status, sample("dialog360", name))


def test_it_passes_metas_errors_through(stage: Stage) -> None:
    response = send(stage, to="5491155550105")

    assert response.status_code == 429
    assert shape(response.json()) == shape(sample("dialog360", "d360_error_meta_passthrough_130429"))


def test_it_wants_metas_parameters(stage: Stage) -> None:
    response = send(stage, template={"name": "aviso", "language": {"code": "es_AR"}})

    assert response.json()["error"]["code"] == 132018


def test_it_loses_the_answer_of_an_accepted_message(stage: Stage) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        send(stage, to="5491155550125")

    assert len(stage.messages(to="5491155550125")) == 1


def test_it_reports_in_metas_shape_without_a_signature(stage: Stage) -> None:
    send(stage)
    until(lambda: len(stage.receiver.arrived) == 3)

    assert [item["status"] for item in stage.receiver.statuses()] == ["sent", "delivered", "read"]
    assert shape(stage.receiver.arrived[0].document) == shape(sample("meta", "webhook_status_sent_utility"))
    assert stage.receiver.arrived[0].signature == ""


def test_it_carries_the_headers_that_were_asked_for(stage: Stage) -> None:
    order = {"url": stage.receiver.url, "headers": {"X-Hook": "hello"}}
    response = stage.client.post("/v1/configs/webhook", json=order)
    send(stage)
    until(lambda: len(stage.receiver.arrived) == 3)

    assert shape(response.json()) == shape(sample("dialog360", "d360_webhook_set.response"))
    assert {webhook.headers["X-Hook"] for webhook in stage.receiver.arrived} == {"hello"}


def test_it_tells_what_a_customer_writes(stage: Stage) -> None:
    stage.write("Hola")
    (document,) = stage.arrived(1)

    assert shape(document) == shape(sample("meta", "webhook_inbound_text"))


def test_it_lists_templates_by_offset(stage: Stage) -> None:
    expected = sample("dialog360", "d360_templates_list.response")
    page = stage.client.get("/v1/configs/templates", params={"limit": 1, "offset": 1}).json()

    assert shape({**page, "waba_templates": []}) == shape({**expected, "waba_templates": []})
    assert (page["count"], page["total"], page["offset"]) == (1, 3, 1)
    assert shape(page["waba_templates"][0]) == shape(expected["waba_templates"][1])
    assert page["waba_templates"][0]["status"] == "paused"


def test_it_makes_and_deletes_a_template(stage: Stage) -> None:
    components = [{"type": "BODY", "text": "Hola, seguimos con tu consulta."}]
    order = {"name": "seguimos", "language": "es_AR", "category": "UTILITY", "components": components}
    made = stage.client.post("/v1/configs/templates", json=order)
    deleted = stage.client.delete("/v1/configs/templates/seguimos")

    assert (made.json()["status"], deleted.status_code) == ("submitted", 200)
    names = {item["name"] for item in stage.client.get("/v1/configs/templates").json()["waba_templates"]}
    assert "seguimos" not in names
