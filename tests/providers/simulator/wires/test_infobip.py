"""Infobip's wire: bulk with single refusals, reports that come once, prices, templates, and its official client."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import httpx
import infobip_api_client
import pytest
from infobip_api_client.api.messages_api import MessagesApi
from infobip_api_client.models.messages_api_message_destination import MessagesApiMessageDestination
from infobip_api_client.models.messages_api_outbound_template_channel import MessagesApiOutboundTemplateChannel
from infobip_api_client.models.messages_api_request import MessagesApiRequest
from infobip_api_client.models.messages_api_request_messages_inner import MessagesApiRequestMessagesInner
from infobip_api_client.models.messages_api_template import MessagesApiTemplate
from infobip_api_client.models.messages_api_template_message import MessagesApiTemplateMessage
from infobip_api_client.models.messages_api_template_message_content import MessagesApiTemplateMessageContent
from infobip_api_client.models.messages_api_template_text_body import MessagesApiTemplateTextBody
from infobip_api_client.models.messages_api_to_destination import MessagesApiToDestination

from providers.simulator.refusal import CODES
from providers.simulator.wires.infobip.errors import SINGLE, WHOLE, reported
from tests.providers.simulator.server import Receiver, SimulatorProcess, sample, shape, until
from tests.providers.simulator.wires.stage import ACCOUNT, CUSTOMER, NUMBER, SENDER, TOKEN, Stage, stage_make

REFERENCE = "0193a1c2-7b1e-7c4f-9a11-2f6f2b8c0001"
SECOND = "0193a1c2-7b1e-7c4f-9a11-2f6f2b8c0002"
SEND = "/whatsapp/1/message/template"
TEXT = "/whatsapp/1/message/text"
TEMPLATES = f"/whatsapp/2/senders/{SENDER}/templates"
REPORTS = "/messages-api/1/reports"
GREETING = {"type": "BODY", "text": "Hola {{1}}, mirá."}


def template(name: str, *components: Any, **fields: Any) -> dict[str, Any]:
    return {"name": name, "language": "es_AR", "category": "UTILITY", "components": list(components), **fields}


def buttons(*items: dict[str, str]) -> dict[str, Any]:
    return {"type": "BUTTONS", "buttons": list(items)}


@pytest.fixture
def stage(simulator: SimulatorProcess, receiver: Receiver) -> Iterator[Stage]:
    url = {"type": "URL", "text": "Ver", "url": "https://tienda.example.com/{{1}}"}
    replies = [{"type": "QUICK_REPLY", "text": word} for word in ("Confirmar", "Cancelar")]
    body = {"type": "BODY", "text": "Hola {{1}}, tu pedido {{2}} está listo."}
    turno = {"type": "BODY", "text": "Hola {{1}}, ¿confirmás tu turno del {{2}}?"}
    code = {"type": "BODY", "text": "{{1}} es tu código."}
    templates = [
        template("order_update", body, id="111", quality="GREEN"),
        template("promo_noviembre", {"type": "HEADER", "format": "IMAGE"}, GREETING, category="MARKETING", id="112"),
        template("turno_confirmar", turno, buttons(*replies), id="113"),
        template("factura", {"type": "HEADER", "format": "DOCUMENT"}, GREETING, id="114"),
        template("ver_pedido", GREETING, buttons(url), id="115"),
        template("con_titulo", {"type": "HEADER", "format": "TEXT", "text": "Pedido {{1}}"}, GREETING, id="116"),
        template("codigo", code, buttons({"type": "OTP", "text": "Copiar"}), category="AUTHENTICATION", id="117"),
    ]
    headers = {"Authorization": f"App {TOKEN}", "Accept": "application/json"}
    stage = stage_make(simulator, receiver, "infobip", templates=templates, headers=headers)
    yield stage
    stage.client.close()


def one(name: str = "send-template-text", **changes: Any) -> dict[str, Any]:
    """The only message of a sample, told at the stage's own address."""
    (message,) = sample("infobip", name)["messages"]
    return {**{key: value for key, value in message.items() if key != "notifyUrl"}, **changes}


