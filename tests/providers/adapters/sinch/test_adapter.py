"""What the contract suite leaves: corner cases of sending, the error table, the signature, odd webhooks."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from providers.adapters.sinch import Sinch
from providers.adapters.sinch.errors import delivery_meaning
from providers.adapters.sinch.send import payload_build
from providers.contracts import (
    BadItem,
    BadSignature,
    DeliveryStatus,
    OutboundMessage,
    Recipient,
    StatusEvent,
    TemplateContent,
    TextContent,
    UnknownEvent,
    WebhookRequest,
)
from providers.errors import Park, Reason, SendError
from providers.policy import suppresses
from tests.contract.cases_sinch import APP, CASES, button, header, outbound
from tests.providers.adapters.sinch.wire import adapter, exchanged, payload
from tests.providers.wire import message, run

# --- sending -----------------------------------------------------------------------------------------------------------


def parameters(*components: dict[str, Any], definition: list[dict[str, Any]] | None = None) -> dict[str, str]:
    content = TemplateContent("x", "es_AR", list(components), "utility", definition=definition or [])
    built = payload_build(message(content=content), APP)["message"]["template_message"]["channel_template"]
    found: dict[str, str] = built["WHATSAPP"].get("parameters", {})
    return found


def failure(made: Sinch, sent: OutboundMessage) -> SendError:
    with pytest.raises(SendError) as caught:
        run(made.send(sent))
    return caught.value


def test_a_text_goes_as_a_text_message() -> None:
    assert payload_build(message(content=TextContent("Hola")), APP)["message"] == {"text_message": {"text": "Hola"}}


def test_a_template_without_values_has_no_parameters() -> None:
    built = payload_build(outbound("aviso"), APP)["message"]["template_message"]["channel_template"]["WHATSAPP"]
    assert built == {"template_id": "aviso", "language_code": "es_AR"}


def test_a_text_header_and_a_code_are_parameters() -> None:
    found = parameters(
        {"type": "header", "parameters": [{"type": "text", "text": "Oferta"}]},
        button("copy_code", 2, {"type": "coupon_code", "coupon_code": "CYBER25"}),
    )
    assert found == {"header[1]text": "Oferta", "button[2]copy_code[1]coupon_code": "CYBER25"}


def test_money_and_dates_go_as_words() -> None:
    money = {"type": "currency", "currency": {"fallback_value": "$ 100", "code": "ARS", "amount_1000": 100000}}
    date = {"type": "date_time", "date_time": {"fallback_value": "15/11/2026"}}
    found = parameters({"type": "body", "parameters": [money, date]})
    assert found == {"body[1]text": "$ 100", "body[2]text": "15/11/2026"}


def test_quick_replies_without_an_answer_bring_back_their_label() -> None:
    buttons = [
        {"type": "URL", "text": "Ver"},
        {"type": "QUICK_REPLY", "text": "Sí"},
        {"type": "QUICK_REPLY", "text": "No"},
    ]
    found = parameters(
        button("quick_reply", 1, {"type": "payload", "payload": "si"}),
        definition=[{"type": "BODY", "text": "Hola"}, {"type": "BUTTONS", "buttons": buttons}],
    )
    assert found == {"button[1]quick_reply[1]payload": "si", "button[2]quick_reply[1]payload": "No"}


@pytest.mark.parametrize(
    ("component", "code"),
    [
        (header("location", latitude="1", longitude="2"), "header_location"),
        (button("flow", 0, {"type": "action", "action": {}}), "button_flow"),
        ({"type": "carousel", "cards": []}, "carousel"),
        (header("image", id="123456"), "header_image"),
    ],
)
def test_what_it_cannot_carry_is_refused_by_name_before_any_call(component: dict[str, Any], code: str) -> None:
    error = failure(adapter(), outbound("x", component))
    assert (error.kind, error.reason, error.provider_code) == ("rejected", Reason.UNSUPPORTED, code)
    assert error.exchange is None


def test_a_person_without_a_phone_is_refused_before_any_call() -> None:
    error = failure(adapter(), message(recipient=Recipient(bsuid="AR.27183920456611029384")))
    assert (error.kind, error.reason) == ("rejected", Reason.BSUID_NOT_SUPPORTED)


@pytest.mark.parametrize("region", ["ar", "us-east"])
def test_an_unknown_region_parks_the_account_before_any_call(region: str) -> None:
    error = failure(adapter(region=region), message())
    assert (error.reason, error.park, error.exchange) == (Reason.CONFIGURATION, Park.ACCOUNT, None)


@pytest.mark.parametrize(("region", "host"), [("", "us"), ("EU", "eu"), ("br\n", "br")])
def test_the_region_is_part_of_the_address(region: str, host: str) -> None:
    assert adapter(region=region)._project().startswith(f"https://{host}.conversation.api.sinch.com/v1/projects/")


@pytest.mark.parametrize(
    ("status", "body", "kind", "reason", "code"),
    [
        ("400 X", {"error": {"status": "NEW", "message": "odd"}}, "rejected", Reason.BAD_REQUEST, "HTTP 400"),
        ("409 X", {"error": {"status": "ABORTED", "message": "odd"}}, "rejected", Reason.PROVIDER_REJECTED, "HTTP 409"),
        ("503 X", {"error": {"status": "UNAVAILABLE"}}, "uncertain", Reason.PROVIDER_ERROR, "UNAVAILABLE"),
        (
            "503 X",
            {"error": {"status": "RESOURCE_EXHAUSTED"}},
            "uncertain",
            Reason.PROVIDER_ERROR,
            "RESOURCE_EXHAUSTED",
        ),
        ("500 X", {"error": {"status": "INVALID_ARGUMENT"}}, "uncertain", Reason.PROVIDER_ERROR, "INVALID_ARGUMENT"),
        (
            "200 X",
            {"message_id": "01H", "error": {"status": "RESOURCE_EXHAUSTED"}},
            "uncertain",
            Reason.UNREADABLE_ANSWER,
            "RESOURCE_EXHAUSTED",
        ),
        ("401 X", b"<html>", "uncertain", Reason.UNREADABLE_ANSWER, "HTTP 401"),
        ("404 X", {}, "uncertain", Reason.UNREADABLE_ANSWER, "HTTP 404"),
        ("200 X", {"error": {"status": "NEW"}}, "uncertain", Reason.UNREADABLE_ANSWER, "HTTP 200"),
        ("200 X", {"message_id": 7.5}, "uncertain", Reason.UNREADABLE_ANSWER, ""),
    ],
)
def test_what_is_not_listed_is_closed_by_default(status: str, body: Any, kind: str, reason: Reason, code: str) -> None:
    async def work(made: Sinch) -> SendError:
        with pytest.raises(SendError) as caught:
            await made.send(message())
        return caught.value

    error, _asked = exchanged([(status, body)], work)
    assert (error.kind, error.reason, error.provider_code) == (kind, reason, code)


# --- the table -----------------------------------------------------------------------------------------------------------

# The delivery reasons of the contract page, group by group.
RETRIED = {"INTERNAL_ERROR", "CHANNEL_FAILURE", "RATE_LIMITED"}
AMBIGUOUS = {"UNKNOWN", "DELIVERY_TIMED_OUT", "DELIVERY_REPORT_TIME_OUT"}
RECIPIENT = {
    "RECIPIENT_INVALID_CHANNEL_IDENTITY",
    "RECIPIENT_NOT_REACHABLE",
    "RECIPIENT_NOT_OPTED_IN",
    "NO_CHANNELS_LEFT",
    "NO_CHANNEL_IDENTITY_FOR_CONTACT",
    "CONTACT_NOT_FOUND",
    "NO_PROFILE_AVAILABLE",
}
MESSAGE = {
    "OUTSIDE_ALLOWED_SENDING_WINDOW",
    "CHANNEL_REJECT",
    "DELIVERY_REJECTED_DUE_TO_POLICY",
    "BAD_REQUEST",
    "UNSUPPORTED_OPERATION",
    "MESSAGE_SPLIT_REQUIRED",
    "MEDIA_TYPE_UNSUPPORTED",
    "MEDIA_TOO_LARGE",
    "MEDIA_NOT_REACHABLE",
    "MESSAGE_EXPIRED",
}
TEMPLATE = {
    "TEMPLATE_NOT_FOUND",
    "TEMPLATE_INSUFFICIENT_PARAMETERS",
    "TEMPLATE_NON_EXISTING_LANGUAGE_OR_VERSION",
}
ACCOUNT = {
    "CHANNEL_BAD_CONFIGURATION",
    "CHANNEL_CONFIGURATION_MISSING",
    "UNKNOWN_APP",
    "NO_PERMISSION",
    "INACTIVE_CREDENTIAL",
}
CALLS = {
    "INVALID_ARGUMENT",
    "UNAUTHENTICATED",
    "PERMISSION_DENIED",
    "NOT_FOUND",
    "RESOURCE_EXHAUSTED",
    "INTERNAL",
    "UNAVAILABLE",
    *(f"HTTP {number}" for number in (400, 401, 403, 404, 429, 500, 503)),
}
SUBS = {"ATTACHMENT_REJECTED", "MEDIA_TYPE_UNDETERMINED", "INACTIVE_SENDER"}


def test_the_table_has_every_code_of_the_page_and_no_other() -> None:
    groups = (RETRIED, AMBIGUOUS, RECIPIENT, MESSAGE, TEMPLATE, ACCOUNT, CALLS, SUBS)
    assert set(Sinch.error_codes) == set().union(*groups)


def test_what_the_page_calls_ambiguous_is_unproven_and_nothing_else_is() -> None:
    unproven = {code for code, row in Sinch.error_codes.items() if not row.proven}
    assert unproven == AMBIGUOUS | {"INTERNAL", "UNAVAILABLE", "HTTP 500", "HTTP 503"}


# --- webhooks ------------------------------------------------------------------------------------------------------------

VECTOR = payload("signature-vector.json")
FAILED = payload("webhook-failed-internal-error.json")


def test_the_documented_signature_is_accepted() -> None:
    made = adapter(webhook_secret=VECTOR["secret"])
    made.verify_webhook(WebhookRequest(VECTOR["raw_body"].encode(), VECTOR["headers"]))


@pytest.mark.parametrize(
    "changed",
    [
        {"x-sinch-webhook-signature-nonce": "other"},
        {"x-sinch-webhook-signature-timestamp": "1795183395"},
        {"x-sinch-webhook-signature-timestamp": ""},
        {"x-sinch-webhook-signature-algorithm": "none"},
        {"x-sinch-webhook-signature": ""},
        {"x-sinch-webhook-signature": "ñ"},
    ],
)
def test_every_part_of_the_signature_counts(changed: dict[str, str]) -> None:
    with pytest.raises(BadSignature):
        adapter(webhook_secret=VECTOR["secret"]).verify_webhook(
            WebhookRequest(VECTOR["raw_body"].encode(), {**VECTOR["headers"], **changed})
        )


def test_an_account_without_a_secret_takes_no_webhook() -> None:
    with pytest.raises(BadSignature):
        adapter(webhook_secret="").verify_webhook(WebhookRequest(VECTOR["raw_body"].encode(), VECTOR["headers"]))


def read(body: Any) -> Any:
    (item,) = adapter().parse_webhook(WebhookRequest(json.dumps(body).encode(), {}))
    return item


def with_reason(code: str, sub_code: str = "UNSPECIFIED_SUB_CODE") -> Any:
    body = copy.deepcopy(FAILED)
    body["message_delivery_report"]["reason"] = {"code": code, "description": "words", "sub_code": sub_code}
    return read(body)


@pytest.mark.parametrize("code", sorted(AMBIGUOUS))
def test_an_ambiguous_failure_proves_nothing(code: str) -> None:
    event = with_reason(code)
    assert (event.status, event.raw_status, event.error_code) == (DeliveryStatus.UNKNOWN, "FAILED", code)


def test_an_unlisted_failure_is_a_failure() -> None:
    event = with_reason("SOMETHING_NEW")
    assert (event.status, event.error_reason) == (DeliveryStatus.FAILED, Reason.PROVIDER_REJECTED)


def test_a_sub_code_is_more_telling_than_its_code() -> None:
    event = with_reason("CHANNEL_REJECT", "INACTIVE_SENDER")
    assert (event.error_reason, event.error_detail) == (Reason.NUMBER_NOT_REGISTERED, "words (INACTIVE_SENDER)")


def test_the_correlation_of_a_conversation_is_no_reference() -> None:
    body = copy.deepcopy(FAILED)
    body["message_delivery_report"]["metadata"] = ""
    event = read(body)
    assert isinstance(event, StatusEvent)
    assert event.reference == ""


@pytest.mark.parametrize(
    "change",
    [{"app_id": "another app"}, {"trigger": "CONTACT_CREATE"}, {"trigger": ["MESSAGE_DELIVERY"]}],
)
def test_what_is_not_for_this_account_is_kept_and_does_nothing(change: dict[str, Any]) -> None:
    assert isinstance(read({**FAILED, **change}), UnknownEvent)


@pytest.mark.parametrize("name", ["webhook-delivered.json", "webhook-inbound-text.json"])
def test_another_channel_is_kept_and_does_nothing(name: str) -> None:
    body = payload(name)
    holder = body.get("message_delivery_report") or body["message"]
    holder["channel_identity"]["channel"] = "SMS"
    assert isinstance(read(body), UnknownEvent)


@pytest.mark.parametrize("name", ["message_delivery_report", "event_time"])
def test_a_report_without_what_it_is_about_is_shown_as_broken(name: str) -> None:
    body = {key: value for key, value in FAILED.items() if key not in (name, "accepted_time")}
    assert isinstance(read(body), BadItem)


@pytest.mark.parametrize(
    ("content", "kind", "text"),
    [
        ({"media_message": {"url": "https://cdn.example/a.JPG?x=1"}}, "image", ""),
        ({"media_message": {"url": "https://cdn.example/file"}}, "document", ""),
        ({"media_card_message": {"url": "https://cdn.example/a.mp4", "caption": "Mirá"}}, "video", "Mirá"),
        ({"location_message": {"title": "Casa", "coordinates": {}}}, "location", "Casa"),
        ({"fallback_message": {"raw_message": "x"}}, "unsupported", ""),
        ({"something_new": {}}, "unknown", ""),
    ],
)
def test_other_inbound_kinds_are_read_as_far_as_sinch_tells(content: dict[str, Any], kind: str, text: str) -> None:
    body = payload("webhook-inbound-text.json")
    body["message"]["contact_message"] = content
    event = read(body)
    assert (event.kind, event.text) == (kind, text)


def test_a_reply_names_what_it_answers() -> None:
    body = payload("webhook-inbound-text.json")
    body["message"]["contact_message"]["reply_to"] = {"message_id": "01HFA1"}
    assert read(body).context_message_id == "01HFA1"


def test_nothing_that_is_printed_shows_a_secret() -> None:
    secret = CASES.credentials["key_secret"]
    assert all(secret not in repr(value) for value in vars(adapter()).values())


def test_there_are_no_numbers_to_list_and_no_handshake() -> None:
    assert list(adapter().fetch_numbers()) == []
    assert adapter().webhook_challenge({"hub.mode": "subscribe"}) is None
    assert CASES.slug == Sinch.slug


def test_a_person_who_did_not_opt_in_has_not_opted_out() -> None:
    assert not suppresses(delivery_meaning("RECIPIENT_NOT_OPTED_IN", "").reason)
