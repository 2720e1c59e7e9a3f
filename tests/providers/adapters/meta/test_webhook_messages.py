"""Statuses, inbound messages and preferences: each documented payload, and bad items among good ones."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from providers.contracts import (
    BadItem,
    DeliveryStatus,
    IdentityChangeEvent,
    InboundEvent,
    PreferenceEvent,
    PriceReport,
    StatusEvent,
    UnknownEvent,
)
from providers.errors import Reason
from tests.providers.adapters.meta.payloads import (
    messages,
    names,
    only,
    parse,
    payload,
)

ENTRY_TIME = datetime.fromtimestamp(1794153600, UTC)
PHONE = "+5491155550100"
BSUID = "AR.27183920456611029384"
NUMBER_ID = "298117653388214"


# --- statuses -------------------------------------------------------------------------------------------------------

# name of the payload: status, second of 1794153600, category, pricing type, billable
STATUSES: dict[str, tuple[DeliveryStatus, int, str, str, bool | None]] = {
    "webhook_status_sent": (DeliveryStatus.SENT, 0, "marketing", "regular", True),
    "webhook_status_sent_utility": (DeliveryStatus.SENT, 0, "utility", "regular", True),
    "webhook_status_sent_v23_with_conversation": (DeliveryStatus.SENT, 0, "marketing", "regular", True),
    "webhook_status_delivered": (DeliveryStatus.DELIVERED, 4, "marketing", "regular", True),
    "webhook_status_delivered_authentication": (DeliveryStatus.DELIVERED, 3, "authentication", "regular", True),
    "webhook_status_delivered_bsuid_only": (DeliveryStatus.DELIVERED, 4, "marketing", "regular", True),
    "webhook_status_delivered_free_entry_point": (
        DeliveryStatus.DELIVERED,
        4,
        "marketing",
        "free_entry_point",
        False,
    ),
    "webhook_status_delivered_marketing_lite": (DeliveryStatus.DELIVERED, 3, "marketing_lite", "regular", True),
    "webhook_status_delivered_service_from_2026_10": (DeliveryStatus.DELIVERED, 4, "service", "regular", True),
    "webhook_status_delivered_utility_free_window_before_2026_10": (
        DeliveryStatus.DELIVERED,
        1788000000 - 1794153600,
        "utility",
        "free_customer_service",
        False,
    ),
    "webhook_status_delivered_utility_in_window_from_2026_10": (
        DeliveryStatus.DELIVERED,
        4,
        "utility",
        "regular",
        True,
    ),
    "webhook_status_read": (DeliveryStatus.READ, 61, "", "", None),
    "webhook_status_read_without_delivered": (DeliveryStatus.READ, 2, "marketing", "regular", True),
}
FAILURES = {
    "webhook_status_failed_130472": Reason.RECIPIENT_EXPERIMENT,
    "webhook_status_failed_131000": Reason.PROVIDER_ERROR,
    "webhook_status_failed_131026": Reason.RECIPIENT_UNREACHABLE,
    "webhook_status_failed_131042": Reason.BILLING,
    "webhook_status_failed_131047": Reason.WINDOW_CLOSED,
    "webhook_status_failed_131048": Reason.NUMBER_BLOCKED,
    "webhook_status_failed_131049": Reason.MARKETING_LIMIT,
    "webhook_status_failed_131050": Reason.MARKETING_OPT_OUT,
    "webhook_status_failed_131053": Reason.MEDIA_FETCH,
    "webhook_status_failed_132015": Reason.TEMPLATE_PAUSED,
}


def test_every_status_payload_is_in_a_table() -> None:
    assert set(names("webhook_status_*")) == set(STATUSES) | set(FAILURES)


@pytest.mark.parametrize("name", STATUSES)
def test_a_status_is_read(name: str) -> None:
    status, second, category, pricing_type, billable = STATUSES[name]
    event = only(payload(name))
    assert isinstance(event, StatusEvent)
    item = payload(name)["entry"][0]["changes"][0]["value"]["statuses"][0]
    assert (event.provider_message_id, event.reference) == (item["id"], item.get("biz_opaque_callback_data", ""))
    assert (event.status, event.raw_status) == (status, item["status"])
    assert event.occurred_at.timestamp() == 1794153600 + second
    assert event.sender_external_id == NUMBER_ID
    expected = PriceReport(billable, category, pricing_type) if category else None
    assert event.price == expected


@pytest.mark.parametrize("name", FAILURES)
def test_a_failure_is_read_with_its_reason(name: str) -> None:
    event = only(payload(name))
    assert isinstance(event, StatusEvent)
    assert event.status is DeliveryStatus.FAILED
    assert (event.error_code, event.error_reason) == (name.rpartition("_")[2], FAILURES[name])
    assert event.error_detail
    assert event.recipient_phone == PHONE


def test_a_recipient_may_have_a_user_id_alone() -> None:
    event = only(payload("webhook_status_delivered_bsuid_only"))
    assert isinstance(event, StatusEvent)
    assert (event.recipient_phone, event.recipient_bsuid) == ("", BSUID)


def test_a_batch_over_entries_and_changes_keeps_its_order() -> None:
    events = parse(payload("webhook_statuses_batched_out_of_order"))
    found = [(event.status, event.sender_external_id) for event in events if isinstance(event, StatusEvent)]
    assert found == [
        (DeliveryStatus.DELIVERED, NUMBER_ID),
        (DeliveryStatus.SENT, NUMBER_ID),
        (DeliveryStatus.READ, NUMBER_ID),
        (DeliveryStatus.FAILED, "298117653399999"),
    ]


def status_item(**change: Any) -> dict[str, Any]:
    item = {"id": "wamid.x", "status": "sent", "timestamp": "1794153600", "recipient_id": "5491155550100", **change}
    return {name: value for name, value in item.items() if value is not None}


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("played", DeliveryStatus.READ),
        ("deleted", DeliveryStatus.UNKNOWN),
        ("teleported", DeliveryStatus.UNKNOWN),
        ("DELIVERED", DeliveryStatus.DELIVERED),
    ],
)
def test_an_unknown_status_word_is_kept_as_unknown(word: str, status: DeliveryStatus) -> None:
    event = only(messages(statuses=[status_item(status=word)]))
    assert isinstance(event, StatusEvent)
    assert (event.status, event.raw_status) == (status, word)


def test_a_hyphen_in_a_pricing_category_becomes_an_underscore() -> None:
    pricing = {"category": "authentication-international", "type": "regular", "billable": "yes"}
    event = only(messages(statuses=[status_item(pricing=pricing)]))
    assert isinstance(event, StatusEvent)
    assert event.price == PriceReport(None, "authentication_international", "regular")


def test_a_status_of_a_code_that_is_not_listed_has_a_reason_too() -> None:
    event = only(messages(statuses=[status_item(status="failed", errors=[{"code": 987654, "title": "New"}])]))
    assert isinstance(event, StatusEvent)
    assert (event.error_code, event.error_reason, event.error_detail) == ("987654", Reason.PROVIDER_REJECTED, "New")


def test_our_reference_is_enough_to_tell_the_message() -> None:
    event = only(messages(statuses=[status_item(id=None, biz_opaque_callback_data="hsm:1")]))
    assert isinstance(event, StatusEvent)
    assert (event.provider_message_id, event.reference) == ("", "hsm:1")


@pytest.mark.parametrize(
    "item",
    [
        None,
        7,
        "text",
        [],
        {},
        status_item(id=None),
        status_item(id={"a": 1}),
        status_item(status=None),
        status_item(status=["sent"]),
        status_item(timestamp=None),
        status_item(timestamp="yesterday"),
        status_item(timestamp="-5"),
        status_item(timestamp="9" * 18),
        status_item(timestamp=True),
    ],
)
def test_one_bad_item_is_told_and_the_others_go_on(item: Any) -> None:
    first, bad, last = parse(messages(statuses=[status_item(id="wamid.1"), item, status_item(id="wamid.3")]))
    assert isinstance(bad, BadItem)
    assert bad.position == "entry[0].changes[0].value.statuses[1]"
    assert bad.payload == item
    assert isinstance(first, StatusEvent)
    assert isinstance(last, StatusEvent)
    assert (first.provider_message_id, last.provider_message_id) == ("wamid.1", "wamid.3")


@pytest.mark.parametrize("timestamp", ["1794153600", 1794153600, 1794153600.0, 1794153600000])
def test_a_time_may_be_text_number_or_milliseconds(timestamp: Any) -> None:
    event = only(messages(statuses=[status_item(timestamp=timestamp)]))
    assert isinstance(event, StatusEvent)
    assert event.occurred_at == ENTRY_TIME


# --- inbound --------------------------------------------------------------------------------------------------------

# name of the payload: kind, text, button payload, has context
INBOUND: dict[str, tuple[str, str, str, bool]] = {
    "webhook_inbound_text": ("text", "¿Hasta qué hora atienden?", "", False),
    "webhook_inbound_text_ctwa_referral": ("text", "Hola! Quiero más info", "", False),
    "webhook_inbound_text_opt_out_keyword": ("text", "BAJA", "", False),
    "webhook_inbound_text_reply_to_template": ("text", "Gracias, ya pagué", "", True),
    "webhook_inbound_text_username_no_phone": ("text", "Hola", "", False),
    "webhook_inbound_button_quick_reply": ("button", "No recibir más", "BAJA|01JC9Z6T8Q", True),
    "webhook_inbound_interactive_button_reply": ("interactive", "Confirmar", "confirmar", True),
    "webhook_inbound_interactive_list_reply": ("interactive", "Sucursal Centro", "suc_centro", True),
    "webhook_inbound_flow_nfm_reply": ("interactive", "Sent", "", True),
    "webhook_inbound_unsupported": ("unsupported", "", "", False),
}


def test_every_inbound_payload_is_in_the_table() -> None:
    assert set(names("webhook_inbound_*")) == set(INBOUND)


@pytest.mark.parametrize("name", INBOUND)
def test_an_inbound_message_is_read(name: str) -> None:
    kind, text, button_payload, has_context = INBOUND[name]
    item = payload(name)["entry"][0]["changes"][0]["value"]["messages"][0]
    event = only(payload(name))
    assert isinstance(event, InboundEvent)
    assert (event.kind, event.text, event.button_payload) == (kind, text, button_payload)
    assert event.provider_message_id == item["id"]
    assert event.context_message_id == (item["context"]["id"] if has_context else "")
    assert event.phone == ("" if "no_phone" in name else PHONE)
    assert (event.bsuid, event.profile_name, event.sender_external_id) == (BSUID, "Lucía Fernández", NUMBER_ID)
    assert event.payload == item


def inbound_item(kind: str, **content: Any) -> dict[str, Any]:
    return {"from": "5491155550100", "id": "wamid.in", "timestamp": "1794153720", "type": kind, **content}


@pytest.mark.parametrize(
    ("item", "kind", "text"),
    [
        (inbound_item("image", image={"id": "1", "caption": "mirá"}), "image", "mirá"),
        (inbound_item("video", video={"id": "1"}), "video", ""),
        (inbound_item("audio", audio={"id": "1", "voice": True}), "audio", ""),
        (inbound_item("sticker", sticker={"id": "1"}), "sticker", ""),
        (inbound_item("document", document={"id": "1", "filename": "a.pdf"}), "document", "a.pdf"),
        (inbound_item("reaction", reaction={"message_id": "wamid.out", "emoji": "👍"}), "reaction", "👍"),
        (inbound_item("location", location={"latitude": -34.6, "longitude": -58.3}), "location", "-34.6, -58.3"),
        (inbound_item("location", location={"name": "Obelisco", "address": "CABA"}), "location", "Obelisco, CABA"),
        (inbound_item("contacts", contacts=[{"name": {"formatted_name": "Ana"}}]), "contacts", "Ana"),
        (inbound_item("order", order={"text": "dos"}), "order", "dos"),
        (inbound_item("hologram", hologram={"caption": "boo"}), "unknown", ""),
        (inbound_item("text"), "text", ""),
        (inbound_item("text", text="junk"), "text", ""),
        (inbound_item("interactive", interactive={"type": "new_kind"}), "interactive", ""),
    ],
)
def test_every_kind_of_message_has_what_a_person_reads(item: dict[str, Any], kind: str, text: str) -> None:
    event = only(messages(messages=[item]))
    assert isinstance(event, InboundEvent)
    assert (event.kind, event.text, event.phone) == (kind, text, PHONE)


def test_a_reaction_points_at_the_message_it_is_about() -> None:
    item = inbound_item("reaction", reaction={"message_id": "wamid.out", "emoji": "👍"})
    event = only(messages(messages=[item]))
    assert isinstance(event, InboundEvent)
    assert event.context_message_id == "wamid.out"


def test_each_message_of_a_batch_gets_the_name_of_its_own_sender() -> None:
    contacts = [
        {"profile": {"name": "Lucía"}, "wa_id": "5491155550100", "user_id": BSUID},
        {"profile": {"name": "Bruno"}, "wa_id": "5491155550101", "user_id": "AR.2"},
    ]
    second = {**inbound_item("text"), "from": "5491155550101"}
    events = parse(messages(contacts=contacts, messages=[second, inbound_item("text")]))
    found = [(event.profile_name, event.bsuid) for event in events if isinstance(event, InboundEvent)]
    assert found == [("Bruno", "AR.2"), ("Lucía", BSUID)]


@pytest.mark.parametrize("kind", ["edit", "revoke", "request_welcome", "system"])
def test_what_is_no_new_message_is_kept_but_opens_no_window(kind: str) -> None:
    event = only(messages(messages=[inbound_item(kind)]))
    assert isinstance(event, UnknownEvent)


@pytest.mark.parametrize("change", [{"from": ""}, {"from": "me"}, {"id": ""}, {"timestamp": ""}])
def test_an_inbound_message_without_sender_id_or_time_is_a_bad_item(change: dict[str, str]) -> None:
    assert isinstance(only(messages(messages=[{**inbound_item("text"), **change}])), BadItem)


def test_what_the_database_cannot_store_is_taken_out() -> None:
    body = json.dumps(messages(messages=[inbound_item("text", text={"body": "a\x00b\ud800c"})]))
    event = only(body.replace('"body"', '"n": NaN, "i": 1e999, "body"').encode())
    assert isinstance(event, InboundEvent)
    assert event.text == "ab?c"
    assert event.payload["text"] == {"n": None, "i": None, "body": "ab?c"}


def test_a_changed_number_is_read() -> None:
    event = only(payload("webhook_system_user_changed_number"))
    assert event == IdentityChangeEvent(
        occurred_at=datetime.fromtimestamp(1794153740, UTC), old_phone=PHONE, new_phone="+5491155550177"
    )


def test_a_changed_number_that_says_not_to_what_is_a_bad_item() -> None:
    body = payload("webhook_system_user_changed_number")
    del body["entry"][0]["changes"][0]["value"]["messages"][0]["system"]["wa_id"]
    assert isinstance(only(body), BadItem)


# --- preferences ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("word", "opted_out"), [("stop", True), ("resume", False), ("signup", False)])
def test_a_marketing_preference_is_read(word: str, opted_out: bool) -> None:
    event = only(payload(f"webhook_user_preferences_{word}"))
    assert isinstance(event, PreferenceEvent)
    assert (event.opted_out, event.phone, event.occurred_at) == (opted_out, PHONE, ENTRY_TIME)
    assert event.bsuid == BSUID
    assert event.detail


def test_a_preference_of_a_person_without_a_phone_is_found_by_the_contact() -> None:
    body = payload("webhook_user_preferences_stop")
    value = body["entry"][0]["changes"][0]["value"]
    del value["user_preferences"][0]["wa_id"]
    del value["contacts"][0]["wa_id"]
    event = only(body)
    assert isinstance(event, PreferenceEvent)
    assert (event.opted_out, event.phone, event.bsuid) == (True, "", BSUID)


@pytest.mark.parametrize("change", [{"value": "maybe"}, {"category": "utility_messages"}])
def test_an_unknown_preference_changes_nothing(change: dict[str, str]) -> None:
    body = payload("webhook_user_preferences_stop")
    body["entry"][0]["changes"][0]["value"]["user_preferences"][0].update(change)
    assert isinstance(only(body), UnknownEvent)