def send(stage: Stage, *messages: dict[str, Any], **body: Any) -> httpx.Response:
    return stage.client.post(SEND, json={"messages": list(messages) or [one()], **body})


def two(**changes: Any) -> list[dict[str, Any]]:
    return [one(), one(messageId=SECOND, **{"to": "5491155550101", **changes})]


def names(response: httpx.Response) -> list[str]:
    return [message["status"]["name"] for message in response.json()["messages"]]


def finished(stage: Stage, reference: str = REFERENCE) -> None:
    """Wait until the message has reached its end."""
    until(lambda: len(stage.messages(reference=reference)[0]["statuses"]) >= 2)


# --- sending -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "kind", ["text", "buttons", "image-header", "document-header", "url-button", "auth", "text-header"]
)
def test_it_accepts_every_kind_of_template(stage: Stage, kind: str) -> None:
    message = one(f"send-template-{kind}")
    if kind == "text-header":
        message["content"]["templateName"] = "con_titulo"
    response = send(stage, message, bulkId="one")

    assert response.status_code == 200
    assert shape(response.json()) == shape(sample("infobip", "send-success-200"))
    assert [item["wamid"] for item in stage.messages(reference=REFERENCE)] == [REFERENCE]


def test_it_renders_what_the_customer_sees(stage: Stage) -> None:
    send(stage)

    assert stage.messages()[0]["rendered"] == "Hola Ana, tu pedido ORD-1042 está listo."


def test_it_gives_ids_to_messages_without_one(stage: Stage) -> None:
    (message,) = send(stage, one(messageId=None)).json()["messages"]

    assert stage.messages()[0]["wamid"] == message["messageId"]


def test_a_text_is_one_message(stage: Stage) -> None:
    stage.write()
    body = {"from": SENDER, "to": CUSTOMER, "messageId": REFERENCE, "content": {"text": "Hola"}}
    response = stage.client.post(TEXT, json=body)

    assert response.status_code == 200
    assert shape(response.json()) == shape(sample("infobip", "send-success-200")["messages"][0])
    assert stage.messages()[0]["rendered"] == "Hola"


def test_many_go_in_one_request(stage: Stage) -> None:
    body = sample("infobip", "send-bulk")
    response = stage.client.post(SEND, json=body)

    assert response.json() == sample("infobip", "send-bulk-success-200")
    assert len(stage.messages()) == 2


def test_a_bulk_gets_a_name_of_its_own(stage: Stage) -> None:
    assert send(stage, *two()).json()["bulkId"]
    assert "bulkId" not in send(stage, one(messageId="another")).json()


def test_one_message_is_rejected_within_a_200(stage: Stage) -> None:
    response = send(stage, *two(to="5491155550119"), bulkId="camp-77-part-3")

    assert response.status_code == 200
    expected = sample("infobip", "send-200-one-rejected")
    expected["messages"][1]["to"] = "5491155550119"
    assert response.json() == expected
    assert [item["wamid"] for item in stage.messages()] == [REFERENCE]


def test_one_that_cannot_be_read_refuses_all(stage: Stage) -> None:
    bad = one(messageId=SECOND)
    bad["content"]["templateData"]["body"]["placeholders"] = ["Ana", ""]
    response = send(stage, one(), bad)

    assert response.status_code == 400
    errors = response.json()["requestError"]["serviceException"]["validationErrors"]
    assert errors == {"messages[1].content.templateData.body.placeholders[1]": ["must not be blank"]}
    assert stage.messages() == []


def test_an_id_that_was_used_is_rejected_as_a_duplicate(stage: Stage) -> None:
    send(stage)
    response = send(stage)

    assert response.json() == sample("infobip", "send-200-duplicate-messageid")
    assert len(stage.messages()) == 1


