"""Sinch's wire: OAuth, the flat parameters, its errors, signed callbacks, the look-up that finds a lost answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from providers.simulator.wires.sinch.webhooks import signature
from tests.providers.simulator.server import Arrived, Receiver, SimulatorProcess, sample, shape
from tests.providers.simulator.wires.stage import ACCOUNT, CUSTOMER, SECRET, SENDER, TOKEN, Stage, stage_make

REFERENCE = "0193a1c2-7b1e-7c4f-9a11-2f6f2b8c0001"
PROJECT = "6f1e2d3c-4b5a-4978-8695-a4b3c2d1e0f9"
SETTINGS = {"key_id": "key-of-the-tests", "project_id": PROJECT, "app_id": "01HF8Z5K3W9Q2E7T1Y6U4I0P8A"}
SEND = f"/v1/projects/{PROJECT}/messages:send"
MESSAGES = f"/v1/projects/{PROJECT}/messages"
TEMPLATES = f"/v1/projects/{PROJECT}/whatsapp/templates"
GREETING = {"type": "BODY", "text": "Hola {{1}}, mirá."}


def template(name: str, *components: Any, **fields: Any) -> dict[str, Any]:
    return {"name": name, "language": "es_AR", "category": "UTILITY", "components": list(components), **fields}


@pytest.fixture
def stage(simulator: SimulatorProcess, receiver: Receiver) -> Iterator[Stage]:
    listed = sample("sinch", "template-list-guess")["templates"]
    url = {"type": "URL", "text": "Ver", "url": "https://tienda.example.com/{{1}}"}
    templates = [
        *(template(item["name"], *item["details"]["components"]) for item in listed),
        template("promo_noviembre", {"type": "HEADER", "format": "IMAGE"}, GREETING),
        template("factura", {"type": "HEADER", "format": "DOCUMENT"}, GREETING),
        template("ver_pedido", GREETING, {"type": "BUTTONS", "buttons": [url]}),
    ]
    stage = stage_make(simulator, receiver, "sinch", settings=SETTINGS, templates=templates)
    stage.client.auth = httpx.BasicAuth(SETTINGS["key_id"], TOKEN)
    yield stage
    stage.client.close()


def send(stage: Stage, name: str = "send-template-text", to: str = CUSTOMER, **changes: Any) -> httpx.Response:
    body = {**sample("sinch", name), **changes}
    if "recipient" not in changes:
        body["recipient"]["identified_by"]["channel_identities"][0]["identity"] = to
    return stage.client.post(SEND, json=body)


def signed(webhook: Arrived, secret: str = SECRET) -> bool:
    given = {name.lower().removeprefix("x-sinch-webhook-signature"): value for name, value in webhook.headers.items()}
    return given[""] == signature(secret, webhook.body, given["-nonce"], given["-timestamp"])


def test_it_signs_as_sinch_does() -> None:
    vector = sample("sinch", "signature-vector")
    headers = vector["headers"]
    nonce, timestamp = (headers[f"x-sinch-webhook-signature-{part}"] for part in ("nonce", "timestamp"))

    made = signature(vector["secret"], vector["raw_body"].encode(), nonce, timestamp)

    assert made == headers["x-sinch-webhook-signature"]


@pytest.mark.parametrize("kind", ["text", "buttons", "image-header", "document-header", "url-button"])
def test_it_accepts_every_kind_of_template(stage: Stage, kind: str) -> None:
    response = send(stage, f"send-template-{kind}")

    assert response.status_code == 200
    assert shape(response.json()) == shape(sample("sinch", "send-success-200"))
    assert [item["wamid"] for item in stage.messages(reference=REFERENCE)] == [response.json()["message_id"]]


def test_it_renders_what_the_customer_sees(stage: Stage) -> None:
    send(stage)

    assert stage.messages()[0]["rendered"] == "Hola Ana, tu pedido ORD-1042 está listo."


def test_it_gives_a_token_that_opens_the_door(stage: Stage) -> None:
    grant = stage.client.post("/oauth2/token", data={"grant_type": "client_credentials"})
    stage.client.auth = httpx.Auth()
    stage.client.headers["Authorization"] = f"Bearer {grant.json()['access_token']}"

    assert shape(grant.json()) == shape(sample("sinch", "oauth-token-200"))
    assert send(stage).status_code == 200


def test_it_forgets_a_token_after_an_hour(stage: Stage) -> None:
    token = stage.client.post("/oauth2/token", data={"grant_type": "client_credentials"}).json()["access_token"]
    stage.client.auth = httpx.Auth()
    headers = {"Authorization": f"Bearer {token}"}
    before = stage.client.get(MESSAGES, headers=headers).status_code
    stage.simulator.knobs(clock_offset_seconds=3700)

    assert (before, stage.client.get(MESSAGES, headers=headers).status_code) == (200, 401)


def test_it_gives_no_token_for_a_wrong_secret(stage: Stage) -> None:
    stage.client.auth = httpx.BasicAuth(SETTINGS["key_id"], "wrong")

    assert stage.client.post("/oauth2/token", data={"grant_type": "client_credentials"}).status_code == 401


def test_it_asks_for_credentials(stage: Stage) -> None:
    stage.client.auth = httpx.BasicAuth("another", TOKEN)
    response = send(stage)

    assert (response.status_code, response.json()) == (401, sample("sinch", "error-401"))


def test_it_keeps_projects_apart(stage: Stage) -> None:
    response = stage.client.post("/v1/projects/another/messages:send", json=sample("sinch", "send-template-text"))

    assert (response.status_code, response.json()) == (403, sample("sinch", "error-403"))


def test_it_does_not_know_another_app(stage: Stage) -> None:
    response = send(stage, app_id="01OTHER")

    assert (response.status_code, response.json()) == (404, sample("sinch", "error-404"))


def test_it_names_what_is_wrong(stage: Stage) -> None:
    response = send(stage, recipient={})

    assert (response.status_code, response.json()) == (400, sample("sinch", "error-400"))


@pytest.mark.parametrize(
    "changes",
    [
        {"channel_priority_order": ["SMS"]},
        {"message_metadata": "x" * 1025},
        {"correlation_id": "x" * 129},
        {"message": {}},
    ],
)
def test_it_refuses_a_malformed_body(stage: Stage, changes: dict[str, Any]) -> None:
    assert send(stage, **changes).status_code == 400


@pytest.mark.parametrize(("digits", "name"), [("05", "error-429"), ("08", "error-500")])
def test_it_refuses_at_once_by_the_last_digits(stage: Stage, digits: str, name: str) -> None:
    response = send(stage, to=f"54911555501{digits}")

    assert response.json() == sample("sinch", name)
    assert stage.messages() == []


@pytest.mark.parametrize(
    ("digits", "name"),
    [
        ("02", "webhook-failed-recipient-not-reachable"),
        ("03", "webhook-failed-delivery-rejected-due-to-policy"),
        ("19", "webhook-failed-channel-bad-configuration"),
        ("06", "webhook-failed-rate-limited"),
    ],
)
def test_it_reports_later_what_whatsapp_refuses(stage: Stage, digits: str, name: str) -> None:
    assert send(stage, to=f"54911555501{digits}").status_code == 200
    (callback,), expected = stage.arrived(1), sample("sinch", name)

    assert shape(callback) == shape(expected)
    report, wanted = callback["message_delivery_report"], expected["message_delivery_report"]
    assert (report["status"], report["reason"]["code"]) == (wanted["status"], wanted["reason"]["code"])


def reason_of(stage: Stage, template: dict[str, Any]) -> str:
    message = {"template_message": {"channel_template": {"WHATSAPP": {"language_code": "es_AR", **template}}}}
    assert send(stage, message=message).status_code == 200
    (callback,) = stage.arrived(1)
    return str(callback["message_delivery_report"]["reason"]["code"])


def test_it_reports_an_unknown_template_later(stage: Stage) -> None:
    assert reason_of(stage, {"template_id": "none"}) == "TEMPLATE_NOT_FOUND"


def test_it_reports_missing_parameters_later(stage: Stage) -> None:
    sent = {"template_id": "order_update", "parameters": {"body[1]text": "Ana"}}

    assert reason_of(stage, sent) == "TEMPLATE_INSUFFICIENT_PARAMETERS"


def test_it_wants_the_payload_of_quick_replies_even_when_empty(stage: Stage) -> None:
    sent = {"template_id": "turno_confirmar", "parameters": {"body[1]text": "Ana", "body[2]text": "jueves"}}

    assert reason_of(stage, sent) == "TEMPLATE_INSUFFICIENT_PARAMETERS"


@pytest.mark.parametrize(("position", "name"), [(0, "queued-on-channel"), (1, "delivered"), (2, "read")])
def test_it_reports_statuses_signed_with_our_reference(stage: Stage, position: int, name: str) -> None:
    send(stage)
    callback, expected = stage.arrived(3)[position], sample("sinch", f"webhook-{name}")

    assert shape(callback) == shape(expected)
    report = callback["message_delivery_report"]
    assert (report["status"], report["metadata"]) == (expected["message_delivery_report"]["status"], REFERENCE)
    assert signed(stage.receiver.arrived[position])


def test_it_signs_for_the_messages_own_callback_with_the_apps_secret(stage: Stage) -> None:
    stage.simulator.post(f"accounts/{ACCOUNT}", settings={"callback_url_secret": "own"})
    send(stage, callback_url=f"{stage.receiver.url}/own")
    stage.arrived(3)

    assert all(signed(webhook, "own") and webhook.path.endswith("/own") for webhook in stage.receiver.arrived)


@pytest.mark.parametrize("digits", ["25", "27", "41"])
def test_it_finds_a_message_whose_answer_was_lost(stage: Stage, digits: str) -> None:
    to = f"54911555501{digits}"
    with pytest.raises(httpx.RemoteProtocolError):
        send(stage, to=to)

    query = {"app_id": SETTINGS["app_id"], "channel": "WHATSAPP", "channel_identity": to, "page_size": "100"}
    found = stage.client.get(MESSAGES, params={**query, "direction": "TO_CONTACT"}).json()
    assert shape(found) == shape(sample("sinch", "message-list"))
    assert [item["metadata"] for item in found["messages"]] == [REFERENCE]


def test_it_finds_nothing_when_nothing_was_sent(stage: Stage) -> None:
    assert send(stage, to="5491155550140").status_code == 502

    found = stage.client.get(MESSAGES, params={"channel_identity": "5491155550140"}).json()
    assert found == {"messages": [], "next_page_token": ""}


def test_it_looks_up_by_time(stage: Stage) -> None:
    send(stage)
    early = stage.client.get(MESSAGES, params={"end_time": "2020-01-01T00:00:00Z"}).json()
    late = stage.client.get(MESSAGES, params={"start_time": "2020-01-01T00:00:00Z"}).json()

    assert (len(early["messages"]), len(late["messages"])) == (0, 1)


def test_it_pages_the_look_up(stage: Stage) -> None:
    sent = [send(stage).json()["message_id"] for _ in range(3)]
    first = stage.client.get(MESSAGES, params={"page_size": 2}).json()
    second = stage.client.get(MESSAGES, params={"page_size": 2, "page_token": first["next_page_token"]}).json()

    assert [item["id"] for item in [*first["messages"], *second["messages"]]] == list(reversed(sent))
    assert second["next_page_token"] == ""


def test_it_looks_up_dispatched_messages_apart(stage: Stage) -> None:
    send(stage, processing_strategy="DISPATCH_ONLY")
    usual = stage.client.get(MESSAGES).json()["messages"]
    dispatched = stage.client.get(MESSAGES, params={"messages_source": "DISPATCH_SOURCE"}).json()["messages"]

    assert (usual, [item["processing_mode"] for item in dispatched]) == ([], ["DISPATCH"])


def test_it_shows_one_message(stage: Stage) -> None:
    identifier = send(stage).json()["message_id"]

    assert stage.client.get(f"{MESSAGES}/{identifier}").json()["id"] == identifier
    assert stage.client.get(f"{MESSAGES}/none").status_code == 404


def test_it_tells_what_a_customer_writes(stage: Stage) -> None:
    send(stage)
    stage.arrived(3)
    stage.write("Hola")
    callback = stage.arrived(4)[3]

    assert shape(callback) == shape(sample("sinch", "webhook-inbound-text"))
    assert (callback["message"]["sender_id"], callback["correlation_id"]) == (SENDER, REFERENCE)


def test_it_tells_a_tapped_button(stage: Stage) -> None:
    sent = send(stage, "send-template-buttons").json()["message_id"]
    stage.arrived(3)
    stage.write("Confirmar", type="button", payload="confirm:1042", context=sent)
    callback = stage.arrived(4)[3]

    assert shape(callback) == shape(sample("sinch", "webhook-inbound-button"))
    choice = callback["message"]["contact_message"]["choice_response_message"]
    assert choice == {"message_id": sent, "postback_data": "confirm:1042"}


def test_it_lists_templates_by_page(stage: Stage) -> None:
    page = stage.client.get(TEMPLATES, params={"pageSize": 2}).json()
    rest = stage.client.get(TEMPLATES, params={"pageToken": page["nextPageToken"]}).json()

    assert shape(page) == shape(sample("sinch", "template-list-guess"))
    assert ([item["name"] for item in rest["templates"]], rest["nextPageToken"]) == (
        ["promo_noviembre", "factura", "ver_pedido"],
        "",
    )
