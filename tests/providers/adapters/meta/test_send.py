"""The messages Meta gets, held against its documented samples and its own OpenAPI, and the answers it gives."""

from __future__ import annotations

import copy
import json
from typing import Any

import jsonschema
import pytest

from providers.adapters.meta.send import KEPT_PATHS, answer_read, payload_build
from providers.contracts import OutboundMessage, Recipient, TemplateContent, TextContent
from providers.errors import Reason, SendError, Uncertain
from providers.redaction import Redactor
from tests.providers.adapters.meta.payloads import names, payload
from tests.providers.wire import message

REQUESTS = names("send_template_*.request")


def outbound(request: dict[str, Any]) -> OutboundMessage:
    """The message that should give `request`."""
    template = request["template"]
    content = TemplateContent(
        name=template["name"],
        language=template["language"]["code"],
        components=template.get("components", []),
        category="utility",
    )
    recipient = Recipient(phone=request.get("to", ""), bsuid=request.get("recipient", ""))
    return message(content=content, recipient=recipient, reference=request["biz_opaque_callback_data"])


def in_our_spelling(value: Any) -> Any:
    """Meta's samples mix "CATALOG" with "catalog" and 0 with "0"; we always write the second."""
    if isinstance(value, list):
        return [in_our_spelling(item) for item in value]
    if not isinstance(value, dict):
        return value
    result = {name: in_our_spelling(item) for name, item in value.items()}
    if "sub_type" in result:
        result["sub_type"] = result["sub_type"].lower()
    if "index" in result:
        result["index"] = str(result["index"])
    return result


@pytest.mark.parametrize("name", REQUESTS)
def test_each_kind_of_component_is_sent_as_documented(name: str) -> None:
    request = payload(name)
    assert payload_build(outbound(request)) == in_our_spelling(request)


def test_a_text_is_sent_to_a_phone() -> None:
    assert payload_build(message(content=TextContent("Hola"), reference="hsm:1")) == {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": "+5491155550100",
        "type": "text",
        "text": {"body": "Hola"},
        "biz_opaque_callback_data": "hsm:1",
    }


def test_a_phone_always_gets_its_plus() -> None:
    assert payload_build(message(recipient=Recipient(phone="5491155550100")))["to"] == "+5491155550100"


def test_the_phone_wins_over_the_user_id() -> None:
    body = payload_build(message(recipient=Recipient(phone="+5491155550100", bsuid="AR.27183920456611029384")))
    assert "recipient" not in body
    assert body["to"] == "+5491155550100"


def test_building_changes_nothing_of_the_message() -> None:
    request = payload("send_template_carousel.request")
    before = copy.deepcopy(request)
    payload_build(outbound(request))
    assert request == before


# --- Meta's OpenAPI ----------------------------------------------------------------------------------------------------


def schemas_of_today() -> dict[str, Any]:
    """Meta's schemas of v23, brought to where the documentation is; each change is one fact that the file lacks."""
    document: dict[str, Any] = payload("openapi_message")
    schemas: dict[str, Any] = document["components"]["schemas"]
    base = schemas["BaseMessageProperties"]
    # A business-scoped user id goes in `recipient` in place of `to` (documentation of July 2026).
    base["required"].remove("to")
    base["anyOf"] = [{"required": ["to"]}, {"required": ["recipient"]}]
    base["properties"]["recipient"] = {"type": "string", "pattern": r"^[A-Z]{2}\.(ENT\.)?[A-Za-z0-9]{1,128}$"}
    # The echo of our reference is documented for every type of message.
    base["properties"]["biz_opaque_callback_data"] = {"type": "string", "maxLength": 512}
    # Every recent sample leaves the policy out.
    schemas["LanguageObject"]["required"].remove("policy")
    component = schemas["TemplateComponent"]["properties"]
    # The file knows three kinds of component and of button; the documentation has these too.
    component["type"]["enum"] += ["carousel", "limited_time_offer"]
    component["sub_type"]["enum"] += ["copy_code", "flow", "mpm"]
    # `^[2-6, 11-14]$` refuses the file's own example, "0".
    component["index"]["pattern"] = "^[0-9]$"
    # With allOf, additionalProperties sees only its own part and would refuse what the base requires.
    text_part = schemas["TextMessage"]["allOf"][1]
    del text_part["additionalProperties"]
    schemas["TextMessage"]["unevaluatedProperties"] = False
    schemas["TemplateMessage"]["unevaluatedProperties"] = False
    return document