def test_an_id_that_comes_twice_in_a_request_is_accepted_once(stage: Stage) -> None:
    assert names(send(stage, one(), one(to="5491155550101"))) == ["PENDING_ENROUTE", "REJECTED_DUPLICATE_MESSAGE_ID"]


def test_an_id_whose_answer_was_lost_is_a_duplicate_too(stage: Stage) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        send(stage, one(to="5491155550125"))

    assert names(send(stage, one(to="5491155550125"))) == ["REJECTED_DUPLICATE_MESSAGE_ID"]


# --- errors --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("field", "name"), [("mediaUrl", "validation"), ("placeholder", "whitespace")])
def test_it_says_what_is_wrong_with_a_header(stage: Stage, field: str, name: str) -> None:
    headers = {
        "mediaUrl": {"type": "IMAGE", "mediaUrl": "promo.jpg"},
        "placeholder": {"type": "TEXT", "placeholder": "a\nb"},
    }
    message = one()
    message["content"]["templateData"]["header"] = headers[field]

    response = send(stage, message)
    assert (response.status_code, response.json()) == (400, sample("infobip", f"error-400-{name}"))


@pytest.mark.parametrize(
    ("digits", "status", "name"), [("05", 429, "429"), ("08", 500, "500"), ("18", 401, "401"), ("45", 403, "403")]
)
def test_it_refuses_a_request_by_the_last_digits(stage: Stage, digits: str, status: int, name: str) -> None:
    response = send(stage, one(to=f"54911555501{digits}"))

    assert (response.status_code, response.json()) == (status, sample("infobip", f"error-{name}"))
    assert stage.messages() == []


@pytest.mark.parametrize(
    ("digits", "name"),
    [
        ("06", "REJECTED_FLOODING_FILTER"),
        ("38", "REJECTED_DESTINATION_NOT_REGISTERED"),
        ("39", "REJECTED_NETWORK"),
        ("44", "REJECTED_SOURCE"),
    ],
)
def test_it_rejects_a_message_by_the_last_digits(stage: Stage, digits: str, name: str) -> None:
    assert names(send(stage, one(to=f"54911555501{digits}"))) == [name]


@pytest.mark.parametrize("authorization", [None, "App another", f"Bearer {TOKEN}"])
def test_it_asks_for_the_key(stage: Stage, authorization: str | None) -> None:
    headers = {"Authorization": authorization} if authorization else {}
    if not authorization:
        del stage.client.headers["Authorization"]
    response = stage.client.post(SEND, json={"messages": [one()]}, headers=headers)

    assert (response.status_code, response.json()) == (401, sample("infobip", "error-401"))


def test_newer_paths_have_errors_of_another_style(stage: Stage) -> None:
    response = stage.client.get(REPORTS, params={"limit": "0"})

    assert response.status_code == 400
    assert shape(response.json()) == shape(sample("infobip", "error-400-new-style"))


def test_a_blocked_account_and_a_forced_failure_are_said_of_each_message(stage: Stage) -> None:
    stage.simulator.knobs(fail_next=1, fail_code=131042)

    assert names(send(stage, *two())) == ["REJECTED_NOT_ENOUGH_CREDITS"] * 2


def test_every_code_has_an_answer_or_a_report() -> None:
    for code in CODES:
        assert code in WHOLE or code in SINGLE or reported(code)["id"] > 0


# --- webhooks ------------------------------------------------------------------------------------------------------------


def test_it_reports_delivery_with_price_and_then_seen(stage: Stage) -> None:
    send(stage, bulkId="one")
    delivered, seen = stage.arrived(2)

    assert shape(delivered) == shape(
        {"results": [sample("infobip", "webhook-delivered-batch-with-callbackdata")["results"][0]]}
    )
    assert shape(seen) == shape(sample("infobip", "webhook-seen"))
    (report,) = delivered["results"]
    assert (report["messageId"], report["status"]["name"]) == (REFERENCE, "DELIVERED_TO_HANDSET")
    assert report["price"]["pricePerMessage"] > 0
    assert seen["results"][0]["messageId"] == REFERENCE


