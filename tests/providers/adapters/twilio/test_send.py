"""The form of a message, held against Twilio's OpenAPI, and what is refused before any call."""

from __future__ import annotations

import base64
import dataclasses
import json
from typing import Any

import pytest

from providers.adapters.twilio.content import components_read
from providers.adapters.twilio.send import LONGEST_TEXT
from providers.contracts import OutboundMessage, Recipient, TemplateContent, TextContent
from providers.errors import Park, Reason, Rejected, SendError, Throttled, Uncertain
from tests.contract.cases_twilio import (
    ACCOUNT,
    AUTH_TOKEN,
    BSUID,
    CALLBACK,
    CONTENT,
    ORDER,
    PROMO,
    body,
    components_of,
    outbound,
)
from tests.providers.adapters.twilio.account import Asked, account, against, fixture, schema_check
from tests.providers.wire import run

SERVICE = "MG9752274e9e5194189752274e9e519418"
URL = {"type": "button", "sub_type": "url", "index": "0", "parameters": [{"type": "text", "text": "t/7"}]}


def asked_by(message: OutboundMessage, **credentials: str) -> Asked:
    """The one request of a message, checked against the specification."""
    _accepted, asked = against(
        [(201, fixture("send-success-201.json"))], lambda made: made.send(message), **credentials
    )
    assert len(asked) == 1
    schema_check(asked[0].form, "CreateMessageRequest")
    return asked[0]


def variables_of(content: TemplateContent) -> Any:
    return json.loads(asked_by(outbound(content)).form["ContentVariables"])


def refusal_of(content: TemplateContent | TextContent) -> Rejected:
    message = dataclasses.replace(outbound(ORDER), content=content)
    with pytest.raises(Rejected) as caught:
        run(account("http://127.0.0.1:9").send(message))
    return caught.value


def template(types: dict[str, Any], components: list[dict[str, Any]]) -> TemplateContent:
    """A template whose definition is read from a content of these types."""
    definition = components_read({"types": types, "variables": {}})
    return TemplateContent("any", "es_AR", components, "utility", CONTENT, definition=definition)


def reply(index: int, payload: str) -> dict[str, Any]:
    parameters = [{"type": "payload", "payload": payload}]
    return {"type": "button", "sub_type": "quick_reply", "index": str(index), "parameters": parameters}


# --- the form ------------------------------------------------------------------------------------------------------------


def test_a_text_goes_as_body() -> None:
    asked = asked_by(dataclasses.replace(outbound(ORDER), content=TextContent("Hola, Ana")))
    assert asked.form == {
        "To": "whatsapp:+5491155550100",
        "From": "whatsapp:+5491155550199",
        "Body": "Hola, Ana",
        "StatusCallback": CALLBACK,
    }


def test_a_person_without_a_phone_is_named_by_the_business_scoped_id() -> None:
    assert asked_by(outbound(ORDER, Recipient(bsuid=BSUID))).form["To"] == f"whatsapp:{BSUID}"


def test_a_messaging_service_is_named_beside_the_sender_that_was_chosen() -> None:
    """Without `From` the service would choose another number of its pool."""
    expected = fixture("send-template-messaging-service.form.json")
    form = asked_by(outbound(ORDER), messaging_service_sid=f" {SERVICE}\n").form
    assert form.pop("From") == "whatsapp:+5491155550199"
    assert json.loads(form.pop("ContentVariables")) == json.loads(expected.pop("ContentVariables"))
    # How long Twilio may try is left at its default of ten hours.
    assert expected.pop("ValidityPeriod")
    assert form == {**expected, "StatusCallback": CALLBACK}


def test_without_an_address_of_its_own_the_portal_asks_for_no_callbacks() -> None:
    async def work(made: Any) -> object:
        return await account(made.config.base_url, webhook_url="").send(outbound(ORDER))

    _accepted, asked = against([(201, fixture("send-success-201.json"))], work)
    assert "StatusCallback" not in asked[0].form


@pytest.mark.parametrize(
    ("credentials", "pair"),
    [
        ({}, f"{ACCOUNT}:{AUTH_TOKEN}"),
        ({"api_key_sid": "SK01", "api_key_secret": "secret"}, "SK01:secret"),
        ({"api_key_secret": "secret"}, f"{ACCOUNT}:{AUTH_TOKEN}"),
    ],
    ids=["auth token", "api key", "half an api key"],
)
def test_calls_are_made_with_the_api_key_where_there_is_one(credentials: dict[str, str], pair: str) -> None:
    headers = asked_by(outbound(ORDER), **credentials).headers
    assert f"Basic {base64.b64encode(pair.encode()).decode()}" in headers


