"""Zenvia's wire: named fields, its errors, what it only reports later, webhooks without a signature."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.providers.simulator.server import Receiver, SimulatorProcess, sample, shape
from tests.providers.simulator.wires.stage import ACCOUNT, CUSTOMER, SENDER, TOKEN, Stage, stage_make

REFERENCE = "0193a1c2-7b1e-7c4f-9a11-2f6f2b8c0001"
BODY = "Hola {{name}}, tu pedido {{order}} está listo."
TEXT = {"type": "BODY", "text": BODY}
BUTTONS = [
    {"type": "URL", "text": "Ver ofertas", "url": "https://tienda.example.com/ofertas"},
    {"type": "QUICK_REPLY", "text": "No me interesa"},
]


def template(name: str, identifier: str, components: list[Any], **fields: Any) -> dict[str, Any]:
    own = {"parameter_format": "NAMED", "language": "es_AR", "category": "UTILITY"}
    return {"id": identifier, "name": name, "components": components, **own, **fields}


@pytest.fixture
def stage(simulator: SimulatorProcess, receiver: Receiver) -> Iterator[Stage]:
    ids = [sample("zenvia", f"send-template-{kind}")["contents"][0]["templateId"] for kind in ("text", "image-header")]
    image = [
        {"type": "HEADER", "format": "IMAGE"},
        {"type": "BODY", "text": "Hola {{name}}, mirá las ofertas de hoy."},
        {"type": "FOOTER", "text": "Respondé BAJA para no recibir más"},
        {"type": "BUTTONS", "buttons": BUTTONS},
    ]
    templates = [
        template("order_update", ids[0], [TEXT], quality="GREEN"),
        template(
            "promo_noviembre", ids[1], image, category="MARKETING", settings={"payloads": {BUTTONS[1]["text"]: "no"}}
        ),
        template("turno", "waiting", [TEXT], status="PENDING"),
    ]
    stage = stage_make(simulator, receiver, "zenvia", templates=templates, headers={"X-API-TOKEN": TOKEN})
    yield stage
    stage.client.close()


def send(stage: Stage, name: str = "send-template-text", **changes: Any) -> httpx.Response:
    return stage.client.post("/v2/channels/whatsapp/messages", json={**sample("zenvia", name), **changes})


def test_it_answers_with_the_message(stage: Stage) -> None:
    response = send(stage)

    assert response.status_code == 200
    assert shape(response.json()) == shape(sample("zenvia", "send-success-200"))
    (message,) = stage.messages(reference=REFERENCE)
    assert message["rendered"] == "Hola Ana, tu pedido ORD-1042 está listo."
    assert message["wamid"] == response.json()["id"]


def test_it_fills_a_media_header(stage: Stage) -> None:
    assert send(stage, "send-template-image-header").status_code == 200

    (message,) = stage.messages()
    assert message["bubble"]["header"]["content"] == {"link": "https://cdn.example.com/promo.jpg"}


def test_it_asks_for_a_token(stage: Stage) -> None:
    response = stage.client.post("/channels/whatsapp/messages", json={}, headers={"X-API-TOKEN": "another"})

    assert (response.status_code, response.json()) == (401, sample("zenvia", "error-401"))


def test_it_names_what_is_missing(stage: Stage) -> None:
    response = send(stage, contents=[{"type": "template", "fields": {}}])

    assert (response.status_code, response.json()) == (400, sample("zenvia", "error-400"))


@pytest.mark.parametrize("fields", [{"name": "Ana"}, {"name": "Ana", "order": "1", "more": "x"}])
def test_it_wants_exactly_the_fields_of_the_template(stage: Stage, fields: dict[str, str]) -> None:
    content = {**sample("zenvia", "send-template-text")["contents"][0], "fields": fields}
    response = send(stage, contents=[content])

    assert response.status_code == 400
    assert shape(response.json()) == shape(sample("zenvia", "error-400"))


def test_it_does_not_know_another_sender(stage: Stage) -> None:
    response = send(stage, **{"from": "5491155550198"})

    assert (response.status_code, response.json()) == (404, sample("zenvia", "error-404"))


def test_it_takes_the_alias_for_the_number(stage: Stage) -> None:
    stage.simulator.post(f"accounts/{ACCOUNT}", settings={"alias": "mi-empresa"})

    assert send(stage, **{"from": "mi-empresa"}).status_code == 200


@pytest.mark.parametrize(("digits", "status"), [("05", 429), ("08", 500), ("18", 401), ("44", 404)])
def test_it_refuses_at_once_by_the_last_digits(stage: Stage, digits: str, status: int) -> None:
    response = send(stage, to=f"54911555501{digits}")

    assert response.status_code == status
    assert set(response.json()) == {"code", "message"}
    assert stage.messages() == []


@pytest.mark.parametrize(
    ("digits", "code", "cause"),
    [("20", "REJECTED", "132015"), ("33", "NOT_DELIVERED", "131026"), ("31", "REJECTED", "131048")],
)
def test_it_reports_later_what_whatsapp_refuses(stage: Stage, digits: str, code: str, cause: str) -> None:
    assert send(stage, to=f"54911555501{digits}").status_code == 200

    (event,) = stage.arrived(1)
    assert shape(event) == shape(sample("zenvia", "webhook-rejected"))
    assert event["messageStatus"]["code"] == code
    assert event["messageStatus"]["causes"][0]["channelErrorCode"] == cause


def test_it_reports_an_unknown_template_later(stage: Stage) -> None:
    content = {"type": "template", "templateId": "none", "fields": {}}
    assert send(stage, contents=[content]).status_code == 200

    (event,) = stage.arrived(1)
    assert event["messageStatus"]["causes"][0]["channelErrorCode"] == "132001"


@pytest.mark.parametrize(("position", "name"), [(0, "sent"), (1, "delivered"), (2, "read")])
def test_it_reports_statuses_with_our_reference(stage: Stage, position: int, name: str) -> None:
    send(stage)
    event, expected = stage.arrived(3)[position], sample("zenvia", f"webhook-{name}")

    assert shape(event) == shape(expected)
    assert event["message"]["externalId"] == REFERENCE
    kept = ("code", "description")
    assert [event["messageStatus"][key] for key in kept] == [expected["messageStatus"][key] for key in kept]


@pytest.mark.parametrize("digits", ["25", "27", "41"])
def test_it_loses_the_answer_of_an_accepted_message(stage: Stage, digits: str) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        send(stage, to=f"54911555501{digits}")

    assert len(stage.messages(reference=REFERENCE)) == 1


def test_it_carries_the_headers_of_the_subscription(stage: Stage) -> None:
    order = sample("zenvia", "subscription-create")
    order["webhook"]["url"] = f"{stage.receiver.url}/status"
    assert stage.client.post("/v2/subscriptions", json=order).status_code == 200
    send(stage)
    stage.write()
    stage.arrived(4)

    hooks = {webhook.document["type"]: webhook for webhook in stage.receiver.arrived}
    assert hooks["MESSAGE_STATUS"].headers["X-Hook-Secret"] == "dummy-secret"
    assert hooks["MESSAGE_STATUS"].path.endswith("/status")
    assert "X-Hook-Secret" not in hooks["MESSAGE"].headers


def test_it_tells_what_a_customer_writes(stage: Stage) -> None:
    stage.write("Hola")
    (event,) = stage.arrived(1)

    assert shape(event) == shape(sample("zenvia", "webhook-inbound-text"))
    assert (event["message"]["from"], event["message"]["to"]) == (CUSTOMER, SENDER)


def test_it_tells_a_tapped_button(stage: Stage) -> None:
    sent = send(stage).json()["id"]
    stage.arrived(3)
    stage.write("Confirmar", type="button", payload="confirm", context=sent)
    event = stage.arrived(4)[3]

    assert shape(event) == shape(sample("zenvia", "webhook-inbound-button"))
    assert (event["message"]["contents"][0]["payload"], event["message"]["idRef"]) == ("confirm", sent)


def test_it_sends_text_only_in_the_window(stage: Stage) -> None:
    contents = [{"type": "text", "text": "Ya lo vemos."}]
    send(stage, contents=contents)
    stage.write()
    send(stage, contents=contents)

    stage.simulator.settle()
    assert [item["statuses"][0]["status"] for item in stage.messages()] == ["failed", "sent"]


def test_it_lists_templates_with_their_fields(stage: Stage) -> None:
    response = stage.client.get("/v2/templates", params={"channel": "WHATSAPP", "page": 0, "size": 2})
    expected = sample("zenvia", "template-list")

    assert [shape(item) for item in response.json()] == [shape(item) for item in expected[:2]]
    assert response.json()[1]["components"]["buttons"]["type"] == "MIXED"
    assert (response.headers["x-total"], response.headers["x-page-size"], response.headers["x-page"]) == ("3", "2", "0")


def test_it_shows_a_template_under_review(stage: Stage) -> None:
    (found,) = stage.client.get("/v2/templates", params={"page": 1, "size": 2}).json()

    assert found["status"] == "WAITING_APPROVAL"


# --- templates made over the wire ------------------------------------------------------------------------------------


NEW = {**sample("zenvia", "template-create"), "name": "pedido_listo"}


def create(stage: Stage, **changes: Any) -> httpx.Response:
    return stage.client.post("/v2/templates", json={**NEW, **changes})


def test_it_makes_a_template_that_waits_for_approval(stage: Stage) -> None:
    stage.simulator.knobs(review="manual")
    response = create(stage)

    assert response.status_code == 200
    assert shape(response.json()) == shape(sample("zenvia", "template-list")[0])
    assert (response.json()["status"], response.json()["fields"]) == ("WAITING_APPROVAL", ["name", "order"])
    assert response.json()["examples"] == NEW["examples"]


def test_a_template_is_reviewed_and_can_be_sent_then(stage: Stage) -> None:
    made = create(stage).json()["id"]
    stage.simulator.settle()
    content = {"type": "template", "templateId": made, "fields": {"name": "Ana", "order": "ORD-1"}}

    assert send(stage, contents=[content]).status_code == 200
    assert stage.messages()[0]["rendered"] == "Hola Ana, tu pedido ORD-1 está listo."


def test_it_keeps_every_part_of_a_template(stage: Stage) -> None:
    parts = {
        "header": {"type": "MEDIA_IMAGE"},
        "body": {"type": "TEXT_TEMPLATE", "text": "Hola {{name}}"},
        "footer": {"type": "TEXT_FIXED", "text": "Respondé BAJA"},
        "buttons": {
            "type": "MIXED",
            "items": [
                {"type": "URL", "text": "Ver", "url": "https://tienda.example.com/{{url0}}"},
                {"type": "PHONE_NUMBER", "text": "Llamar", "phoneNumber": "+541155550000"},
                {"type": "QUICK_REPLY", "text": "No", "payload": "no-gracias"},
            ],
        },
    }
    examples = {"imageUrl": "https://cdn.example.com/a.jpg", "name": "Ana", "url0": "x"}
    made = create(stage, components=parts, examples=examples).json()

    assert (made["components"], made["fields"], made["examples"]) == (parts, ["imageUrl", "name", "url0"], examples)


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"name": ""}, "name"),
        ({"senderId": "5491155550000"}, "senderId"),
        ({"category": "OTHER"}, "category"),
        ({"components": {}}, "components.body.text"),
        ({"examples": {"name": "Ana"}}, "examples.order"),
        ({"components": {**NEW["components"], "header": {"type": "MAP"}}}, "components.header.type"),
        (
            {"components": {**NEW["components"], "buttons": {"items": [{"type": "URL"}]}}},
            "components.buttons.items.0.url",
        ),
    ],
)
def test_it_names_what_is_wrong_with_a_template(stage: Stage, changes: dict[str, Any], path: str) -> None:
    response = create(stage, **changes)

    assert response.status_code == 400
    assert response.json()["details"][0]["path"] == path
    assert len(stage.client.get("/v2/templates").json()) == 3


def test_it_makes_no_template_twice(stage: Stage) -> None:
    create(stage)

    assert (create(stage).status_code, create(stage).json()) == (409, sample("zenvia", "error-409"))


def test_a_review_may_refuse_a_template(stage: Stage) -> None:
    stage.simulator.knobs(review="reject")
    made = create(stage).json()["id"]
    stage.simulator.settle()

    assert {item["id"]: item["status"] for item in stage.client.get("/v2/templates").json()}[made] == "REJECTED"


def test_it_changes_a_template_and_has_it_reviewed_anew(stage: Stage) -> None:
    made = create(stage).json()
    stage.simulator.settle()
    stage.simulator.knobs(review="manual")
    body = {"body": {"type": "TEXT_TEMPLATE", "text": "{{name}}, tu pedido {{order}} ya salió."}}
    response = stage.client.patch(f"/v2/templates/{made['id']}", json={"components": body})

    changed = response.json()
    assert (response.status_code, changed["status"]) == (200, "WAITING_APPROVAL")
    assert (changed["text"], changed["category"]) == (body["body"]["text"], made["category"])


def test_it_changes_no_template_that_is_being_reviewed(stage: Stage) -> None:
    response = stage.client.patch("/v2/templates/waiting", json={"category": "MARKETING"})

    assert (response.status_code, response.json()["details"][0]["path"]) == (400, "status")


def test_it_deletes_a_template(stage: Stage) -> None:
    made = create(stage).json()["id"]
    answers = [stage.client.delete(f"/v2/templates/{made}").status_code for _ in range(2)]

    assert answers == [204, 404]
    assert made not in [item["id"] for item in stage.client.get("/v2/templates").json()]


def test_it_touches_no_template_of_another_account(stage: Stage) -> None:
    other = {"waba_id": "another", "name": "ajena", "language": "es", "category": "UTILITY", "components": [TEXT]}
    stage.simulator.post("seed", accounts=[{"waba_id": "another", "token": "t2", "provider": "zenvia"}])
    stage.simulator.post("seed", templates=[{"id": "of-another", **other}])

    assert stage.client.patch("/v2/templates/of-another", json={"category": "MARKETING"}).status_code == 404
    assert stage.client.delete("/v2/templates/of-another").status_code == 404


def test_a_template_may_number_some_variables_and_name_others(stage: Stage) -> None:
    parts = {
        "header": {"type": "TEXT_TEMPLATE", "text": "Pedido {{header1}}"},
        "body": {"type": "TEXT_TEMPLATE", "text": "Hola {{1}}, {{2}}"},
    }
    made = create(stage, components=parts, examples={"header1": "A", "1": "Ana", "2": "x"}).json()["id"]
    stage.simulator.settle()
    content = {"type": "template", "templateId": made, "fields": {"header1": "A-7", "1": "Ana", "2": "ya salió."}}

    assert send(stage, contents=[content]).status_code == 200
    assert stage.messages()[0]["bubble"]["header"]["text"] == "Pedido A-7"
