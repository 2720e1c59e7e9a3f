"""Corner cases of the request."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from providers.contracts import OutboundMessage, Recipient, TextContent
from providers.errors import Reason, Rejected, SendError
from tests.contract.cases_zenvia import CASES, REFERENCE, TEXT_TEMPLATE, body_values, header, outbound
from tests.providers.wire import answer, answering, message, run, served

URL_BUTTONS = {
    "type": "BUTTONS",
    "buttons": [
        {"type": "QUICK_REPLY", "text": "Sí", "payload": "yes"},
        {"type": "URL", "text": "Ver", "url": "https://x.example/{{ path }}"},
    ],
}


def body_of(outgoing: OutboundMessage) -> dict[str, Any]:
    requests: list[bytes] = []

    async def work() -> None:
        async with served(answering(answer(b"", status="500 X"), requests)) as base_url:
            with pytest.raises(SendError):
                await CASES.adapter(base_url).send(outgoing)

    run(work())
    body: dict[str, Any] = json.loads(requests[0].partition(b"\r\n\r\n")[2])
    return body


def fields_of(*components: dict[str, Any], definition: tuple[dict[str, Any], ...] = ()) -> dict[str, str]:
    body = body_of(outbound(TEXT_TEMPLATE, *components, definition=definition))
    fields: dict[str, str] = body["contents"][0]["fields"]
    return fields


def refusal(outgoing: OutboundMessage) -> Rejected:
    with pytest.raises(Rejected) as caught:
        run(CASES.adapter("http://127.0.0.1:9").send(outgoing))
    return caught.value


def refused(*components: dict[str, Any]) -> Rejected:
    return refusal(outbound(TEXT_TEMPLATE, *components))


def button(sub_type: str, index: int, kind: str, name: str, value: Any) -> dict[str, Any]:
    return {"type": "button", "sub_type": sub_type, "index": str(index), "parameters": [{"type": kind, name: value}]}


def test_a_text_is_a_content_of_its_own() -> None:
    body = body_of(replace(message(content=TextContent("Hola"), reference=REFERENCE), sender_external_id="acme"))
    assert body == {
        "from": "acme",
        "to": "5491155550100",
        "externalId": REFERENCE,
        "contents": [{"type": "text", "text": "Hola"}],
    }


def test_the_key_goes_in_its_header() -> None:
    requests: list[bytes] = []

    async def work() -> None:
        async with served(answering(answer(b"", status="500 X"), requests)) as base_url:
            with pytest.raises(SendError):
                await CASES.adapter(base_url).send(CASES.message)

    run(work())
    assert b"x-api-token: zenvia-token-0123456789" in requests[0].lower()


def test_the_variable_of_an_address_has_the_templates_name_for_it() -> None:
    url = button("url", 1, "text", "text", "a/1")
    assert fields_of(body_values(name="Ana"), url, definition=(URL_BUTTONS,)) == {"name": "Ana", "path": "a/1"}


@pytest.mark.parametrize("definition", [(), (URL_BUTTONS,)])
def test_an_address_without_a_name_is_refused(definition: tuple[dict[str, Any], ...]) -> None:
    url = button("url", 5 if definition else 1, "text", "text", "a/1")
    error = refusal(outbound(TEXT_TEMPLATE, url, definition=definition))
    assert error.reason is Reason.TEMPLATE_PARAMETERS


def test_a_coupon_is_the_field_code() -> None:
    assert fields_of(button("copy_code", 0, "coupon_code", "coupon_code", "PROMO10")) == {"code": "PROMO10"}


def test_values_without_names_have_their_position() -> None:
    positional = {"type": "body", "parameters": [{"type": "text", "text": "Ana"}, {"type": "text", "text": "ORD"}]}
    assert fields_of(positional) == {"1": "Ana", "2": "ORD"}


def test_amounts_and_dates_go_as_their_texts() -> None:
    amount = {"type": "currency", "parameter_name": "total", "currency": {"fallback_value": "$ 100"}}
    assert fields_of({"type": "body", "parameters": [amount]}) == {"total": "$ 100"}


def test_one_name_with_one_value_may_stand_in_two_places() -> None:
    top = {"type": "header", "parameters": [{"type": "text", "parameter_name": "name", "text": "Ana"}]}
    assert fields_of(top, body_values(name="Ana")) == {"name": "Ana"}


def test_one_name_with_two_values_is_refused() -> None:
    top = {"type": "header", "parameters": [{"type": "text", "parameter_name": "name", "text": "Luis"}]}
    error = refused(top, body_values(name="Ana"))
    assert (error.reason, error.detail) == (Reason.TEMPLATE_PARAMETERS, "Two values for name.")


def test_a_video_has_its_own_field() -> None:
    assert fields_of(header("video", link="https://x.example/v.mp4")) == {"videoUrl": "https://x.example/v.mp4"}


def test_media_without_an_address_are_refused() -> None:
    assert refused(header("image", id="1234567890123456")).reason is Reason.MEDIA


def test_the_name_of_a_document_is_refused_by_name() -> None:
    error = refused(header("document", link="https://x.example/f.pdf", filename="factura.pdf"))
    assert (error.reason, error.detail) == (Reason.UNSUPPORTED, "the name of a document")


@pytest.mark.parametrize(
    ("component", "part"),
    [
        (button("quick_reply", 0, "payload", "payload", "yes"), "button_quick_reply"),
        (button("flow", 0, "action", "action", {}), "button_flow"),
        (header("location", latitude="1", longitude="2"), "header_location"),
        ({"type": "carousel", "cards": []}, "carousel"),
        ({"type": "limited_time_offer", "parameters": []}, "limited_time_offer"),
    ],
)
def test_what_cannot_be_carried_is_refused_by_name(component: dict[str, Any], part: str) -> None:
    error = refused(component)
    assert (error.reason, error.provider_code) == (Reason.UNSUPPORTED, part)


def test_a_template_without_its_id_is_refused() -> None:
    assert refusal(outbound("", body_values(name="Ana"))).reason is Reason.TEMPLATE_MISSING


def test_a_person_without_a_phone_is_refused() -> None:
    outgoing = message(content=TextContent("Hola"), recipient=Recipient(bsuid="AR.27183920456611029384"))
    assert refusal(outgoing).reason is Reason.BSUID_NOT_SUPPORTED
