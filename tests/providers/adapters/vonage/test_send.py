from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from vonage_messages import (
    WhatsappCustom,
    WhatsappTemplate,
    WhatsappText,
)

from providers.adapters.vonage import Vonage
from providers.contracts import Accepted, OutboundMessage, Recipient, TextContent
from providers.errors import Reason, Rejected, SendError, Uncertain
from tests.contract.cases import PAYLOADS, WEBHOOK_URL
from tests.contract.cases_vonage import CUSTOM, MESSAGE, PHONE, REFERENCE, SENDER, body, outbound, payload
from tests.providers.adapters.vonage.account import account, against, sent
from tests.providers.wire import answer

SPEC = json.loads((Path(__file__).parents[3] / "specs" / "vonage" / "messages.json").read_bytes())
TEXT = OutboundMessage(REFERENCE, SENDER, f"+{SENDER}", Recipient(PHONE), TextContent("¿Hola?"))
PLAIN = outbound("sin_variables")
TYPED = outbound(
    "pago",
    {"type": "body", "parameters": [{"type": "currency", "currency": {"fallback_value": "$ 10", "code": "ARS"}}]},
)
NAMED = outbound("aviso", {"type": "body", "parameters": [{"type": "text", "parameter_name": "nombre", "text": "Ana"}]})


def body_of(message: OutboundMessage) -> Any:
    return sent(message)[3]


def outcome(raw: bytes) -> Accepted | SendError:
    async def work(made: Vonage) -> Accepted | SendError:
        try:
            return await made.send(MESSAGE)
        except SendError as error:
            return error

    return against([raw], work)[0]


# --- Vonage's own specification --------------------------------------------------------------------------------------------


def wrong(document: Any, names: Sequence[str]) -> list[str]:
    """What the file of the vendor says against `document`."""
    schema = {"allOf": [{"$ref": f"#/components/schemas/{name}"} for name in names], "components": SPEC["components"]}
    return [error.message for error in jsonschema.Draft202012Validator(schema).iter_errors(document)]


def laid_back(flat: dict[str, Any]) -> dict[str, Any]:
    """A message of v1 as the file has it: numbers in objects, the content one level deeper."""
    kind = flat["message_type"]
    message: dict[str, Any] = {"content": {"type": kind, kind: flat[kind]}}
    if "whatsapp" in flat:
        message["whatsapp"] = flat["whatsapp"]
    numbers = {name: {"type": flat["channel"], "number": flat[name]} for name in ("from", "to")}
    return {**numbers, "client_ref": flat["client_ref"], "message": message}


@pytest.mark.parametrize(
    ("message", "name"),
    [(MESSAGE, "templateMessageWhatsApp"), (PLAIN, "templateMessageWhatsApp"), (TEXT, "textMessageWhatsApp")],
)
def test_its_requests_are_valid_by_the_vendors_specification(message: OutboundMessage, name: str) -> None:
    assert wrong(laid_back(body_of(message)), ("channelOptionsWhatsapp", name)) == []


@pytest.mark.parametrize(
    ("field", "value"),
    [("template", {}), ("whatsapp", {}), ("from", 5), ("template", {"name": "a", "parameters": [1]})],
)
def test_the_specification_would_say_what_is_wrong(field: str, value: Any) -> None:
    changed = laid_back({**body_of(MESSAGE), field: value})
    assert wrong(changed, ("channelOptionsWhatsapp", "templateMessageWhatsApp"))


def test_the_fixtures_are_valid_by_it_too() -> None:
    assert wrong(payload("send-success-202.json"), ["Response"]) == []
    errors = sorted(path.name for path in (PAYLOADS / "vonage").glob("error-*.json"))
    assert [wrong(payload(name), ["Error"]) for name in errors] == [[]] * len(errors)


@pytest.mark.parametrize(
    ("message", "model"), [(MESSAGE, WhatsappTemplate), (CUSTOM, WhatsappCustom), (TEXT, WhatsappText)]
)
def test_vonages_own_client_would_send_the_same(message: OutboundMessage, model: Any) -> None:
    ours = body_of(message)
    theirs = model(**{("from_" if name == "from" else name): value for name, value in ours.items()})
    assert theirs.model_dump(by_alias=True, exclude_none=True, mode="json") == ours


# --- content -------------------------------------------------------------------------------------------------------------


