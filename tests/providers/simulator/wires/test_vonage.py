"""Vonage's wire: tokens and keys, templates in both forms, errors, signed webhooks with a price, and its official client."""

from __future__ import annotations

import base64
import hashlib
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from vonage import Auth, HttpClientOptions, Vonage
from vonage_http_client.errors import AuthenticationError, HttpRequestError
from vonage_jwt.verify_jwt import verify_signature
from vonage_messages.models import WhatsappTemplate
from vonage_messages.models.whatsapp import WhatsappTemplateResource, WhatsappTemplateSettings

from providers.simulator.refusal import CODES
from providers.simulator.wires.vonage.errors import AT_ONCE, reported
from providers.simulator.wires.vonage.tokens import signed_token
from tests.providers.simulator.server import Arrived, Receiver, SimulatorProcess, sample, shape
from tests.providers.simulator.wires.stage import ACCOUNT, CUSTOMER, NUMBER, SECRET, SENDER, TOKEN, Stage, stage_make
from tests.providers.simulator.wires.tls_front import tls_front

REFERENCE = "0193a1c2-7b1e-7c4f-9a11-2f6f2b8c0001"
APPLICATION = "aaaaaaaa-bbbb-4ccc-8ddd-0123456789ab"
KEY = "a1b2c3d4"
NAMESPACE = "9c9a2a4e_0a2b_4c3d_8e5f_6a7b8c9d0e1f"
WABA = "102290129340398"
SEND = "/v1/messages"
TEMPLATES = f"/v2/whatsapp-manager/wabas/{WABA}/templates"
BODY = {"type": "BODY", "text": "Hola {{1}}, tu pedido {{2}} está listo."}
REPLIES = {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": "Confirmar"}]}


@cache
def keys() -> tuple[str, str]:
    """The application's private and public key."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return private.decode(), public.decode()


def token(**changes: Any) -> str:
    """A token as the application signs it."""
    now = int(time.time())
    claims = {"application_id": APPLICATION, "iat": now, "exp": now + 900, "jti": "unique", **changes}
    return jwt.encode({name: value for name, value in claims.items() if value is not None}, keys()[0], "RS256")


def template(name: str, *components: Any, **fields: Any) -> dict[str, Any]:
    return {"name": name, "language": "es_AR", "category": "UTILITY", "components": list(components), **fields}


@pytest.fixture
def stage(simulator: SimulatorProcess, receiver: Receiver) -> Iterator[Stage]:
    settings = {"api_key": KEY, "application_id": APPLICATION, "public_key": keys()[1], "waba_id": WABA}
    image = {"type": "HEADER", "format": "IMAGE"}
    greeting = {"type": "BODY", "text": "Hola {{1}}, mirá."}
    templates = [
        template("order_update", BODY, id="1234567890123456"),
        template("promo_noviembre", image, greeting, REPLIES, id="1234567890123457"),
    ]
    stage = stage_make(
        simulator,
        receiver,
        "vonage",
        settings={**settings, "namespace": NAMESPACE},
        templates=templates,
        headers={"Authorization": f"Bearer {token()}"},
        currency="EUR",
    )
    yield stage
    stage.client.close()


def body(name: str = "send-template-text", **changes: Any) -> dict[str, Any]:
    """A sample without an address of its own."""
    known = {key: value for key, value in sample("vonage", name).items() if key != "webhook_url"}
    return {**known, **changes}


def send(stage: Stage, name: str = "send-template-text", **changes: Any) -> httpx.Response:
    return stage.client.post(SEND, json=body(name, **changes))


def signed(webhook: Arrived) -> dict[str, Any]:
    """The claims of a webhook's token, verified."""
    given = {name.lower(): value for name, value in webhook.headers.items()}["authorization"].removeprefix("Bearer ")
    claims: dict[str, Any] = jwt.decode(given, SECRET, algorithms=["HS256"])
    return claims


# --- sending -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["send-template-text", "send-template-custom-media-buttons"])
def test_it_accepts_templates_in_both_forms(stage: Stage, name: str) -> None:
    response = send(stage, name)

    assert response.status_code == 202
    assert shape(response.json()) == shape(sample("vonage", "send-success-202"))
    assert [item["wamid"] for item in stage.messages(reference=REFERENCE)] == [response.json()["message_uuid"]]


def test_it_renders_what_the_customer_sees(stage: Stage) -> None:
    send(stage)

    assert stage.messages()[0]["rendered"] == "Hola Ana, tu pedido ORD-1042 está listo."


def test_a_name_may_stand_alone(stage: Stage) -> None:
    assert send(stage, template={"name": "order_update", "parameters": ["Ana", "7"]}).status_code == 202
    assert stage.messages()


def test_another_namespace_has_no_such_template(stage: Stage) -> None:
    assert send(stage, template={"name": "other:order_update", "parameters": ["Ana", "7"]}).status_code == 202

    (status,) = stage.arrived(1)
    assert status["error"]["title"] == "1022"


def test_a_text_needs_an_open_window(stage: Stage) -> None:
    text = {"channel": "whatsapp", "from": SENDER, "to": CUSTOMER, "message_type": "text", "text": "Hola"}
    assert stage.client.post(SEND, json=text).status_code == 202
    assert stage.arrived(1)[0]["error"]["title"] == "1340"
    stage.write()
    assert stage.client.post(SEND, json=text).status_code == 202
    assert stage.messages()[-1]["rendered"] == "Hola"


# --- who calls -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("secret", [TOKEN, "another"])
def test_key_and_secret_open_too(stage: Stage, secret: str) -> None:
    pair = base64.b64encode(f"{KEY}:{secret}".encode()).decode()
    response = stage.client.post(SEND, json=body(), headers={"Authorization": f"Basic {pair}"})

    assert response.status_code == (202 if secret == TOKEN else 401)


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Bearer junk",
        "Bearer a.b.c",
        f"Bearer {token(exp=1)}",
        f"Bearer {token(iat=int(time.time()) + 3600)}",
        f"Bearer {token(jti=None)}",
        f"Bearer {token(application_id='another')}",
        f"Bearer {token()[:-8]}AAAAAAAA",
        f"Bearer {signed_token({'application_id': APPLICATION, 'iat': 1, 'exp': 2**40, 'jti': 'a'}, 'guess')}",
    ],
    ids=["empty", "junk", "parts", "expired", "of tomorrow", "no id", "application", "signature", "algorithm"],
)
def test_a_token_that_is_not_the_applications_is_refused(stage: Stage, authorization: str) -> None:
    response = stage.client.post(SEND, json=body(), headers={"Authorization": authorization})

    assert response.status_code == 401
    assert {**response.json(), "instance": ""} == {**sample("vonage", "error-401"), "instance": ""}


