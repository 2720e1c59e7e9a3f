"""Corner cases of the two forms."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl

import pytest

from providers.contracts import OutboundMessage, Recipient, TextContent
from providers.errors import Reason, Rejected, SendError
from tests.contract.cases_gupshup import CASES, TEXT_TEMPLATE, body_values, card, header, outbound, quick_reply
from tests.providers.wire import answer, answering, message, run, served


def form_of(outgoing: OutboundMessage) -> tuple[str, dict[str, Any]]:
    """Path and fields of the call that sends it; JSON texts read."""
    requests: list[bytes] = []

    async def work() -> None:
        async with served(answering(answer(b"", status="500 X"), requests)) as base_url:
            with pytest.raises(SendError):
                await CASES.adapter(base_url).send(outgoing)

    run(work())
    head, _, body = requests[0].partition(b"\r\n\r\n")
    fields = dict(parse_qsl(body.decode()))
    return head.split()[1].decode(), {
        name: json.loads(value) if value[:1] in "[{" else value for name, value in fields.items()
    }


def refusal(*components: dict[str, Any], template: str = TEXT_TEMPLATE) -> Rejected:
    with pytest.raises(Rejected) as caught:
        run(CASES.adapter("http://127.0.0.1:9").send(outbound(template, *components)))
    return caught.value


def button(sub_type: str, index: int, kind: str, name: str, value: Any) -> dict[str, Any]:
    return {"type": "button", "sub_type": sub_type, "index": str(index), "parameters": [{"type": kind, name: value}]}


def test_a_text_goes_to_its_own_path() -> None:
    path, fields = form_of(message(content=TextContent("Hola {ana} & Cía")))
    assert path == "/wa/api/v1/msg"
    assert fields["message"] == {"type": "text", "text": "Hola {ana} & Cía"}
    assert (fields["source"], fields["destination"]) == ("5491155550199", "5491155550100")


def test_our_reference_is_nowhere_on_the_wire() -> None:
    outgoing = outbound(TEXT_TEMPLATE, body_values("Ana"))
    assert outgoing.reference not in str(form_of(outgoing))


def test_a_person_without_a_phone_is_named_by_the_user_id() -> None:
    outgoing = message(content=TextContent("Hola"), recipient=Recipient(bsuid="AR.27183920456611029384"))
    assert form_of(outgoing)[1]["destination"] == "AR.27183920456611029384"


def test_the_values_stand_in_the_order_header_body_buttons() -> None:
    outgoing = outbound(
        TEXT_TEMPLATE,
        button("copy_code", 1, "coupon_code", "coupon_code", "PROMO10"),
        button("url", 0, "text", "text", "a/1"),
        body_values("Ana", "ORD"),
        {"type": "header", "parameters": [{"type": "text", "text": "Pedido"}]},
    )
    assert form_of(outgoing)[1]["template"]["params"] == ["Pedido", "Ana", "ORD", "a/1", "PROMO10"]


def test_amounts_and_dates_go_as_their_texts() -> None:
    amount = {"type": "currency", "currency": {"fallback_value": "$ 100", "code": "ARS", "amount_1000": 100000}}
    outgoing = outbound(TEXT_TEMPLATE, {"type": "body", "parameters": [amount]})
    assert form_of(outgoing)[1]["template"]["params"] == ["$ 100"]


def test_a_template_without_values_has_an_empty_list() -> None:
    assert form_of(outbound(TEXT_TEMPLATE))[1]["template"] == {"id": TEXT_TEMPLATE, "params": []}


def test_an_offer_has_its_end_in_the_template() -> None:
    offer = {"type": "limited_time_offer", "limited_time_offer": {"expiration_time_ms": 1795183391000}}
    component = {"type": "limited_time_offer", "parameters": [offer]}
    assert form_of(outbound(TEXT_TEMPLATE, component))[1]["template"]["expiration"] == 1795183391000


def test_a_place_goes_with_its_coordinates() -> None:
    outgoing = outbound(TEXT_TEMPLATE, header("location", {"longitude": "-58.38", "latitude": "-34.60"}))
    assert form_of(outgoing)[1]["message"] == {
        "type": "location",
        "location": {"longitude": "-58.38", "latitude": "-34.60"},
    }


def test_a_place_with_a_name_is_refused_by_name() -> None:
    error = refusal(header("location", {"longitude": "1", "latitude": "2", "name": "Casa", "address": ""}))
    assert (error.reason, error.detail) == (Reason.UNSUPPORTED, "location name")


def test_a_template_without_its_id_is_refused() -> None:
    assert refusal(template="").reason is Reason.TEMPLATE_MISSING


def test_media_without_an_address_are_refused() -> None:
    assert refusal(header("image", {"id": "1234567890123456"})).reason is Reason.MEDIA


@pytest.mark.parametrize("sub_type", ["flow", "CATALOG", "mpm"])
def test_a_button_that_cannot_be_carried_is_refused_by_name(sub_type: str) -> None:
    error = refusal(button(sub_type, 0, "action", "action", {}))
    assert (error.reason, error.provider_code) == (Reason.UNSUPPORTED, f"button_{sub_type.lower()}")


def test_cards_with_values_in_their_texts_are_refused() -> None:
    shown = card(0, "https://cdn.example.com/a.jpg", "a")
    shown["components"].append(body_values("Ana"))
    assert refusal({"type": "carousel", "cards": [shown]}).detail == "cards with variables in texts or buttons"


def test_cards_with_headers_of_several_kinds_are_refused() -> None:
    video = {"card_index": 1, "components": [header("video", {"link": "https://cdn.example.com/b.mp4"})]}
    cards = [card(0, "https://cdn.example.com/a.jpg", "a"), video]
    assert refusal({"type": "carousel", "cards": cards}).reason is Reason.UNSUPPORTED


def test_a_card_without_a_picture_is_refused() -> None:
    cards = [{"card_index": 0, "components": [quick_reply(0, "a")]}]
    assert refusal({"type": "carousel", "cards": cards}).detail == "cards without an image or a video"


def test_a_card_whose_first_button_has_no_answer_of_its_own_is_refused() -> None:
    picture = header("image", {"link": "https://cdn.example.com/a.jpg"})
    cards = [{"card_index": 0, "components": [picture, quick_reply(1, "b")]}]
    assert refusal({"type": "carousel", "cards": cards}).reason is Reason.UNSUPPORTED
