from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from providers.contracts import (
    BadItem,
    BadSignature,
    DeliveryStatus,
    InboundEvent,
    PreferenceEvent,
    Protection,
    StatusEvent,
    TemplateEvent,
    UnknownEvent,
    UnreadableWebhook,
    WebhookRequest,
)
from providers.webhook_protection import SECRET_HEADER
from tests.contract.cases_infobip import REFERENCE, payload
from tests.providers.adapters.infobip.account import account, webhook


def parsed(document: Any) -> list[Any]:
    return account().parse_webhook(webhook(document))


def report(**changed: Any) -> StatusEvent:
    item = {**payload("webhook-delivered.json")["results"][0], **changed}
    (event,) = parsed({"results": [item]})
    assert isinstance(event, StatusEvent)
    return event


def message(**said: Any) -> InboundEvent:
    item = {**payload("webhook-inbound-text.json")["results"][0], "message": said}
    (event,) = parsed({"results": [item]})
    assert isinstance(event, InboundEvent)
    return event


# --- reports -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "error"),
    [
        ({"id": 23, "groupId": 5, "name": "REJECTED_DUPLICATE_MESSAGE_ID"}, {}),
        ({"id": 29, "groupId": 4, "name": "EXPIRED_DLR_UNKNOWN"}, {}),
        ({"id": 9, "groupId": 2}, {"id": 7051, "permanent": False}),
        ({"id": 9, "groupId": 2}, {"id": 7280, "permanent": True}),
        ({"id": 9, "groupId": 2}, {"id": 7999, "permanent": False}),
        ({"id": 99, "groupId": 9}, {}),
        ({}, {}),
    ],
)
def test_a_report_that_proves_nothing_moves_nothing(status: dict[str, Any], error: dict[str, Any]) -> None:
    assert report(status=status, error=error).status is DeliveryStatus.UNKNOWN


def test_a_price_of_nothing_is_not_called_free() -> None:
    price = report(price={"pricePerMessage": 0, "currency": "USD"}).price
    assert price is not None
    assert (price.billable, price.amount) == (None, Decimal("0"))


@pytest.mark.parametrize(
    "price",
    [
        None,
        {},
        {"pricePerMessage": 0.1},
        {"pricePerMessage": "much", "currency": "USD"},
        {"pricePerMessage": True, "currency": "USD"},
        {"pricePerMessage": -1, "currency": "USD"},
        {"pricePerMessage": None, "currency": "USD"},
    ],
)
def test_what_is_no_price_gives_none(price: Any) -> None:
    assert report(price=price).price is None


def test_a_price_keeps_its_digits() -> None:
    price = report(price={"pricePerMessage": 0.10, "currency": "EUR"}).price
    assert price is not None
    assert (price.amount, price.currency) == (Decimal("0.1"), "EUR")


def test_a_report_about_a_business_scoped_id_names_no_phone() -> None:
    event = report(to="AR.1349120865530274191", contact={"userId": "AR.1349120865530274191"})
    assert (event.recipient_phone, event.recipient_bsuid) == ("", "AR.1349120865530274191")


def test_a_report_without_a_done_time_takes_the_sent_time() -> None:
    assert report(doneAt=None).occurred_at == datetime(2026, 11, 20, 14, 3, 11, 482000, UTC)


def test_one_broken_report_costs_no_other() -> None:
    good = payload("webhook-delivered.json")["results"][0]
    bad, read = parsed({"results": [{**good, "messageId": None}, good]})
    assert isinstance(bad, BadItem)
    assert (bad.position, bad.error) == ("results[0]", "messageId is missing.")
    assert read.reference == REFERENCE


# --- what the customer wrote ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "kind", "words", "button"),
    [
        ({"type": "INTERACTIVE_BUTTON_REPLY", "id": "yes", "title": "Sí"}, "interactive", "Sí", "yes"),
        ({"type": "INTERACTIVE_LIST_REPLY", "id": "row-2", "title": "Mañana"}, "interactive", "Mañana", "row-2"),
        ({"type": "LOCATION", "latitude": -34.6, "longitude": -58.4, "name": "Casa"}, "location", "Casa", ""),
        ({"type": "LOCATION", "latitude": -34.6, "longitude": -58.4}, "location", "-34.6, -58.4", ""),
        ({"type": "CONTACT", "contacts": [{"name": {"formattedName": "Luis P."}}]}, "contacts", "Luis P.", ""),
        ({"type": "VOICE", "url": "https://x/1"}, "audio", "", ""),
        ({"type": "DOCUMENT", "url": "https://x/1", "caption": "Factura"}, "document", "Factura", ""),
        ({"type": "ORDER", "text": "Quiero esto"}, "order", "Quiero esto", ""),
        ({"type": "SOMETHING_NEW"}, "unknown", "", ""),
    ],
)
def test_it_reads_what_the_customer_sent(said: dict[str, Any], kind: str, words: str, button: str) -> None:
    event = message(**said)
    assert (event.kind, event.text, event.button_payload) == (kind, words, button)


