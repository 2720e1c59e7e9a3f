from __future__ import annotations

from typing import Any

import pytest

from providers.adapters.infobip import Infobip
from providers.contracts import Accepted, OutboundMessage, Recipient, TextContent
from providers.errors import Reason, Rejected, Uncertain
from tests.contract.cases import WEBHOOK_URL
from tests.contract.cases_infobip import MESSAGE, PHONE, REFERENCE, SENDER, body, button, header, outbound, texts
from tests.providers.adapters.infobip.account import account, against, body_sent, fixture
from tests.providers.wire import answer, answering, run

TEXT = OutboundMessage(REFERENCE, SENDER, f"+{SENDER}", Recipient(PHONE), TextContent("¿Hola?"))
QUICK_REPLIES = {"type": "QUICK_REPLY", "text": "Confirmar"}, {"type": "QUICK_REPLY", "text": "Cancelar"}


def data_of(*components: dict[str, Any], definition: tuple[dict[str, Any], ...] = ()) -> Any:
    _path, sent = body_sent(outbound("any", *components, definition=definition))
    return sent["messages"][0]["content"]["templateData"]


def outcome(message: OutboundMessage, raw: bytes) -> Accepted:
    async def work(made: Infobip) -> Accepted:
        return await made.send(message)

    return against(answering(raw), work)


def test_it_sends_a_text_as_a_request_of_its_own() -> None:
    path, sent = body_sent(TEXT, webhook_secret="word")
    assert path == "/whatsapp/1/message/text"
    assert sent == {
        "from": SENDER,
        "to": PHONE.lstrip("+"),
        "messageId": REFERENCE,
        "content": {"text": "¿Hola?"},
        "callbackData": REFERENCE,
    }


def test_it_reads_the_answer_to_a_text_which_is_the_message_itself() -> None:
    raw = b'{"to":"5491155550100","messageCount":1,"messageId":"%s","status":{"groupId":1,"id":7}}' % REFERENCE.encode()
    assert outcome(TEXT, answer(raw)).provider_message_id == REFERENCE


def test_it_names_its_webhook_when_only_the_address_protects_it() -> None:
    assert body_sent(MESSAGE)[1]["messages"][0]["notifyUrl"] == WEBHOOK_URL


def test_it_asks_for_json_and_authorizes_with_the_key() -> None:
    requests: list[bytes] = []

    async def work(made: Infobip) -> Accepted:
        return await made.send(MESSAGE)

    against(answering(answer(fixture("send-success-200.json")), requests), work)
    head = requests[0].lower()
    assert b"\r\nauthorization: app infobip-key-0123456789\r\n" in head
    assert b"\r\naccept: application/json\r\n" in head


def test_it_calls_the_personal_domain() -> None:
    made = account(personal_domain=" https://xk9p2.api.infobip.com/ ")
    assert made._root == "https://xk9p2.api.infobip.com"


def test_it_writes_to_a_business_scoped_id() -> None:
    message = OutboundMessage(
        REFERENCE, SENDER, f"+{SENDER}", Recipient(bsuid="AR.1349120865530274191"), MESSAGE.content
    )
    assert body_sent(message)[1]["messages"][0]["to"] == "AR.1349120865530274191"


# --- values --------------------------------------------------------------------------------------------------------------


def test_a_body_without_variables_is_an_empty_list() -> None:
    assert data_of() == {"body": {"placeholders": []}}


def test_dates_and_amounts_go_as_their_texts() -> None:
    currency = {"type": "currency", "currency": {"fallback_value": "$ 10,50", "code": "ARS", "amount_1000": 10500}}
    assert data_of({"type": "body", "parameters": [currency]})["body"] == {"placeholders": ["$ 10,50"]}


def test_a_quick_reply_without_a_value_gives_back_its_label() -> None:
    definition = ({"type": "BUTTONS", "buttons": list(QUICK_REPLIES)},)
    given = button(1, "quick_reply", {"type": "payload", "payload": "no"})
    assert data_of(given, definition=definition)["buttons"] == [
        {"type": "QUICK_REPLY", "parameter": "Confirmar"},
        {"type": "QUICK_REPLY", "parameter": "no"},
    ]


