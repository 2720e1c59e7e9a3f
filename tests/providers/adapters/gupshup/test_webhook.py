"""Corner cases of both forms of webhooks."""

from __future__ import annotations

import json
from typing import Any

import pytest

from providers.contracts import (
    AccountEvent,
    BadItem,
    BadSignature,
    DeliveryStatus,
    Event,
    InboundEvent,
    PreferenceEvent,
    PriceEvent,
    Protection,
    StatusEvent,
    TemplateEvent,
    UnknownEvent,
    UnreadableWebhook,
    WebhookRequest,
)
from providers.errors import Reason
from tests.contract.cases_gupshup import APP, CASES, GS_ID, NUMBER, PHONE, WAMID, payload


def parsed(body: Any) -> list[Event | BadItem]:
    return CASES.adapter().parse_webhook(WebhookRequest(json.dumps(body).encode(), {}))


def only(body: Any) -> Event | BadItem:
    (event,) = parsed(body)
    return event


def status(body: Any) -> StatusEvent:
    event = only(body)
    assert isinstance(event, StatusEvent)
    return event


def v2(kind: str, item: dict[str, Any], **envelope: Any) -> dict[str, Any]:
    return {"app": "TurnosDemo", "timestamp": 1795183391000, "version": 2, "type": kind, "payload": item, **envelope}


def v3(field: str, value: dict[str, Any]) -> dict[str, Any]:
    change = {"field": field, "value": value}
    entry = {"id": "102290129340398", "time": 1795183391000, "changes": [change]}
    return {"object": "whatsapp_business_account", "gs_app_id": APP, "entry": [entry]}


def changed(fixture: str, **fields: Any) -> dict[str, Any]:
    body: dict[str, Any] = payload(fixture)
    body["payload"] |= fields
    return body


# --- what a lost answer can be found by ----------------------------------------------------------------------------------


@pytest.mark.parametrize("fixture", ["v2-enqueued", "v2-failed-sync-1002", "v2-sent", "v2-delivered", "v3-delivered"])
def test_an_event_with_gupshups_id_names_message_person_and_number(fixture: str) -> None:
    event = status(payload(f"webhook-{fixture}.json"))
    assert (event.provider_message_id, event.recipient_phone, event.sender_external_id) == (GS_ID, PHONE, NUMBER)


def test_an_event_with_only_whatsapps_id_names_no_person() -> None:
    event = status(payload("webhook-v2-sent-mmlite-no-gsid.json"))
    assert (event.provider_message_id, event.recipient_phone) == (WAMID, "")


def test_a_person_may_be_named_by_the_user_id_alone() -> None:
    event = status(changed("webhook-v2-delivered.json", destination="", userId="US.13491208655302741918"))
    assert (event.recipient_phone, event.recipient_bsuid) == ("", "US.13491208655302741918")


def test_the_number_of_the_envelope_wins_over_the_accounts() -> None:
    assert status(payload("webhook-v2-read.json") | {"phone": "5491155550777"}).sender_external_id == "5491155550777"


# --- words and times -----------------------------------------------------------------------------------------------------


def test_an_unknown_word_is_an_unknown_status() -> None:
    event = status(changed("webhook-v2-sent.json", type="teleported"))
    assert (event.status, event.raw_status) == (DeliveryStatus.UNKNOWN, "teleported")


def test_a_time_may_be_a_text() -> None:
    event = status(changed("webhook-v2-read.json", payload={"ts": "1592311836"}))
    assert event.occurred_at.timestamp() == 1592311836


def test_without_a_time_of_its_own_the_envelopes_counts() -> None:
    event = status(changed("webhook-v2-read.json", payload={}))
    assert event.occurred_at.timestamp() == 1795183451.912