def test_without_credentials_nothing_is_done(stage: Stage) -> None:
    del stage.client.headers["Authorization"]

    assert send(stage).status_code == 401


# --- errors --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"channel": "sms"}, "channel"),
        ({"to": "+5491155550100"}, "to"),
        ({"from": ""}, "from"),
        ({"message_type": "location"}, "message_type"),
        ({"template": {}}, "template.name"),
        ({"whatsapp": {}}, "whatsapp.locale"),
        ({"client_ref": "a" * 101}, "client_ref"),
        ({"message_type": "text", "text": ""}, "text"),
        ({"message_type": "custom", "custom": {"type": "sticker"}}, "custom"),
    ],
)
def test_it_names_what_is_wrong(stage: Stage, change: dict[str, Any], name: str) -> None:
    response = send(stage, **change)

    assert response.status_code == 422
    assert shape(response.json()) == shape(sample("vonage", "error-422-1150"))
    assert response.json()["invalid_parameters"][0]["name"] == name


@pytest.mark.parametrize(
    ("digits", "status", "name"),
    [("05", 429, "error-429-1000"), ("18", 401, "error-401"), ("19", 402, "error-402-low-balance")],
)
def test_it_refuses_at_once_by_the_last_digits(stage: Stage, digits: str, status: int, name: str) -> None:
    response = send(stage, to=f"54911555501{digits}")

    assert response.status_code == status
    assert {**response.json(), "instance": ""} == {**sample("vonage", name), "instance": ""}
    assert stage.messages() == []


def test_it_does_not_know_another_sender(stage: Stage) -> None:
    response = send(stage, **{"from": "5491155550198"})

    assert (response.status_code, response.json()["type"].rpartition("#")[2]) == (422, "1120")