def test_an_answer_names_the_message_it_answers() -> None:
    assert (
        message(type="TEXT", text="Sí", context={"id": "wamid.1", "from": "5491155550199"}).context_message_id
        == "wamid.1"
    )


def test_a_person_without_a_phone_is_known_by_the_user_id() -> None:
    item = {**payload("webhook-inbound-text.json")["results"][0], "from": "AR.1", "contact": {"userId": "AR.1"}}
    (event,) = parsed({"results": [item]})
    assert (event.phone, event.bsuid) == ("", "AR.1")


def test_a_message_of_nobody_is_a_bad_item() -> None:
    item = {**payload("webhook-inbound-text.json")["results"][0], "from": "", "contact": {}}
    (event,) = parsed({"results": [item]})
    assert isinstance(event, BadItem)


# --- the rest ------------------------------------------------------------------------------------------------------------


def test_marketing_may_be_resumed() -> None:
    document = payload("webhook-marketing-stop.json")
    document["content"] |= {"notificationMessagesStatus": "resume", "from": "AR.1349120865530274191"}
    (event,) = parsed(document)
    assert isinstance(event, PreferenceEvent)
    assert (event.opted_out, event.phone, event.bsuid) == (False, "", "AR.1349120865530274191")


@pytest.mark.parametrize(
    ("word", "status"),
    [("FIRST_PAUSED", "PAUSED"), ("SECOND_PAUSED", "PAUSED"), ("REINSTATED", "APPROVED"), ("FLAGGED", "APPROVED")],
)
def test_the_status_of_a_template_is_told_in_our_words(word: str, status: str) -> None:
    document = payload("webhook-template-approved.json")
    document["change"]["newStatus"] = word
    (event,) = parsed(document)
    assert isinstance(event, TemplateEvent)
    assert event.status == status


@pytest.mark.parametrize("document", [{"results": [{"anything": 1}]}, {"hello": "there"}, {"results": "none"}])
def test_what_it_does_not_know_is_kept(document: Any) -> None:
    (event,) = parsed(document)
    assert isinstance(event, UnknownEvent)


def test_a_delivery_report_that_says_it_was_not_seen_is_a_delivery_report() -> None:
    item = {"messageId": "m1", "seenAt": None, "doneAt": "2026-11-20T14:03:14.120+0000", "status": {"groupId": 3}}
    (event,) = parsed({"results": [item]})
    assert isinstance(event, StatusEvent)
    assert event.status is DeliveryStatus.DELIVERED


@pytest.mark.parametrize("body", [b"", b"[]", b"not json", b"\xff"])
def test_a_body_that_is_no_object_is_unreadable(body: bytes) -> None:
    with pytest.raises(UnreadableWebhook):
        account().parse_webhook(WebhookRequest(body, {}))


# --- protection ----------------------------------------------------------------------------------------------------------


def test_without_a_secret_only_the_address_protects_it() -> None:
    account().verify_webhook(webhook({}))
    assert account().webhook_protection() is Protection.PATH


def test_the_secret_may_come_as_a_header_or_a_password() -> None:
    made = account(webhook_secret="word ")
    made.verify_webhook(webhook({}, {SECRET_HEADER: "word"}))
    made.verify_webhook(webhook({}, {"authorization": "Basic " + b64encode(b"hsm:word").decode()}))
    assert made.webhook_protection() is Protection.SECRET
    with pytest.raises(BadSignature):
        made.verify_webhook(webhook({}, {"authorization": "Basic " + b64encode(b"hsm:other").decode()}))


def test_there_is_no_handshake() -> None:
    assert account().webhook_challenge({"hub.challenge": "1"}) is None