@pytest.mark.parametrize(
    "body",
    [
        v2("message-event", {"type": "mismatch", "wa_id": "5491155550100", "phone": "541155550100"}),
        v2("user-event", {"type": "sandbox-start", "phone": "5491155550100"}),
        v2("user-event", {"type": "opted-in", "phone": "5491155550100"}),
        v2("something-new", {"a": 1}),
        v3("platform-event", {"type": "connectivity-check", "initiator": "gupshup"}),
        v3("messages", {"statuses": [{"type": "set-callback"}]}),
        {"statuses": [{"type": "set-callback"}]},
    ],
)
def test_what_is_no_news_is_only_kept(body: Any) -> None:
    assert isinstance(only(body), UnknownEvent)


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"entry": []}', b'{"type": 7.5}'])
def test_a_body_that_is_no_webhook_says_so(body: bytes) -> None:
    with pytest.raises(UnreadableWebhook):
        CASES.adapter().parse_webhook(WebhookRequest(body, {}))


@pytest.mark.parametrize(
    "body",
    [
        v2("message-event", {"type": "sent", "destination": "5491155550100"}),
        v2("message-event", {"id": GS_ID, "type": "sent", "payload": {"ts": "soon"}}, timestamp="late"),
        v2("message", {"id": "wamid.x", "type": "text", "payload": {"text": "Hola"}}),
        v2("billing-event", {"deductions": {}, "references": {}}),
        v2("template-event", {"type": "status-update", "status": "approved"}),
        v2("preference-event", {"payload": {}}),
        {"type": "message", "payload": "text"},
        {"entry": [{"changes": "none"}]},
        {"entry": [{"changes": [{"field": "messages"}]}]},
    ],
)
def test_what_misses_its_essentials_is_a_bad_item(body: Any) -> None:
    assert isinstance(only(body), BadItem)


def test_one_bad_status_costs_no_other() -> None:
    body = payload("webhook-v3-delivered.json")
    body["entry"][0]["changes"][0]["value"]["statuses"].insert(0, "odd")
    bad, good = parsed(body)
    assert isinstance(bad, BadItem)
    assert isinstance(good, StatusEvent)


# --- inbound -------------------------------------------------------------------------------------------------------------


def inbound(body: Any) -> InboundEvent:
    event = only(body)
    assert isinstance(event, InboundEvent)
    return event


def test_a_tap_that_comes_as_a_text_is_a_button() -> None:
    event = inbound(changed("webhook-v2-inbound-quick-reply.json", type="text"))
    assert (event.kind, event.text, event.button_payload) == ("button", "Confirmar", "confirm:1042")


def test_a_list_reply_has_its_title_and_id() -> None:
    reply = {"id": "row-1", "title": "Mañana", "reply": "Mañana 1"}
    event = inbound(changed("webhook-v2-inbound-text.json", type="list_reply", payload=reply))
    assert (event.kind, event.text, event.button_payload) == ("interactive", "Mañana", "row-1")


@pytest.mark.parametrize(
    ("word", "kind"), [("image", "image"), ("file", "document"), ("sticker", "sticker"), ("hologram", "unknown")]
)
def test_media_have_their_caption(word: str, kind: str) -> None:
    media = {"url": "https://filemanager.example/x", "contentType": "image/jpeg", "caption": "Mi factura"}
    event = inbound(changed("webhook-v2-inbound-text.json", type=word, payload=media))
    assert (event.kind, event.text) == (kind, "Mi factura")


def test_a_writer_may_have_no_phone() -> None:
    sender = {"name": "Ana", "userId": "US.13491208655302741918"}
    event = inbound(changed("webhook-v2-inbound-text.json", source="", sender=sender))
    assert (event.phone, event.bsuid) == ("", "US.13491208655302741918")