@pytest.mark.parametrize(
    ("digits", "word", "code"),
    [
        ("02", "undeliverable", "1300"),
        ("04", "rejected", "1240"),
        ("06", "rejected", "1241"),
        ("20", "rejected", "1022"),
        ("21", "rejected", "1210"),
    ],
)
def test_it_reports_later_what_whatsapp_refuses(stage: Stage, digits: str, word: str, code: str) -> None:
    assert send(stage, to=f"54911555501{digits}").status_code == 202

    (status,) = stage.arrived(1)
    assert shape(status) == shape(sample("vonage", "webhook-undeliverable-1300"))
    assert (status["status"], status["error"]["title"], status["client_ref"]) == (word, code, REFERENCE)


def test_wrong_parameters_are_reported_later(stage: Stage) -> None:
    assert send(stage, template={"name": "order_update", "parameters": ["Ana"]}).status_code == 202

    assert shape(stage.arrived(1)[0]) == shape(sample("vonage", "webhook-rejected-1022"))


def test_every_code_has_an_answer_or_a_report() -> None:
    for code in CODES:
        assert code in AT_ONCE or reported(code)[1]["title"].isdigit()


@pytest.mark.parametrize("digits", ["25", "27", "41"])
def test_it_loses_the_answer_of_an_accepted_message(stage: Stage, digits: str) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        send(stage, to=f"54911555501{digits}")

    assert len(stage.messages(reference=REFERENCE)) == 1


# --- webhooks ------------------------------------------------------------------------------------------------------------


def test_it_reports_statuses_with_our_reference_and_the_price(stage: Stage) -> None:
    send(stage)
    statuses = stage.arrived(3)

    expected = [sample("vonage", f"webhook-{word}") for word in ("submitted", "delivered", "read")]
    assert [shape(status) for status in statuses] == [shape(document) for document in expected]
    assert [status["status"] for status in statuses] == ["submitted", "delivered", "read"]
    assert {status["client_ref"] for status in statuses} == {REFERENCE}
    assert (statuses[1]["usage"]["currency"], float(statuses[1]["usage"]["price"]) > 0) == ("EUR", True)


def test_a_webhook_is_signed_over_its_body(stage: Stage) -> None:
    send(stage)
    stage.arrived(1)
    webhook = stage.receiver.arrived[0]

    claims = signed(webhook)
    assert claims["payload_hash"] == hashlib.sha256(webhook.body).hexdigest()
    assert (claims["iss"], claims["api_key"], claims["application_id"]) == ("Vonage", KEY, APPLICATION)
    assert abs(claims["iat"] - time.time()) < 60


def test_it_signs_as_the_vector_is_signed() -> None:
    vector = sample("vonage", "signature-vector")
    given = vector["authorization"].removeprefix("Bearer ")
    claims = jwt.decode(given, options={"verify_signature": False})

    assert signed_token(claims, vector["signature_secret"]) == given
    assert hashlib.sha256(vector["raw_body"].encode()).hexdigest() == claims["payload_hash"]


def test_without_a_secret_nothing_is_signed(stage: Stage) -> None:
    stage.simulator.post(f"accounts/{ACCOUNT}", app_secret="")
    send(stage)
    stage.arrived(1)

    assert "authorization" not in {name.lower() for name in stage.receiver.arrived[0].headers}


def test_a_message_may_name_an_address_of_its_own(stage: Stage) -> None:
    send(stage, webhook_url=f"{stage.receiver.url}/mine")
    stage.arrived(1)

    assert stage.receiver.arrived[0].path.endswith("/mine")


def test_a_person_without_a_phone_is_named_by_the_user_id(stage: Stage) -> None:
    send(stage, to="5491155550111")

    delivered = stage.arrived(2)[1]
    recipient = delivered["whatsapp"]["recipient"]
    assert (delivered["to"], recipient["wa_id"]) == (recipient["user_id"], "")


@pytest.mark.parametrize(
    ("order", "name"),
    [
        ({"text": "Hola"}, "text"),
        ({"type": "button", "text": "Confirmar", "payload": "confirm:1042", "context": "message"}, "button"),
    ],
)
def test_it_tells_what_the_customer_writes(stage: Stage, order: dict[str, str], name: str) -> None:
    stage.simulator.post("inbound", phone_number_id=NUMBER, **{"from": CUSTOMER, **order})

    (inbound,) = stage.arrived(1)
    assert shape(inbound) == shape(sample("vonage", f"webhook-inbound-{name}"))
    assert inbound["message_type"] == name