def openapi_problems(body: dict[str, Any]) -> list[str]:
    """Where `body` breaks Meta's schema of its type (the discriminator of `Message`)."""
    document = schemas_of_today()
    mapping = document["components"]["schemas"]["Message"]["discriminator"]["mapping"]
    validator = jsonschema.Draft202012Validator({**document, "$ref": mapping[body["type"]]})
    return [error.message for error in validator.iter_errors(body)]


@pytest.mark.parametrize("name", REQUESTS)
def test_each_template_message_is_valid_by_metas_openapi(name: str) -> None:
    assert openapi_problems(payload_build(outbound(payload(name)))) == []


@pytest.mark.parametrize("recipient", [Recipient(phone="+5491155550100"), Recipient(bsuid="AR.27183920456611029384")])
def test_a_text_message_is_valid_by_metas_openapi(recipient: Recipient) -> None:
    assert openapi_problems(payload_build(message(recipient=recipient))) == []


@pytest.mark.parametrize(
    "change",
    [{"to": None}, {"messaging_product": None}, {"extra": "x"}, {"template": {"name": "x"}}, {"template": None}],
)
def test_the_check_against_the_openapi_can_fail(change: dict[str, Any]) -> None:
    body = {**payload_build(outbound(payload("send_template_body_named.request"))), **change}
    assert openapi_problems({name: value for name, value in body.items() if value is not None})


# --- answers -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "held", "wa_id", "bsuid"),
    [
        ("send_template.response_accepted", False, "5491155550100", ""),
        ("send_template.response_bsuid", False, "", "AR.27183920456611029384"),
        ("send_template.response_held_for_quality_assessment", True, "5491155550100", ""),
        ("send_template.response_paused", True, "5491155550100", ""),
        ("send_template.response_wa_id_differs_from_input", False, "5491155550100", ""),
        ("send_text.response", False, "5491155550100", ""),
        ("marketing_messages.response", False, "5491155550100", ""),
    ],
)
def test_an_acceptance_is_read(name: str, held: bool, wa_id: str, bsuid: str) -> None:
    accepted = answer_read(200, payload(name), {})
    assert accepted.provider_message_id == payload(name)["messages"][0]["id"]
    assert (accepted.held, accepted.wa_id, accepted.bsuid) == (held, wa_id, bsuid)


@pytest.mark.parametrize(
    "body",
    [
        None,
        {},
        {"messages": []},
        {"messages": {}},
        {"messages": ["wamid.x"]},
        {"messages": [{}]},
        {"messages": [{"id": ""}]},
        {"messages": [{"id": 7}]},
        {"success": True},
    ],
)
def test_an_ok_without_an_id_is_uncertain(body: Any) -> None:
    with pytest.raises(Uncertain) as caught:
        answer_read(200, body, {})
    assert caught.value.reason is Reason.UNREADABLE_ANSWER


def test_an_id_is_enough_whatever_the_rest_looks_like() -> None:
    body = {"messages": [{"id": "wamid.x", "message_status": None}], "contacts": "none"}
    assert answer_read(201, body, {}).provider_message_id == "wamid.x"


def test_an_error_beside_an_ok_is_an_error() -> None:
    body = {**payload("send_text.response"), **payload("error_190")}
    with pytest.raises(SendError) as caught:
        answer_read(200, body, {})
    assert caught.value.reason is Reason.CREDENTIALS


# --- what is recorded --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", REQUESTS)
def test_no_value_of_a_message_is_recorded(name: str) -> None:
    body = payload_build(outbound(payload(name)))
    recorded = json.dumps(Redactor().request(body, kept_paths=KEPT_PATHS), ensure_ascii=False)
    for value in ("Lucía", "5491155550100", "27183920456611029384", "482913", "CYBER25", "Corrientes", "cdn.example"):
        assert value not in recorded


def test_the_structure_of_a_message_is_recorded() -> None:
    body = payload_build(outbound(payload("send_template_body_named.request")))
    recorded = Redactor().request(body, kept_paths=KEPT_PATHS)
    assert recorded["template"] == {
        "name": "confirmacion_pedido",
        "language": {"code": "es_AR"},
        "components": [
            {
                "type": "body",
                "parameters": [
                    {"type": "text", "parameter_name": "first_name", "text": "•••"},
                    {"type": "text", "parameter_name": "order_number", "text": "•••"},
                ],
            }
        ],
    }
    assert recorded["biz_opaque_callback_data"] == "hsm:01JC9Z6T8Q4V2K7M3N5P8R1S0T"