def test_a_message_in_the_third_form_is_read() -> None:
    item = {
        "from": "5491155550100",
        "id": "wamid.in",
        "timestamp": "1795183461",
        "type": "button",
        "button": {"payload": "confirm:1042", "text": "Confirmar"},
        "context": {"id": "wamid.out", "gs_id": GS_ID},
    }
    value = {
        "metadata": {"display_phone_number": "5491155550199"},
        "contacts": [{"profile": {"name": "Ana"}, "wa_id": "5491155550100"}],
        "messages": [item],
    }
    event = inbound(v3("messages", value))
    assert (event.kind, event.text, event.button_payload) == ("button", "Confirmar", "confirm:1042")
    assert (event.phone, event.profile_name, event.context_message_id) == (PHONE, "Ana", GS_ID)
    assert event.sender_external_id == NUMBER


# --- failures and prices of the third form ---------------------------------------------------------------------------------


def test_a_failure_may_come_in_gupshups_words() -> None:
    item = {"gs_id": GS_ID, "recipient_id": "5491155550100", "status": "failed", "timestamp": 1795183391000}
    event = status(v3("messages", {"statuses": [item | {"code": 1003, "reason": "Wallet balance low"}]}))
    assert (event.error_code, event.error_reason) == ("1003", Reason.BILLING)
    assert event.error_detail == "Wallet balance low"


def test_a_charge_in_the_third_form_is_read() -> None:
    billing = payload("webhook-v2-billing.json")["payload"]
    event = only(v3("billing-event", {"billing": billing}))
    assert isinstance(event, PriceEvent)
    assert (event.provider_message_id, event.price.category, event.price.amount) == (GS_ID, "utility", None)


# --- templates, account, people --------------------------------------------------------------------------------------------


def test_a_change_of_a_template_that_is_no_status_asks_for_a_sync() -> None:
    item = {"type": "category-update", "id": "x", "elementName": "order_update", "languageCode": "es-AR"}
    event = only(v2("template-event", item))
    assert isinstance(event, TemplateEvent)
    assert (event.status, event.language, event.components_changed) == ("", "es_AR", True)


def test_an_unknown_status_of_a_template_asks_for_a_sync() -> None:
    event = only(changed("webhook-v2-template-approved.json", status="frozen"))
    assert isinstance(event, TemplateEvent)
    assert (event.status, event.components_changed) == ("UNKNOWN", True)


def test_a_new_tier_is_the_accounts_limit_and_stops_nothing() -> None:
    item = {"type": "tier-event", "payload": {"oldLimit": "TIER_1K", "currentLimit": "TIER_10K"}}
    event = only(v2("account-event", item))
    assert isinstance(event, AccountEvent)
    assert (event.event, event.messaging_limit, event.park) == ("tier-event", 10_000, None)


def test_an_opt_out_at_gupshup_counts() -> None:
    event = only(v2("user-event", {"type": "opted-out", "phone": "5491155550100"}))
    assert isinstance(event, PreferenceEvent)
    assert (event.opted_out, event.phone) == (True, PHONE)


def test_marketing_may_be_resumed() -> None:
    body = payload("webhook-v2-preference-stop.json")
    body["payload"]["payload"]["user_preferences"][0]["value"] = "resume"
    event = only(body)
    assert isinstance(event, PreferenceEvent)
    assert event.opted_out is False


def test_a_preference_about_something_else_is_only_kept() -> None:
    body = payload("webhook-v2-preference-stop.json")
    body["payload"]["payload"]["user_preferences"][0]["category"] = "calls"
    assert isinstance(only(body), UnknownEvent)


# --- protection ------------------------------------------------------------------------------------------------------------


def test_the_secret_may_come_as_a_header() -> None:
    CASES.adapter().verify_webhook(CASES.signed(b"{}"))


def test_a_wrong_secret_is_refused() -> None:
    with pytest.raises(BadSignature):
        CASES.adapter().verify_webhook(WebhookRequest(b"{}", {"x-hook-secret": "guess"}))


def test_an_account_without_a_secret_is_protected_by_its_address_only() -> None:
    made = CASES.adapter()
    made.config.credentials.pop("webhook_secret")  # type: ignore[attr-defined]
    assert made.webhook_protection() is Protection.PATH