# --- variables -----------------------------------------------------------------------------------------------------------


def test_a_template_without_variables_sends_none() -> None:
    content = template({"twilio/text": {"body": "Hola."}}, [])
    assert "ContentVariables" not in asked_by(outbound(content)).form


def test_an_amount_goes_as_its_words() -> None:
    amount = {"type": "currency", "currency": {"fallback_value": "$ 10", "code": "ARS", "amount_1000": 10000}}
    parameters = [{"type": "text", "text": "Ana"}, amount]
    content = dataclasses.replace(ORDER, components=[{"type": "body", "parameters": parameters}])
    assert variables_of(content) == {"1": "Ana", "2": "$ 10"}


def test_variables_with_names_keep_them() -> None:
    content = template({"twilio/text": {"body": "Hola {{nombre}}, {{pedido}} y {{nombre}}."}}, [body("Ana", "7")])
    assert variables_of(content) == {"nombre": "Ana", "pedido": "7"}


def test_an_address_gives_its_end() -> None:
    content = dataclasses.replace(ORDER, components=[body("Ana"), URL], definition=components_of(3))
    assert variables_of(content) == {"1": "Ana", "2": "t/7"}


def test_a_hidden_answer_gives_its_end() -> None:
    components = [body("Ana", "jueves"), reply(0, "confirm:1042"), reply(1, "cancel:1042")]
    content = dataclasses.replace(ORDER, components=components, definition=components_of(2))
    assert variables_of(content) == {"1": "Ana", "2": "jueves", "3": "1042"}


def test_a_code_fills_text_and_button_of_an_authentication_template() -> None:
    otp = {"whatsapp/authentication": {"actions": [{"type": "COPY_CODE", "copy_code_text": "Copiar"}]}}
    button = {**URL, "parameters": [{"type": "text", "text": "482913"}]}
    assert variables_of(template(otp, [body("482913"), button])) == {"1": "482913"}


def test_a_coupon_gives_its_code() -> None:
    action = {"type": "COPY_CODE", "title": "Copiar", "code": "{{1}}"}
    coupon = {"type": "coupon_code", "coupon_code": "VERANO"}
    button = {"type": "button", "sub_type": "copy_code", "index": "0", "parameters": [coupon]}
    content = template({"twilio/call-to-action": {"body": "Hola.", "actions": [action]}}, [button])
    assert variables_of(content) == {"1": "VERANO"}


def test_cards_of_a_carousel_give_theirs() -> None:
    def card(number: int) -> dict[str, Any]:
        action = {"type": "URL", "title": "Ver", "url": f"https://t.example/{{{{{number + 1}}}}}"}
        return {"body": "Oferta", "media": f"https://cdn.example/{{{{{number}}}}}.jpg", "actions": [action]}

    def sent(index: int, name: str) -> dict[str, Any]:
        image = {"type": "image", "image": {"link": f"https://cdn.example/{name}.jpg"}}
        return {"card_index": index, "components": [{"type": "header", "parameters": [image]}, URL]}

    types = {"twilio/carousel": {"body": "Hola {{1}}", "cards": [card(2), card(4)]}}
    cards = {"type": "carousel", "cards": [sent(0, "a"), sent(1, "b")]}
    found = variables_of(template(types, [body("Ana"), cards]))
    assert found == {"1": "Ana", "2": "a", "3": "t/7", "4": "b", "5": "t/7"}


def test_a_template_entered_by_hand_numbers_its_texts_variables() -> None:
    assert variables_of(dataclasses.replace(ORDER, definition=())) == {"1": "Ana", "2": "ORD-1042"}


# --- refusals ------------------------------------------------------------------------------------------------------------


def test_a_template_without_a_content_sid_is_refused() -> None:
    assert refusal_of(dataclasses.replace(ORDER, external_id="order_update")).reason is Reason.TEMPLATE_MISSING


def test_what_twilio_cannot_carry_is_refused_by_name() -> None:
    flow = {"type": "button", "sub_type": "flow", "index": "0", "parameters": [{"type": "action", "action": {}}]}
    refusal = refusal_of(dataclasses.replace(ORDER, components=[body("Ana", "7"), flow]))
    assert (refusal.reason, refusal.detail) == (Reason.UNSUPPORTED, "button_flow")