def test_several_reports_come_in_one_webhook(stage: Stage) -> None:
    stage.simulator.knobs(hold_webhooks=True, batch=10)
    send(stage, *two())
    finished(stage)
    finished(stage, SECOND)
    stage.simulator.knobs(hold_webhooks=False)

    documents = stage.arrived(2)
    assert sorted(len(document["results"]) for document in documents) == [1, 2]
    assert all("seenAt" in item for document in documents for item in document["results"] if "status" not in item)


@pytest.mark.parametrize(
    ("digits", "name"),
    [("02", "EC_UNKNOWN_USER"), ("03", "EC_FREQUENCY_CAPPING"), ("20", "EC_TEMPLATE_NOT_AVAILABLE")],
)
def test_it_reports_what_whatsapp_refuses(stage: Stage, digits: str, name: str) -> None:
    message = one(to=f"54911555501{digits}")
    del message["callbackData"]
    send(stage, message, bulkId="one")

    (document,) = stage.arrived(1)
    assert shape(document) == shape(
        {
            **sample("infobip", "webhook-undeliverable-unknown-user"),
            "results": [
                {
                    **sample("infobip", "webhook-undeliverable-unknown-user")["results"][0],
                    "price": {"pricePerMessage": 0.0, "currency": "USD"},
                }
            ],
        }
    )
    assert document["results"][0]["error"]["name"] == name


def test_a_message_may_name_an_address_of_its_own(stage: Stage) -> None:
    send(stage, one(notifyUrl=f"{stage.receiver.url}/mine"))
    stage.arrived(1)

    assert stage.receiver.arrived[0].path.endswith("/mine")


@pytest.mark.parametrize(
    ("order", "name"),
    [({}, "inbound-text"), ({"payload": "confirm:1042", "text": "Confirmar", "type": "button"}, "inbound-button")],
)
def test_it_tells_what_the_customer_writes(stage: Stage, order: dict[str, str], name: str) -> None:
    send(stage)
    arrived = len(stage.arrived(2))
    stage.simulator.post("inbound", phone_number_id=NUMBER, **{"from": CUSTOMER, **(order or {"text": "Hola"})})

    document = stage.arrived(arrived + 1)[arrived]
    assert shape(document) == shape(sample("infobip", f"webhook-{name}"))
    assert document["results"][0]["message"]["type"] == name.split("-")[1].upper()


def test_it_tells_that_a_customer_stops_marketing(stage: Stage) -> None:
    stage.write()
    stage.simulator.post("preference", phone_number_id=NUMBER, choice="stop", **{"from": CUSTOMER})

    document = stage.arrived(2)[1]
    assert shape(document) == shape(sample("infobip", "webhook-marketing-stop"))
    assert document["content"]["notificationMessagesStatus"] == "stop"


def test_webhooks_carry_the_secret_of_the_profile(stage: Stage) -> None:
    stage.simulator.post(f"accounts/{ACCOUNT}", settings={"webhook_password": "secret", "webhook_secret": "secret"})
    send(stage)
    stage.arrived(1)

    headers = {name.lower(): value for name, value in stage.receiver.arrived[0].headers.items()}
    assert headers["authorization"] == f"Basic {base64.b64encode(b'hsm:secret').decode()}"
    assert headers["x-hook-secret"] == "secret"


# --- look-ups ------------------------------------------------------------------------------------------------------------


def reports(stage: Stage, **query: str) -> list[Any]:
    found: list[Any] = stage.client.get(REPORTS, params={"channel": "WHATSAPP", **query}).json()["results"]
    return found


