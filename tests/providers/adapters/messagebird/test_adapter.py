"""What the contract suite leaves: corner cases of sending, the error table, the signature, odd webhooks."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from typing import Any

import pytest

from providers.adapters.messagebird import MessageBird
from providers.adapters.messagebird.send import payload_build
from providers.adapters.messagebird.webhook import OLDEST_SECONDS, signature_verify
from providers.contracts import (
    BadItem,
    BadSignature,
    DeliveryStatus,
    OutboundMessage,
    Recipient,
    TextContent,
    UnknownEvent,
    WebhookRequest,
)
from providers.errors import Park, Reason, SendError
from tests.contract.cases import WEBHOOK_URL
from tests.contract.cases_messagebird import CASES, DEFINITION, KEY, outbound, signature, template
from tests.providers.adapters.messagebird.wire import adapter, exchanged, payload
from tests.providers.wire import message, run

# --- sending -----------------------------------------------------------------------------------------------------------


def failure(made: MessageBird, sent: OutboundMessage) -> SendError:
    with pytest.raises(SendError) as caught:
        run(made.send(sent))
    return caught.value


def test_a_text_goes_as_a_body() -> None:
    built = payload_build(message(content=TextContent("Hola"), reference="r1"))
    assert built == {
        "receiver": {"contacts": [{"identifierKey": "phonenumber", "identifierValue": "+5491155550100"}]},
        "body": {"type": "text", "text": {"text": "Hola"}},
        "reference": "r1",
    }


def test_a_template_that_was_not_synced_goes_as_the_latest() -> None:
    built = payload_build(outbound(template(definition=[])))["template"]
    assert (built["version"], built["locale"]) == ("latest", "es-AR")
    assert [item["key"] for item in built["parameters"]] == ["name", "order"]


def test_a_key_that_the_portal_had_to_rename_goes_by_its_own_name() -> None:
    definition = [{**DEFINITION[0], "variables": ["customer.name", "order-id"]}]
    built = payload_build(outbound(template(definition=definition)))["template"]
    assert [item["key"] for item in built["parameters"]] == ["customer.name", "order-id"]


def test_a_key_in_two_places_is_given_once() -> None:
    header = {"type": "header", "parameters": [{"type": "text", "parameter_name": "name", "text": "Ana"}]}
    content = template(definition=[])
    built = payload_build(outbound(replace(content, components=[header, *content.components])))["template"]
    assert [item["key"] for item in built["parameters"]] == ["name", "order"]


def test_a_key_in_two_places_with_two_values_is_refused() -> None:
    header = {"type": "header", "parameters": [{"type": "text", "parameter_name": "name", "text": "Carla"}]}
    content = template(definition=[])
    error = failure(adapter(), outbound(replace(content, components=[header, *content.components])))
    assert (error.kind, error.reason, error.detail) == (
        "rejected",
        Reason.TEMPLATE_PARAMETERS,
        "Two values for name.",
    )


def test_money_and_dates_go_as_words() -> None:
    money = {"type": "currency", "parameter_name": "total", "currency": {"fallback_value": "$ 100"}}
    content = replace(template(definition=[]), components=[{"type": "body", "parameters": [money]}])
    built = payload_build(outbound(content))["template"]
    assert built["parameters"] == [{"type": "string", "key": "total", "value": "$ 100"}]


def button(sub_type: str) -> dict[str, Any]:
    return {"type": "button", "sub_type": sub_type, "index": "0", "parameters": [{"type": "text", "text": "x"}]}


@pytest.mark.parametrize(
    ("component", "code"),
    [
        (button("url"), "button_url"),
        (button("quick_reply"), "button_quick_reply"),
        ({"type": "header", "parameters": [{"type": "image", "image": {"link": "https://x.example"}}]}, "header_image"),
        ({"type": "carousel", "cards": []}, "carousel"),
    ],
)
def test_what_it_cannot_carry_is_refused_by_name_before_any_call(component: dict[str, Any], code: str) -> None:
    error = failure(adapter(), outbound(replace(template(), components=[component])))
    assert (error.kind, error.reason, error.provider_code) == ("rejected", Reason.UNSUPPORTED, code)
    assert error.exchange is None


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        (message(recipient=Recipient(bsuid="AR.27183920456611029384")), Reason.BSUID_NOT_SUPPORTED),
        (outbound(replace(template(), external_id="")), Reason.TEMPLATE_MISSING),
        (
            outbound(
                replace(
                    template(definition=[]),
                    components=[{"type": "body", "parameters": [{"type": "text", "text": "Ana"}]}],
                )
            ),
            Reason.TEMPLATE_PARAMETERS,
        ),
    ],
)
def test_what_cannot_be_named_is_refused_before_any_call(sent: OutboundMessage, reason: Reason) -> None:
    error = failure(adapter(), sent)
    assert (error.kind, error.reason, error.exchange) == ("rejected", reason, None)


@pytest.mark.parametrize(
    ("made", "sent"),
    [(adapter(workspace=""), message()), (adapter(), replace(message(), sender_external_id=""))],
)
def test_an_account_without_its_ids_is_parked_before_any_call(made: MessageBird, sent: OutboundMessage) -> None:
    error = failure(made, sent)
    assert (error.reason, error.park, error.exchange) == (Reason.CONFIGURATION, Park.ACCOUNT, None)


@pytest.mark.parametrize(
    ("status", "body", "kind", "reason", "code"),
    [
        ("403 X", {"code": "Forbidden", "message": "no"}, "unavailable", Reason.PERMISSION, "HTTP 403"),
        ("400 X", {"code": "Odd"}, "rejected", Reason.BAD_REQUEST, "HTTP 400"),
        ("409 X", {"message": "odd"}, "rejected", Reason.PROVIDER_REJECTED, "HTTP 409"),
        ("429 X", {"message": "slow down"}, "throttled", Reason.ACCOUNT_RATE, "HTTP 429"),
        ("503 X", {"message": "down"}, "uncertain", Reason.PROVIDER_ERROR, "HTTP 503"),
        ("401 X", b"<html>", "uncertain", Reason.UNREADABLE_ANSWER, "HTTP 401"),
        ("200 X", {"message": "odd"}, "uncertain", Reason.UNREADABLE_ANSWER, ""),
        ("202 X", {"id": {}}, "uncertain", Reason.UNREADABLE_ANSWER, ""),
    ],
)
def test_answers_are_read_by_their_status(status: str, body: Any, kind: str, reason: Reason, code: str) -> None:
    async def work(made: MessageBird) -> SendError:
        with pytest.raises(SendError) as caught:
            await made.send(message())
        return caught.value

    error, _asked = exchanged([(status, body)], work)
    assert (error.kind, error.reason, error.provider_code) == (kind, reason, code)


def test_the_places_that_are_wrong_are_told() -> None:
    async def work(made: MessageBird) -> SendError:
        with pytest.raises(SendError) as caught:
            await made.send(message())
        return caught.value

    error, _asked = exchanged([("422 X", payload("bird-error-422-guess.json"))], work)
    assert error.detail == "InvalidPayload: The provided payload is invalid (.template.parameters[0].value)"


def test_the_table_has_the_statuses_of_the_page_and_whatsapps_codes() -> None:
    codes = MessageBird.error_codes
    calls = {code for code in codes if code.startswith("HTTP")}
    assert calls == {f"HTTP {number}" for number in (400, 401, 403, 422, 429, 500, 502, 503, 504)}
    assert {code for code, row in codes.items() if not row.proven} == {
        f"HTTP {number}" for number in range(500, 505)
    } & calls
    assert {code for code in codes if not code.startswith("HTTP")} >= {"131026", "131049", "131050", "132015"}


# --- webhooks ------------------------------------------------------------------------------------------------------------

VECTOR = payload("bird-signature-vector.json")
SIGNED_AT = 1795183394


def verify(*, url: str = VECTOR["url"], body: str = VECTOR["raw_body"], key: str = KEY, later: float = 5) -> None:
    request = WebhookRequest(body.encode(), VECTOR["headers"], url)
    signature_verify(request, key=key, addresses=[url], now=lambda: SIGNED_AT + later)


def test_the_documented_signature_is_accepted() -> None:
    verify()


@pytest.mark.parametrize(
    "changed",
    [
        {"url": "https://hooks.example.com/wa/bird/acct-2/"},
        {"body": "{}"},
        {"key": "another"},
        {"key": ""},
        {"later": OLDEST_SECONDS + 1.0},
        {"later": -3600.0},
    ],
)
def test_every_part_of_the_signature_counts(changed: dict[str, Any]) -> None:
    with pytest.raises(BadSignature):
        verify(**changed)


def test_a_retry_of_the_last_hours_is_accepted() -> None:
    verify(later=8 * 3600)


@pytest.mark.parametrize("timestamp", ["", "soon", "1e9", "-5"])
def test_a_timestamp_that_is_none_is_refused(timestamp: str) -> None:
    headers = {**signature(b"{}", WEBHOOK_URL), "messagebird-request-timestamp": timestamp}
    with pytest.raises(BadSignature):
        adapter().verify_webhook(WebhookRequest(b"{}", headers, WEBHOOK_URL))


def test_the_address_that_bird_was_given_counts_behind_a_proxy() -> None:
    adapter().verify_webhook(WebhookRequest(b"{}", signature(b"{}", WEBHOOK_URL), "http://10.0.0.1/inner/"))


DELIVERED = payload("bird-webhook-delivered.json")


def read(body: Any) -> Any:
    (item,) = adapter().parse_webhook(WebhookRequest(json.dumps(body).encode(), {}))
    return item


def changed(name: str, **values: Any) -> Any:
    body = payload(name)
    body["payload"].update(values)
    return read(body)


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("accepted", DeliveryStatus.ACCEPTED),
        ("processing", DeliveryStatus.ACCEPTED),
        ("sending_failed", DeliveryStatus.FAILED),
        ("skipped", DeliveryStatus.UNKNOWN),
        ("deleted", DeliveryStatus.UNKNOWN),
        ("melted", DeliveryStatus.UNKNOWN),
    ],
)
def test_status_words_are_read_and_unknown_ones_prove_nothing(word: str, status: DeliveryStatus) -> None:
    event = changed("bird-webhook-delivered.json", status=word)
    assert (event.status, event.raw_status) == (status, word)


def test_a_failure_without_a_code_is_a_plain_refusal() -> None:
    event = changed("bird-webhook-delivered.json", status="sending_failed", reason="no template")
    assert (event.error_reason, event.error_code, event.error_detail) == (Reason.PROVIDER_REJECTED, "", "no template")


def test_a_failure_whose_code_is_not_listed_is_a_plain_refusal() -> None:
    event = changed("bird-webhook-delivery-failed.json", failure={"code": 999, "description": "odd"})
    assert (event.error_reason, event.error_code) == (Reason.PROVIDER_REJECTED, "999")


def test_a_click_is_kept_and_does_nothing() -> None:
    event = changed("bird-webhook-interaction-read.json", type="clicked")
    assert isinstance(event, UnknownEvent)
    assert event.field_name == "whatsapp.interaction.clicked"


@pytest.mark.parametrize("event", ["sms.outbound", None, ["whatsapp.outbound"]])
def test_other_events_are_kept_and_do_nothing(event: Any) -> None:
    assert isinstance(read({**DELIVERED, "event": event}), UnknownEvent)


@pytest.mark.parametrize("payload_given", [None, [], {}, {"id": "x", "status": "sent"}])
def test_an_event_without_its_facts_is_shown_as_broken(payload_given: Any) -> None:
    assert isinstance(read({**DELIVERED, "payload": payload_given}), BadItem)


def inbound(content: dict[str, Any], **values: Any) -> Any:
    return changed("bird-webhook-inbound-text.json", body=content, **values)


def test_a_tapped_button_is_read_where_it_is_told() -> None:
    actions = [{"type": "postback", "postback": {"text": "Confirmar", "payload": "confirm:1042"}}]
    event = inbound({"type": "text", "text": {"text": "Confirmar", "actions": actions}}, replyTo={"id": "m1"})
    assert (event.kind, event.text, event.button_payload) == ("button", "Confirmar", "confirm:1042")
    assert event.context_message_id == "m1"


@pytest.mark.parametrize(
    ("content", "kind", "text"),
    [
        ({"type": "image", "image": {"images": [{}], "text": "Mirá"}}, "image", "Mirá"),
        ({"type": "file", "file": {"files": []}}, "document", ""),
        ({"type": "location", "location": {}}, "location", ""),
        ({"type": "hologram", "hologram": {"text": "x"}}, "unknown", "x"),
        ({}, "unknown", ""),
    ],
)
def test_other_inbound_kinds_are_read_as_far_as_bird_tells(content: dict[str, Any], kind: str, text: str) -> None:
    event = inbound(content)
    assert (event.kind, event.text) == (kind, text)


def test_a_person_without_a_phone_cannot_be_answered() -> None:
    body = copy.deepcopy(payload("bird-webhook-inbound-text.json"))
    body["payload"]["sender"]["contact"] |= {"identifierKey": "whatsappusername", "identifierValue": "12345678"}
    assert isinstance(read(body), BadItem)


def test_there_are_no_numbers_to_list_and_no_handshake() -> None:
    assert list(adapter().fetch_numbers()) == []
    assert adapter().webhook_challenge({"hub.mode": "subscribe"}) is None
    assert CASES.slug == MessageBird.slug