@pytest.mark.parametrize(
    ("medium", "detail"),
    [
        ({"id": "12345678"}, "header_image by id"),
        ({"link": "https://cdn.example.com/a.pdf", "filename": "a"}, "header_image: name of the file"),
    ],
    ids=["id", "name of a file"],
)
def test_media_that_are_no_plain_address_are_refused_by_name(medium: dict[str, str], detail: str) -> None:
    parameters = [{"type": "image", "image": medium}]
    refusal = refusal_of(dataclasses.replace(PROMO, components=[{"type": "header", "parameters": parameters}]))
    assert (refusal.reason, refusal.detail) == (Reason.UNSUPPORTED, detail)


def test_media_elsewhere_than_the_template_allows_are_refused() -> None:
    image = {"type": "image", "image": {"link": "https://other.example/promo.jpg"}}
    components = [{"type": "header", "parameters": [image]}, body("Ana")]
    refusal = refusal_of(dataclasses.replace(PROMO, components=components))
    assert refusal.reason is Reason.TEMPLATE_PARAMETERS
    assert refusal.detail == "header_image must be of the form https://cdn.example.com/…."


def test_a_variable_without_a_value_is_refused() -> None:
    """Twilio would put the template's sample there."""
    refusal = refusal_of(dataclasses.replace(ORDER, components=[body("Ana", "jueves")], definition=components_of(2)))
    assert refusal.detail == "3 has no value."


def test_two_values_for_one_variable_are_refused() -> None:
    components = [body("Ana", "jueves"), reply(0, "confirm:1"), reply(1, "cancel:2")]
    refusal = refusal_of(dataclasses.replace(ORDER, components=components, definition=components_of(2)))
    assert refusal.detail.startswith("3 stands in two places")


def test_other_variables_than_the_templates_are_refused() -> None:
    refusal = refusal_of(dataclasses.replace(ORDER, components=[body("Ana")]))
    assert (refusal.reason, "sync" in refusal.detail) == (Reason.TEMPLATE_PARAMETERS, True)


def test_a_text_that_is_too_long_for_twilio_is_refused() -> None:
    assert refusal_of(TextContent("a" * (LONGEST_TEXT + 1))).reason is Reason.BAD_REQUEST


# --- answers -------------------------------------------------------------------------------------------------------------


def error_from(status: int, document: Any) -> SendError:
    async def work(made: Any) -> SendError:
        with pytest.raises(SendError) as caught:
            await made.send(outbound(ORDER))
        return caught.value

    return against([(status, document)], work)[0]


@pytest.mark.parametrize("sid", [None, "", 7, "SMshort", "IM" + "0" * 32])
def test_a_created_message_without_a_message_sid_is_uncertain(sid: object) -> None:
    error = error_from(201, {**fixture("send-success-201.json"), "sid": sid})
    assert (type(error), error.reason) == (Uncertain, Reason.UNREADABLE_ANSWER)


def test_a_message_that_failed_at_once_is_refused_with_its_reason() -> None:
    error = error_from(201, {**fixture("message-get-undelivered.json"), "status": "failed"})
    assert (type(error), error.reason, error.provider_code) == (Rejected, Reason.RECIPIENT_UNREACHABLE, "63024")


@pytest.mark.parametrize(
    ("code", "park"),
    [(63018, Park.NONE), (63020, Park.ACCOUNT), (63040, Park.TEMPLATE), (30008, Park.NONE)],
)
def test_a_message_that_failed_at_once_is_not_sent_again_beside_its_first_reports(code: int, park: Park) -> None:
    document = {**fixture("message-get-undelivered.json"), "status": "failed", "error_code": code}
    error = error_from(201, document)
    assert (type(error), error.provider_code, error.park) == (Uncertain, str(code), park)


def test_an_error_page_that_is_not_twilios_proves_nothing() -> None:
    assert isinstance(error_from(403, {"message": "blocked by a proxy"}), Uncertain)


def test_a_code_beside_a_5xx_proves_nothing() -> None:
    assert isinstance(error_from(502, fixture("error-400-21211.json")), Uncertain)


def test_an_unlisted_code_is_a_refusal() -> None:
    error = error_from(400, {"code": 21999, "message": "New.", "more_info": "", "status": 400})
    assert (type(error), error.reason, error.detail) == (Rejected, Reason.PROVIDER_REJECTED, "New.")


def test_too_many_calls_wait_as_long_as_twilio_says() -> None:
    error = error_from(429, fixture("error-429-20429.json"))
    assert isinstance(error, Throttled)
    assert error.retry_after == 2


def test_the_record_of_an_answer_shows_no_message() -> None:
    accepted, _asked = against([(201, fixture("send-success-201.json"))], lambda made: made.send(outbound(ORDER)))
    assert accepted.exchange is not None
    assert "tu pedido" not in repr(accepted.exchange)
