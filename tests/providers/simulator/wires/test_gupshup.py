"""Gupshup's wire: forms with JSON texts in them, few errors at once, all else by v2 events, no reference anywhere."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.providers.simulator.server import Receiver, SimulatorProcess, sample, shape
from tests.providers.simulator.wires.stage import ACCOUNT, CUSTOMER, SENDER, TOKEN, Stage, stage_make

SEND = "/wa/api/v1/template/msg"
APP, APP_ID = "TurnosDemo", "5f0a1b2c-3d4e-4f60-8192-a3b4c5d6e7f8"
LIST = f"/wa/app/{APP_ID}/template"
ORDER_ID, PROMO_ID, TURN_ID = (item["id"] for item in sample("gupshup", "template-list")["templates"])
TEXT = {"type": "BODY", "text": "Hola {{1}}, tu pedido {{2}} está listo."}
REPLIES = [{"type": "QUICK_REPLY", "text": label} for label in ("Confirmar", "Cancelar")]


def template(name: str, identifier: str, components: list[Any], **fields: Any) -> dict[str, Any]:
    own = {"language": "es_AR", "category": "UTILITY"}
    return {"id": identifier, "name": name, "components": components, **own, **fields}


TEMPLATES = [
    template("order_update", ORDER_ID, [TEXT], quality="GREEN"),
    template(
        "promo_noviembre",
        PROMO_ID,
        [
            {"type": "HEADER", "format": "IMAGE"},
            {"type": "BODY", "text": "Hola {{1}}, mirá las ofertas de hoy."},
            {"type": "FOOTER", "text": "Respondé BAJA para no recibir más"},
            {"type": "BUTTONS", "buttons": [{"type": "URL", "text": "Ver", "url": "https://tienda.example.com"}]},
        ],
        category="MARKETING",
    ),
    template(
        "turno_confirmar",
        TURN_ID,
        [
            {"type": "BODY", "text": "Hola {{1}}, ¿confirmás tu turno del {{2}}?"},
            {"type": "BUTTONS", "buttons": REPLIES},
        ],
    ),
    template(
        "todo",
        "every-part",
        [
            {"type": "HEADER", "format": "TEXT", "text": "Pedido {{1}}"},
            {"type": "BODY", "text": "Hola {{1}}."},
            {
                "type": "BUTTONS",
                "buttons": [
                    {"type": "URL", "text": "Ver", "url": "https://tienda.example.com/{{1}}"},
                    {"type": "COPY_CODE", "text": "Copiar"},
                ],
            },
        ],
    ),
]


@pytest.fixture
def stage(simulator: SimulatorProcess, receiver: Receiver) -> Iterator[Stage]:
    settings = {"app_name": APP, "app_id": APP_ID}
    made = stage_make(simulator, receiver, "gupshup", settings=settings, templates=TEMPLATES, headers={"apikey": TOKEN})
    yield made
    made.client.close()


def send(stage: Stage, name: str = "send-template-text", path: str = SEND, **changes: Any) -> httpx.Response:
    form = {**sample("gupshup", f"{name}.form"), **changes}
    return stage.client.post(path, data={key: value for key, value in form.items() if value is not None})


def values(template_id: str, *params: str) -> str:
    return json.dumps({"id": template_id, "params": params})


def configure(stage: Stage, **settings: str) -> None:
    known = {"app_name": APP, "app_id": APP_ID}
    stage.simulator.post(f"accounts/{ACCOUNT}", settings={**known, **settings})


# --- sending -----------------------------------------------------------------------------------------------------------


def test_it_takes_a_form(stage: Stage) -> None:
    response = send(stage)

    assert response.status_code == 202
    assert shape(response.json()) == shape(sample("gupshup", "send-success-202"))
    (message,) = stage.messages(to=CUSTOMER)
    assert message["rendered"] == "Hola Ana, tu pedido ORD-1042 está listo."
    assert (message["wamid"], message["reference"]) == (response.json()["messageId"], "")


def test_it_plays_the_older_answer_too(stage: Stage) -> None:
    configure(stage, answer="plain")
    response = send(stage)

    assert (response.status_code, response.headers["content-type"].split(";")[0]) == (200, "text/plain")
    assert shape(response.json()) == shape(sample("gupshup", "send-success-200-alt"))


def test_it_fills_a_media_header(stage: Stage) -> None:
    assert send(stage, "send-template-image-header").status_code == 202

    (message,) = stage.messages()
    assert message["bubble"]["header"]["content"] == {"link": "https://cdn.example.com/promo.jpg"}


def test_it_keeps_what_quick_replies_bring_back(stage: Stage) -> None:
    assert send(stage, "send-template-buttons").status_code == 202

    (message,) = stage.messages()
    assert [button["payload"] for button in message["bubble"]["buttons"]] == ["confirm:1042", "cancel:1042"]


def test_values_go_to_header_body_and_buttons_in_this_order(stage: Stage) -> None:
    assert send(stage, template=values("every-part", "42", "Ana", "t/1", "CYBER25")).status_code == 202

    stage.simulator.settle()
    (message,) = stage.messages()
    assert message["bubble"]["header"]["text"] == "Pedido 42"
    assert message["bubble"]["body"] == "Hola Ana."
    url, code = message["bubble"]["buttons"]
    assert url["url"] == "https://tienda.example.com/t/1"
    assert "CYBER25" in code.values()
    assert message["statuses"][0]["status"] == "sent"


def test_it_fills_a_carousel(stage: Stage) -> None:
    card = {
        "components": [
            {"type": "HEADER", "format": "IMAGE"},
            {"type": "BODY", "text": "Oferta"},
            {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": "Quiero"}]},
        ]
    }
    body = {"type": "BODY", "text": "Hola {{1}}, mirá."}
    carousel = template("galeria", "gallery", [body, {"type": "CAROUSEL", "cards": [card, card]}])
    stage.simulator.post("seed", templates=[{"waba_id": ACCOUNT, **carousel}])
    assert send(stage, "send-template-carousel", template=values("gallery", "Ana")).status_code == 202

    stage.simulator.settle()
    (message,) = stage.messages()
    assert message["statuses"][0]["status"] == "sent"
    assert len(message["bubble"]["cards"]) == 2


def test_it_counts_a_second_send_by_its_text(stage: Stage) -> None:
    send(stage)
    send(stage)

    assert stage.simulator.get("counts")["duplicates"] == 1


@pytest.mark.parametrize(
    ("changes", "status", "name"),
    [
        ({"destination": "not a phone"}, 400, "error-400-invalid-destination"),
        ({"destination": None}, 400, "error-400-invalid-destination"),
        ({"destination": SENDER}, 400, "error-400-invalid-destination"),
        ({"source": "5491155550198"}, 400, "error-400-invalid-app"),
        ({"src.name": "Another"}, 400, "error-400-invalid-app"),
        ({"destination": "5491155550118"}, 401, "error-401"),
        ({"destination": "5491155550105"}, 429, "error-429"),
        ({"destination": "5491155550108"}, 500, "error-500"),
    ],
)
def test_it_refuses_at_once_what_it_checks_itself(stage: Stage, changes: Any, status: int, name: str) -> None:
    response = send(stage, **changes)

    assert (response.status_code, response.json()) == (status, sample("gupshup", name))
    assert stage.messages() == []


@pytest.mark.parametrize("headers", [{"apikey": "another"}, {"apikey": ""}])
def test_it_asks_for_the_key(stage: Stage, headers: dict[str, str]) -> None:
    response = stage.client.post(SEND, data=sample("gupshup", "send-template-text.form"), headers=headers)

    assert (response.status_code, response.json()) == (401, sample("gupshup", "error-401"))


@pytest.mark.parametrize("form", [{"template": "{"}, {"template": "{}"}, {"channel": "sms"}])
def test_it_wants_a_template(stage: Stage, form: dict[str, str]) -> None:
    assert send(stage, **form).json()["status"] == "error"


def test_the_partners_path_takes_the_same_form(stage: Stage) -> None:
    path = f"/partner/app/{APP_ID}/template/msg"
    form = sample("gupshup", "send-template-text.form")
    assert stage.client.post(path, data=form, headers={"apikey": "", "Authorization": TOKEN}).status_code == 202
    assert stage.client.post(path.replace(APP_ID, "another"), data=form).status_code == 400


@pytest.mark.parametrize("digits", ["25", "27", "41"])
def test_it_loses_the_answer_of_an_accepted_message(stage: Stage, digits: str) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        send(stage, destination=f"54911555501{digits}")

    assert len(stage.messages(to=f"54911555501{digits}")) == 1


def test_it_sends_text_only_in_the_window(stage: Stage) -> None:
    text: dict[str, Any] = {"template": None, "message": json.dumps({"type": "text", "text": "Ya lo vemos."})}
    send(stage, path="/wa/api/v1/msg", **text)
    stage.write()
    send(stage, path="/wa/api/v1/msg", **text)
    stage.simulator.settle()

    assert [item["statuses"][0]["status"] for item in stage.messages()] == ["failed", "sent"]
    failed = next(hook.document for hook in stage.receiver.arrived if hook.document["payload"].get("type") == "failed")
    assert failed["payload"]["payload"]["code"] == 470


# --- events --------------------------------------------------------------------------------------------------------------


def by_type(stage: Stage, count: int) -> dict[str, Any]:
    """The first events by their inner type (a billing-event has none)."""
    return {event["payload"].get("type", event["type"]): event for event in stage.arrived(count)}


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("enqueued", "enqueued"),
        ("sent", "sent-no-conversation"),
        ("delivered", "delivered"),
        ("billing-event", "billing"),
        ("read", "read"),
    ],
)
def test_it_tells_a_message_event_by_event(stage: Stage, word: str, name: str) -> None:
    sent = send(stage).json()["messageId"]
    event, expected = by_type(stage, 5)[word], sample("gupshup", f"webhook-v2-{name}")

    assert shape(event) == shape(expected)
    about = event["payload"].get("references", event["payload"])
    assert about.get("gsId", about["id"]) == sent
    assert about["destination"] == CUSTOMER
    assert event["app"] == APP


def test_enqueued_links_the_two_ids(stage: Stage) -> None:
    send(stage)
    events = by_type(stage, 5)

    assert events["enqueued"]["payload"]["payload"]["whatsappMessageId"] == events["read"]["payload"]["id"]
    assert [event["payload"].get("type") for event in stage.arrived(5)][:2] == ["enqueued", "sent"]


def test_a_billing_event_has_the_category_and_no_amount(stage: Stage) -> None:
    send(stage)
    deductions = by_type(stage, 5)["billing-event"]["payload"]["deductions"]

    assert deductions == sample("gupshup", "webhook-v2-billing")["payload"]["deductions"]


def test_statuses_may_come_without_gupshups_id(stage: Stage) -> None:
    configure(stage, without_gs_id="yes")
    send(stage)

    assert shape(by_type(stage, 5)["sent"]) == shape(sample("gupshup", "webhook-v2-sent-mmlite-no-gsid"))


@pytest.mark.parametrize(
    ("digits", "code", "name"),
    [
        ("02", 131026, "failed-async-131026"),
        ("03", 131049, "failed-async-131049"),
        ("33", 131026, "failed-async-131026"),
        ("19", 1003, "failed-sync-1003-wallet"),
        ("20", 4005, "failed-sync-1005"),
        ("47", 131063, "failed-async-131026"),
    ],
)
def test_nearly_every_refusal_comes_by_event(stage: Stage, digits: str, code: int, name: str) -> None:
    assert send(stage, destination=f"54911555501{digits}").status_code == 202
    event = by_type(stage, 2)["failed"]

    assert shape(event) == shape(sample("gupshup", f"webhook-v2-{name}"))
    assert event["payload"]["payload"]["code"] == code


@pytest.mark.parametrize(
    ("form", "code"),
    [(values(ORDER_ID, "Ana"), 1005), (values(ORDER_ID, "Ana", "1", "2"), 1005), (values("none", "Ana"), 4003)],
)
def test_a_template_that_does_not_fit_fails_by_event(stage: Stage, form: str, code: int) -> None:
    sent = send(stage, template=form).json()["messageId"]
    event = by_type(stage, 2)["failed"]

    assert shape(event) == shape(sample("gupshup", "webhook-v2-failed-sync-1005"))
    assert (event["payload"]["id"], event["payload"]["payload"]["code"]) == (sent, code)


def test_a_person_without_a_phone_has_an_empty_destination(stage: Stage) -> None:
    send(stage, destination="5491155550111")
    event = by_type(stage, 2)["sent"]

    assert event["payload"]["destination"] == ""
    assert event["payload"]["userId"].startswith("AR.")


# --- what customers do ---------------------------------------------------------------------------------------------------


def test_it_tells_what_a_customer_writes(stage: Stage) -> None:
    stage.write("Hola")
    (event,) = stage.arrived(1)

    assert shape(event) == shape(sample("gupshup", "webhook-v2-inbound-text"))
    assert event["payload"]["sender"]["dial_code"] == CUSTOMER.removeprefix("54")


def test_it_tells_a_tapped_quick_reply(stage: Stage) -> None:
    sent = send(stage, "send-template-buttons").json()["messageId"]
    stage.arrived(5)
    stage.write("Confirmar", type="button", payload="confirm:1042", context=sent)
    event = stage.arrived(6)[5]

    assert shape(event) == shape(sample("gupshup", "webhook-v2-inbound-quick-reply"))
    assert event["payload"]["payload"] == sample("gupshup", "webhook-v2-inbound-quick-reply")["payload"]["payload"]
    assert event["payload"]["context"]["gsId"] == sent


def test_it_tells_who_stopped_marketing(stage: Stage) -> None:
    stage.simulator.post("preference", phone_number_id="number-of-the-tests", **{"from": CUSTOMER, "choice": "stop"})
    (event,) = stage.arrived(1)

    assert shape(event) == shape(sample("gupshup", "webhook-v2-preference-stop"))


def test_a_subscription_chooses_events_and_carries_headers(stage: Stage) -> None:
    form = {**sample("gupshup", "subscription-create.form"), "modes": "ENQUEUED,READ"}
    form["url"] = f"{stage.receiver.url}/hook"
    assert stage.client.post(f"/wa/app/{APP_ID}/subscription", data=form).status_code == 200
    send(stage)
    stage.write()
    stage.simulator.settle()

    assert {hook.document["payload"]["type"] for hook in stage.receiver.arrived} == {"enqueued", "read"}
    assert {hook.headers["X-Hook-Secret"] for hook in stage.receiver.arrived} == {"dummy-secret"}
    assert all(hook.path.endswith("/hook") for hook in stage.receiver.arrived)


def test_nothing_is_signed(stage: Stage) -> None:
    stage.write()
    stage.arrived(1)

    assert not any("signature" in name.lower() for name in stage.receiver.arrived[0].headers)


# --- templates -----------------------------------------------------------------------------------------------------------


def listed(stage: Stage, **query: str) -> list[dict[str, Any]]:
    answer = stage.client.get(LIST, params=query).json()
    assert answer["status"] == "success"
    found: list[dict[str, Any]] = answer["templates"]
    return found


def test_it_lists_templates_with_json_in_texts(stage: Stage) -> None:
    found, expected = listed(stage), sample("gupshup", "template-list")["templates"]
    own = {item["elementName"]: item for item in found}

    for item in expected:
        mine = own[item["elementName"]]
        rest = {name: value for name, value in item.items() if name != "reason"}
        assert shape(mine) == shape(rest)
        container = json.loads(item["containerMeta"])
        assert json.loads(mine["containerMeta"])["data"] == container["data"]
        assert set(json.loads(mine["containerMeta"])) == set(container)


def test_it_pages_and_filters_the_list(stage: Stage) -> None:
    assert [item["elementName"] for item in listed(stage, pageNo="1", pageSize="2")] == ["turno_confirmar", "todo"]
    assert [item["elementName"] for item in listed(stage, templateCategory="MARKETING")] == ["promo_noviembre"]


def create(stage: Stage, **changes: str) -> httpx.Response:
    form = {**sample("gupshup", "template-create.form"), "elementName": "nuevo", **changes}
    return stage.client.post(LIST, data=form)


def test_a_created_template_is_reviewed_and_told(stage: Stage) -> None:
    answer = create(stage).json()
    assert shape(answer) == shape(sample("gupshup", "template-create-success"))
    (event,) = stage.arrived(1)

    assert shape(event) == shape(sample("gupshup", "webhook-v2-template-approved"))
    assert event["payload"]["id"] == answer["template"]["id"]
    assert send(stage, template=values(answer["template"]["id"], "Ana", "1")).status_code == 202


def test_a_rejected_template_says_why(stage: Stage) -> None:
    stage.simulator.knobs(review="reject")
    create(stage)
    (event,) = stage.arrived(1)
    stage.simulator.knobs(review="approve")

    assert shape(event) == shape(sample("gupshup", "webhook-v2-template-rejected"))
    assert [item["reason"] for item in listed(stage, templateStatus="REJECTED")] == ["INVALID_FORMAT"]


def test_the_same_name_twice_is_refused(stage: Stage) -> None:
    response = create(stage, elementName="order_update")

    assert (response.status_code, response.json()) == (400, sample("gupshup", "template-create-error-exists"))


@pytest.mark.parametrize("changes", [{"category": "X"}, {"elementName": "No!"}, {"content": ""}, {"example": ""}])
def test_a_bad_template_is_refused(stage: Stage, changes: dict[str, str]) -> None:
    assert create(stage, **changes).json()["status"] == "error"


def test_a_template_is_deleted_by_its_name(stage: Stage) -> None:
    assert stage.client.delete(f"{LIST}/order_update").json() == {"status": "success"}
    assert stage.client.delete(f"{LIST}/order_update").status_code == 400
    assert "order_update" not in {item["elementName"] for item in listed(stage)}