@pytest.mark.parametrize(
    ("component", "entry"),
    [
        (
            button(0, "copy_code", {"type": "coupon_code", "coupon_code": "VERANO"}),
            {"type": "COPY_CODE", "parameter": "VERANO"},
        ),
        (
            button(0, "flow", {"type": "action", "action": {"flow_token": "t1", "flow_action_data": {"a": 1}}}),
            {"type": "FLOW", "flowToken": "t1", "data": {"a": 1}},
        ),
    ],
)
def test_it_carries_codes_and_flows(component: dict[str, Any], entry: dict[str, Any]) -> None:
    assert data_of(component)["buttons"] == [entry]


def test_it_carries_a_place() -> None:
    place = {"type": "location", "location": {"latitude": "-34.6", "longitude": "-58.4", "name": "Local"}}
    assert data_of(header(place))["header"] == {"type": "LOCATION", "latitude": -34.6, "longitude": -58.4}


def test_a_document_without_a_name_takes_the_files() -> None:
    document = {"type": "document", "document": {"link": "https://cdn.example.com/f-1042.pdf"}}
    assert data_of(header(document))["header"]["filename"] == "f-1042.pdf"


def test_it_carries_a_carousel_and_a_limited_offer() -> None:
    image = header({"type": "image", "image": {"link": "https://cdn.example.com/1.jpg"}})
    offer = {"type": "limited_time_offer", "limited_time_offer": {"expiration_time_ms": 1794153600000}}
    second = {"card_index": 1, "components": [image]}
    first = {"card_index": 0, "components": [image, body("Ana"), button(0, "url", texts("a")[0])]}
    data = data_of(
        {"type": "limited_time_offer", "parameters": [offer]}, {"type": "carousel", "cards": [second, first]}
    )
    media = {"type": "IMAGE", "mediaUrl": "https://cdn.example.com/1.jpg"}
    assert data["limitedTimeOffer"] == {"expirationTime": "2026-11-08T16:00:00Z"}
    assert data["carousel"]["cards"] == [
        {"header": media, "body": {"placeholders": ["Ana"]}, "buttons": [{"type": "URL", "parameter": "a"}]},
        {"header": media},
    ]


@pytest.mark.parametrize(
    ("component", "part"),
    [
        (header({"type": "image", "image": {"id": "1234567890"}}), "header_image"),
        (header({"type": "product", "product": {"product_retailer_id": "1"}}), "header_product"),
        (button(0, "mpm", {"type": "action", "action": {}}), "button_mpm"),
    ],
)
def test_it_refuses_what_it_cannot_carry_before_any_call(component: dict[str, Any], part: str) -> None:
    with pytest.raises(Rejected) as refused:
        run(account("http://127.0.0.1:9").send(outbound("any", component)))
    assert (refused.value.reason, refused.value.provider_code) == (Reason.UNSUPPORTED, part)


# --- answers -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "raw",
    [
        fixture("send-success-200.json").replace(REFERENCE.encode(), b"another"),
        b'{"messages":[]}',
        b"{}",
        b"<html>",
        b'{"messages":[{"messageId":"%s","status":{"groupId":0,"id":0}}]}' % REFERENCE.encode(),
        b'{"messages":[{"messageId":"%s","status":{}}]}' % REFERENCE.encode(),
    ],
)
def test_an_answer_that_does_not_say_what_became_of_it_proves_nothing(raw: bytes) -> None:
    with pytest.raises(Uncertain):
        outcome(MESSAGE, answer(raw))


@pytest.mark.parametrize("status", ["400 Bad Request", "401 Unauthorized", "502 Bad Gateway", "302 Found"])
def test_a_page_that_is_not_infobips_proves_nothing(status: str) -> None:
    with pytest.raises(Uncertain):
        outcome(MESSAGE, answer(b"<html>nginx</html>", status=status))


def test_a_code_beside_a_5xx_proves_nothing() -> None:
    with pytest.raises(Uncertain):
        outcome(MESSAGE, answer(fixture("error-400-validation.json"), status="502 Bad Gateway"))


def test_the_detail_of_a_refusal_names_the_field() -> None:
    with pytest.raises(Rejected) as refused:
        outcome(MESSAGE, answer(fixture("error-400-validation.json"), status="400 Bad Request"))
    assert refused.value.detail == "Bad request; content.templateData.header.mediaUrl is not a valid url"