def test_a_report_is_given_once(stage: Stage) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        send(stage, one(to="5491155550125"))
    finished(stage)

    (row,) = reports(stage, messageId=REFERENCE, limit="1")
    assert shape(row) == shape(sample("infobip", "lookup-messages-api-reports")["results"][0])
    assert row["status"]["name"] == "DELIVERED_TO_HANDSET"
    assert reports(stage, messageId=REFERENCE) == []


def test_a_report_is_there_for_two_days(stage: Stage) -> None:
    send(stage)
    finished(stage)
    stage.simulator.knobs(clock_offset_seconds=49 * 3600)

    assert reports(stage) == []


def test_there_is_no_report_of_what_is_under_way_or_unknown(stage: Stage) -> None:
    send(stage, one(to="5491155550114"))

    assert reports(stage, messageId=REFERENCE) == reports(stage, messageId="none") == []


def test_logs_show_a_message_as_often_as_one_asks(stage: Stage) -> None:
    send(stage, bulkId="one")
    finished(stage)

    for _time in range(2):
        (row,) = stage.client.get("/omni/1/logs", params={"messageId": REFERENCE}).json()["results"]
    assert shape(row) == shape(sample("infobip", "lookup-omni-logs")["results"][0])
    assert row["price"]["pricePerMessage"] > 0


def test_logs_show_what_is_under_way_as_pending(stage: Stage) -> None:
    send(stage, one(to="5491155550114"))

    (row,) = stage.client.get("/omni/1/logs", params={"messageId": REFERENCE}).json()["results"]
    assert (row["status"]["name"], "doneAt" in row) == ("PENDING_ENROUTE", False)


# --- templates -----------------------------------------------------------------------------------------------------------


def test_it_lists_templates_by_sender(stage: Stage) -> None:
    found = stage.client.get(TEMPLATES).json()["templates"]

    expected = sample("infobip", "template-list")["templates"][0]
    assert len(found) == 7
    assert shape(found[0]) == shape(expected)
    assert {name: found[0][name] for name in ("id", "name", "status", "quality", "structure")} == {
        name: expected[name] for name in ("id", "name", "status", "quality", "structure")
    }


def test_it_lists_templates_by_account_and_page(stage: Stage) -> None:
    document = stage.client.get("/whatsapp/1/templates", params={"page": "1", "size": "4"}).json()

    assert [item["name"] for item in document["results"]] == ["ver_pedido", "con_titulo", "codigo"]
    assert document["paging"] == {"page": 1, "size": 4, "totalPages": 2, "totalResults": 7}


def test_a_template_is_created_reviewed_and_told(stage: Stage) -> None:
    body = {**sample("infobip", "template-create"), "name": "order_new"}
    response = stage.client.post(TEMPLATES, json=body)

    assert response.status_code == 201
    assert shape(response.json()) == shape(sample("infobip", "template-create-success-201"))
    (document,) = stage.arrived(1)
    assert shape(document) == shape(sample("infobip", "webhook-template-approved"))
    assert document["messageTemplateId"] == response.json()["id"]
    assert stage.client.get(f"{TEMPLATES}/{response.json()['id']}").json()["status"] == "APPROVED"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": "Order update"}, "name"),
        ({"category": "SALE"}, "category"),
        ({"structure": {}}, "structure.body.text"),
        ({"structure": {"body": {"text": "Hola {{1}}, chau."}}}, "structure.body.examples"),
        ({"name": "order_update"}, "name"),
    ],
)
def test_a_template_that_is_not_valid_is_refused(stage: Stage, change: dict[str, Any], field: str) -> None:
    body = {**sample("infobip", "template-create"), "name": "order_new", **change}
    response = stage.client.post(TEMPLATES, json=body)

    assert response.status_code == 400
    assert list(response.json()["requestError"]["serviceException"]["validationErrors"]) == [field]


