"""POST /api/v1/hsm: the older body, field by field."""

from __future__ import annotations

from typing import Any

import pytest

from providers.contracts import JsonObject
from providers.models import SenderNumber
from recontact.models import Customer, Message, Query
from templates_app.models import Template
from tests.api_client import KeyClient, client_make, kept
from tests.factories import account_make, rate_card_make, sender_number_make, template_make

pytestmark = pytest.mark.django_db

WITH_MEDIA_AND_BUTTON: list[JsonObject] = [
    {"type": "HEADER", "format": "IMAGE"},
    {"type": "BODY", "text": "Hola {{1}}, tu turno es el {{2}}."},
    {
        "type": "BUTTONS",
        "buttons": [
            {"type": "QUICK_REPLY", "text": "Gracias"},
            {"type": "URL", "text": "Ver turno", "url": "https://clinica.example/t/{{1}}"},
        ],
    },
]
IMAGE = {"from": "URL", "type": "image", "url": "https://clinica.example/t.jpg"}


@pytest.fixture
def api() -> KeyClient:
    return client_make()


@pytest.fixture
def number() -> SenderNumber:
    number = sender_number_make(account=account_make(external_id="waba-1"))
    rate_card_make(account=number.account)
    return number


@pytest.fixture
def template(number: SenderNumber) -> Template:
    return template_make(
        account=number.account, name="turno", components=WITH_MEDIA_AND_BUTTON, language="es", namespace="ns_1"
    )


def body_of(hsm: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    standard = {"namespace": "ns_1", "elementName": "turno", "parameters": ["Carla", "viernes"], "media": IMAGE}
    return {"id": "5491155554321", "hsm": standard | (hsm or {}), "buttonParameter": "88", **fields}


def post(api: KeyClient, body: Any) -> Any:
    """As older clients do: without an idempotency key."""
    return api.post("/api/v1/hsm", body, format="json")


def refused(api: KeyClient, body: Any) -> tuple[int, str, str]:
    before = kept()
    problem = post(api, body).json()
    assert kept() == before
    return problem["status"], problem["code"], problem["errors"][0]["field"]


def test_it_sends_the_older_body(api: KeyClient, template: Template) -> None:
    response = post(api, body_of())

    message = Message.objects.get()
    assert response.status_code == 202
    assert (message.recipient_phone, message.template, message.query) == ("+5491155554321", template, None)
    assert message.body.startswith("Hola Carla, tu turno es el viernes.")
    assert {"type": "image", "image": {"link": IMAGE["url"]}} in message.components[0]["parameters"]
    assert message.components[-1]["parameters"] == [{"type": "text", "text": "88"}]


def test_it_takes_the_button_parameter_inside_hsm_too(api: KeyClient, template: Template) -> None:
    body = body_of({"buttonParameter": "99"})
    del body["buttonParameter"]

    assert post(api, body).status_code == 202


def test_it_opens_a_query_that_keeps_the_flag(api: KeyClient, template: Template) -> None:
    post(api, body_of(flag="campaña-7"))

    assert Query.objects.get().data == {"flag": "campaña-7"}


def test_it_needs_the_right_to_open_queries_for_a_flag(template: Template) -> None:
    assert refused(client_make(scopes=["messages:send"]), body_of(flag="x")) == (403, "permission_denied", "")


def test_it_records_the_consent(api: KeyClient, template: Template) -> None:
    post(api, body_of(agreeHSMConsent=True))

    customer = Customer.objects.get()
    assert customer.opted_in_at is not None
    assert customer.opt_in_source == "API: agreeHSMConsent"


def test_it_sends_nothing_without_consent(api: KeyClient, template: Template) -> None:
    assert refused(api, body_of(agreeHSMConsent=False)) == (400, "consent_required", "agreeHSMConsent")


def test_it_refuses_the_repeated_body(api: KeyClient, template: Template) -> None:
    post(api, body_of())

    assert refused(api, body_of()) == (409, "recently_messaged", "")


def test_it_replays_for_a_client_that_sends_a_key(api: KeyClient, template: Template) -> None:
    first = api.send("hsm", body_of(), key="one")
    second = api.send("hsm", body_of(), key="one")

    assert second.json() == first.json()
    assert second["Idempotency-Replayed"] == "true"


@pytest.mark.parametrize(
    ("hsm", "fields", "code", "field"),
    [
        ({}, {"id": "123"}, "invalid_phone", "id"),
        ({"elementName": "otra"}, {}, "template_unknown", "hsm.elementName"),
        ({"namespace": "ns_2"}, {}, "template_unknown", "hsm.elementName"),
        ({"parameters": ["Carla"]}, {}, "invalid_variables", "hsm.parameters"),
        ({"parameters": ["Carla", "viernes", "15 h"]}, {}, "invalid_variables", "hsm.parameters"),
        ({"media": None}, {}, "invalid_variables", "hsm.media"),
        ({"media": IMAGE | {"type": "video"}}, {}, "invalid_variables", "hsm.media"),
        ({"media": IMAGE | {"url": "http://clinica.example/t.jpg"}}, {}, "invalid_variables", "hsm.media"),
        ({"media": IMAGE | {"from": "ID"}}, {}, "invalid_choice", "hsm.media.from"),
        ({}, {"buttonParameter": ""}, "invalid_variables", "buttonParameter"),
        ({}, {"accountId": "waba-2"}, "sender_number_unknown", "accountId"),
        ({}, {"sender": 99}, "sender_number_unknown", "sender"),
    ],
)
def test_it_names_the_older_field_at_fault(
    api: KeyClient, template: Template, hsm: dict[str, Any], fields: dict[str, Any], code: str, field: str
) -> None:
    assert refused(api, body_of(hsm, **fields)) == (400, code, field)


def test_it_refuses_a_button_parameter_that_no_button_takes(api: KeyClient, number: SenderNumber) -> None:
    template_make(account=number.account)
    body = body_of({"elementName": "retomar_turno", "parameters": ["a", "b", "c"], "media": None})

    assert refused(api, body) == (400, "invalid_variables", "buttonParameter")


def test_it_takes_the_portals_own_language_when_none_is_named(
    api: KeyClient, template: Template, settings: Any
) -> None:
    settings.LANGUAGE_CODE = "es"
    template_make(account=template.account, name="turno", components=WITH_MEDIA_AND_BUTTON, language="pt_BR")

    assert post(api, body_of()).json()["template"]["language"] == "es"


def test_it_asks_for_the_language_when_several_could_be_meant(
    api: KeyClient, template: Template, settings: Any
) -> None:
    settings.LANGUAGE_CODE = "en"
    template_make(account=template.account, name="turno", components=WITH_MEDIA_AND_BUTTON, language="pt_BR")

    assert refused(api, body_of()) == (400, "template_language_required", "hsm.elementName")
    assert post(api, body_of({"language": "pt_BR"})).json()["template"]["language"] == "pt_BR"


def test_it_finds_the_number_by_the_account(api: KeyClient, template: Template, number: SenderNumber) -> None:
    sender_number_make()

    assert refused(api, body_of()) == (400, "sender_number_required", "sender")
    assert post(api, body_of(accountId="waba-1")).json()["sender_number"]["id"] == number.pk


def test_it_takes_a_phone_without_plus_as_complete_with_its_country(api: KeyClient, template: Template) -> None:
    post(api, body_of(id="34600111222"))

    assert Message.objects.get().recipient_phone == "+34600111222"