def test_a_text_is_a_text() -> None:
    assert body_of(TEXT) == {
        "channel": "whatsapp",
        "from": SENDER,
        "to": PHONE.lstrip("+"),
        "client_ref": REFERENCE,
        "webhook_url": WEBHOOK_URL,
        "webhook_version": "v1",
        "message_type": "text",
        "text": "¿Hola?",
    }


def test_a_template_without_variables_has_no_parameters() -> None:
    assert body_of(PLAIN)["template"] == {"name": "sin_variables"}


@pytest.mark.parametrize("message", [TYPED, NAMED])
def test_values_that_are_no_plain_texts_go_in_metas_form(message: OutboundMessage) -> None:
    sent_body = body_of(message)
    assert sent_body["message_type"] == "custom"
    assert sent_body["custom"]["template"]["components"] == list(message.content.components)  # type: ignore[union-attr]


def test_the_namespace_stands_apart_in_metas_form() -> None:
    template = body_of(outbound("aviso", body("Ana"), {"type": "header", "parameters": []}, namespace="ns"))["custom"]
    assert (template["template"]["namespace"], template["template"]["name"]) == ("ns", "aviso")


def test_metas_form_is_spelled_as_meta_does() -> None:
    button = {"type": "BUTTON", "sub_type": "CATALOG", "index": 0, "parameters": []}
    card = {"card_index": 0, "components": [button]}
    components = body_of(outbound("any", button, {"type": "carousel", "cards": [card]}))["custom"]["template"][
        "components"
    ]
    spelled = {"type": "button", "sub_type": "catalog", "index": "0", "parameters": []}
    assert components == [spelled, {"type": "carousel", "cards": [{"card_index": 0, "components": [spelled]}]}]


def test_it_writes_to_a_business_scoped_id() -> None:
    person = OutboundMessage(
        REFERENCE, SENDER, f"+{SENDER}", Recipient(bsuid="AR.1349120865530274191"), MESSAGE.content
    )
    assert body_of(person)["to"] == "AR.1349120865530274191"


def test_it_refuses_a_part_that_it_does_not_know() -> None:
    async def work(made: Vonage) -> object:
        return await made.send(outbound("any", {"type": "button", "sub_type": "new_kind", "parameters": []}))

    with pytest.raises(Rejected) as refused:
        against([], work)
    assert (refused.value.reason, refused.value.provider_code) == (Reason.UNSUPPORTED, "button_new_kind")


def test_it_calls_the_region_that_the_account_names() -> None:
    assert account(host=" api-eu.nexmo.com ")._root == "https://api-eu.nexmo.com"


# --- answers -------------------------------------------------------------------------------------------------------------

TAKEN = json.dumps(payload("send-success-202.json")).encode()


@pytest.mark.parametrize(
    "raw",
    [
        answer(TAKEN, status="200 OK"),
        answer(b"{}", status="202 Accepted"),
        answer(b'{"message_uuid": 1.5}', status="202 Accepted"),
        answer(b"<html>", status="202 Accepted"),
        answer(b"<html>nginx</html>", status="401 Unauthorized"),
        answer(b"<html>nginx</html>", status="404 Not Found"),
        answer(b"{}", status="422 X"),
        answer(json.dumps(payload("error-422-1150.json")).encode(), status="503 X"),
        answer(b"", status="302 Found", headers="Location: http://127.0.0.1:9/\r\n"),
    ],
)
def test_what_is_neither_taken_nor_refused_is_uncertain(raw: bytes) -> None:
    assert isinstance(outcome(raw), Uncertain)


@pytest.mark.parametrize("code", [1030, 1100, 1180, 1220, 1230, 1320, 1330, 1331])
def test_a_failure_behind_vonage_proves_nothing(code: int) -> None:
    problem = {"type": f"https://developer.vonage.com/api-errors/messages#{code}", "title": "X", "detail": "X"}
    assert isinstance(outcome(answer(json.dumps(problem).encode(), status="422 X")), Uncertain)


def test_the_detail_of_a_refusal_names_the_field() -> None:
    error = outcome(answer(json.dumps(payload("error-422-1150.json")).encode(), status="422 X"))
    assert isinstance(error, Rejected)
    assert error.detail == "The value of one or more parameters is invalid.; template.name: invalid value"