def test_a_template_is_changed_and_reviewed_anew(stage: Stage) -> None:
    structure = {"body": {"text": "Hola {{1}}, listo.", "examples": ["Ana"]}, "footer": {"text": "Gracias"}}
    response = stage.client.patch(f"{TEMPLATES}/111", json={"structure": structure})

    assert (response.status_code, response.json()["status"]) == (200, "PENDING")
    assert response.json()["structure"]["footer"] == {"text": "Gracias"}
    assert stage.arrived(1)[0]["change"]["newStatus"] == "APPROVED"


def test_a_template_is_deleted_in_all_languages(stage: Stage) -> None:
    other = {**template("order_update", GREETING), "language": "en", "waba_id": ACCOUNT}
    stage.simulator.post("seed", templates=[other])

    assert stage.client.delete(f"{TEMPLATES}/order_update").status_code == 204
    assert stage.client.delete(f"{TEMPLATES}/order_update").status_code == 404
    assert "order_update" not in [item["name"] for item in stage.client.get(TEMPLATES).json()["templates"]]


def test_templates_of_another_sender_are_not_found(stage: Stage) -> None:
    assert stage.client.get("/whatsapp/2/senders/5491155550198/templates").status_code == 404


@pytest.mark.parametrize(
    ("path", "order", "key", "word"),
    [
        ("status", {"status": "PAUSED"}, "newStatus", "FIRST_PAUSED"),
        ("quality", {"score": "YELLOW"}, "newQualityScore", "MEDIUM"),
        ("category", {"category": "MARKETING"}, "newCategory", "MARKETING"),
    ],
)
def test_it_tells_what_happens_to_a_template(
    stage: Stage, path: str, order: dict[str, str], key: str, word: str
) -> None:
    stage.simulator.post(f"templates/111/{path}", **order)

    name = "approved" if path == "status" else path
    document = stage.arrived(1)[0]
    assert shape(document) == shape(sample("infobip", f"webhook-template-{name}"))
    assert document["change"][key] == word


# --- the official client -------------------------------------------------------------------------------------------------


# The client warns of its own models.
by_the_official_client = pytest.mark.filterwarnings("ignore:Pydantic serializer warnings")


def client_request(reference: str) -> MessagesApiRequest:
    body = MessagesApiTemplateTextBody(additional_properties={"1": "Ana", "2": "ORD-1042"})
    destination = MessagesApiToDestination(to=CUSTOMER, messageId=reference)
    message = MessagesApiTemplateMessage(
        channel=MessagesApiOutboundTemplateChannel.WHATSAPP,
        sender=SENDER,
        destinations=[MessagesApiMessageDestination(destination)],
        template=MessagesApiTemplate(templateName="order_update", language="es_AR"),
        content=MessagesApiTemplateMessageContent(body=body),
    )
    return MessagesApiRequest(messages=[MessagesApiRequestMessagesInner(message)])


@pytest.fixture
def messages_api(stage: Stage) -> Iterator[MessagesApi]:
    configuration = infobip_api_client.Configuration(host=f"{stage.simulator.url}/infobip", api_key=TOKEN)
    with infobip_api_client.ApiClient(configuration) as client:
        yield MessagesApi(client)


@by_the_official_client
def test_the_official_client_sends_and_reads_the_report(stage: Stage, messages_api: MessagesApi) -> None:
    answer = messages_api.send_messages_api_message(client_request(REFERENCE))

    assert answer.messages[0].message_id == REFERENCE
    assert answer.messages[0].to_dict()["status"]["name"] == "PENDING_ENROUTE"
    finished(stage)
    (result,) = messages_api.get_messages_api_delivery_reports(message_id=REFERENCE).results
    assert (result.message_id, result.status.name) == (REFERENCE, "DELIVERED_TO_HANDSET")


@by_the_official_client
def test_the_official_client_is_refused_with_a_wrong_key(stage: Stage, messages_api: MessagesApi) -> None:
    stage.simulator.post(f"accounts/{ACCOUNT}", token_revoked=True)

    with pytest.raises(infobip_api_client.exceptions.UnauthorizedException):
        messages_api.send_messages_api_message(client_request(REFERENCE))