# --- templates -----------------------------------------------------------------------------------------------------------


def test_it_lists_templates_by_cursor(stage: Stage) -> None:
    first = stage.client.get(TEMPLATES, params={"limit": "1"}).json()
    second = stage.client.get(TEMPLATES, params={"limit": "1", "after": first["paging"]["cursors"]["after"]}).json()

    listed = sample("vonage", "template-list-guess")
    assert set(first["templates"][0]) == set(listed["templates"][0])
    assert [page["templates"][0]["name"] for page in (first, second)] == ["order_update", "promo_noviembre"]
    assert ("next" in first["paging"], "next" in second["paging"]) == (True, False)


def test_it_shows_one_template_and_no_other_accounts(stage: Stage) -> None:
    assert stage.client.get(f"{TEMPLATES}/1234567890123456").json()["name"] == "order_update"
    assert stage.client.get(f"{TEMPLATES}/none").status_code == 404
    assert stage.client.get("/v2/whatsapp-manager/wabas/1/templates").status_code == 404


def test_a_template_is_created_and_reviewed(stage: Stage) -> None:
    made = stage.client.post(TEMPLATES, json=template("order_new", BODY))

    assert (made.status_code, made.json()["status"]) == (201, "PENDING")
    stage.simulator.settle()
    assert stage.client.get(f"{TEMPLATES}/{made.json()['id']}").json()["status"] == "APPROVED"


@pytest.mark.parametrize(
    ("change", "name"), [({"language": ""}, "language"), ({"components": []}, "components"), ({}, "name")]
)
def test_a_template_that_is_not_valid_is_refused(stage: Stage, change: dict[str, Any], name: str) -> None:
    existing = {} if change else {"name": "order_update"}
    response = stage.client.post(TEMPLATES, json={**template("order_new", BODY), **existing, **change})

    assert (response.status_code, response.json()["invalid_parameters"][0]["name"]) == (422, name)


# --- the official client -------------------------------------------------------------------------------------------------


@pytest.fixture
def host(stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Where the client finds the simulator: it speaks https only, and trusts what the environment says."""
    port = urlsplit(stage.simulator.url).port
    assert port is not None
    with tls_front(tmp_path, port) as (address, certificate):
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
        yield f"{address}/vonage"


def client_message(**changes: Any) -> WhatsappTemplate:
    fields = {"to": CUSTOMER, "from_": SENDER, "client_ref": REFERENCE, **changes}
    return WhatsappTemplate(
        template=WhatsappTemplateResource(name="order_update", parameters=["Ana", "ORD-1042"]),
        whatsapp=WhatsappTemplateSettings(locale="es_AR"),
        **fields,
    )


@pytest.mark.parametrize("auth", ["application", "key"])
def test_the_official_client_sends(stage: Stage, host: str, auth: str) -> None:
    credentials = (
        Auth(application_id=APPLICATION, private_key=keys()[0])
        if auth == "application"
        else Auth(api_key=KEY, api_secret=TOKEN)
    )
    client = Vonage(credentials, HttpClientOptions(api_host=host))

    answer = client.messages.send(client_message())
    (message,) = stage.messages(reference=REFERENCE)
    assert message["wamid"] == answer.message_uuid
    assert message["rendered"] == "Hola Ana, tu pedido ORD-1042 está listo."


def test_the_official_client_understands_the_errors(stage: Stage, host: str) -> None:
    client = Vonage(Auth(api_key=KEY, api_secret="another"), HttpClientOptions(api_host=host))
    with pytest.raises(AuthenticationError):
        client.messages.send(client_message())

    known = Vonage(Auth(api_key=KEY, api_secret=TOKEN), HttpClientOptions(api_host=host))
    with pytest.raises(HttpRequestError, match="Low balance"):
        known.messages.send(client_message(to="5491155550119"))


def test_the_official_client_verifies_the_webhooks(stage: Stage) -> None:
    send(stage)
    stage.arrived(1)
    given = {name.lower(): value for name, value in stage.receiver.arrived[0].headers.items()}["authorization"]

    assert verify_signature(given.removeprefix("Bearer "), SECRET)
