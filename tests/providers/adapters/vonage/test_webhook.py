from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from providers.contracts import (
    BadItem,
    DeliveryStatus,
    InboundEvent,
    PriceReport,
    StatusEvent,
    UnknownEvent,
    UnreadableWebhook,
    WebhookRequest,
)
from tests.contract.cases_vonage import REFERENCE, UUID, payload
from tests.providers.adapters.vonage.account import account, webhook


def parsed(fixture: str, **changed: Any) -> Any:
    document = {name: value for name, value in {**payload(fixture), **changed}.items() if value is not ...}
    (event,) = account().parse_webhook(webhook(document))
    return event


def report(**changed: Any) -> StatusEvent:
    event = parsed("webhook-delivered.json", **changed)
    assert isinstance(event, StatusEvent)
    return event


def message(**changed: Any) -> InboundEvent:
    event = parsed("webhook-inbound-text.json", text=..., **changed)
    assert isinstance(event, InboundEvent)
    return event


# --- statuses ------------------------------------------------------------------------------------------------------------


def test_a_word_that_is_not_known_moves_nothing() -> None:
    assert report(status="clicked").status is DeliveryStatus.UNKNOWN


def test_already_sent_is_no_proof_that_nobody_got_it() -> None:
    error = {"type": "https://developer.vonage.com/api-errors/messages#1320", "title": 1320, "detail": "Already sent"}
    event = report(status="rejected", error=error)
    assert (event.status, event.error_code) == (DeliveryStatus.UNKNOWN, "1320")


@pytest.mark.parametrize(
    ("usage", "price"),
    [
        (
            {"currency": "EUR", "price": "0.0333"},
            PriceReport(True, "utility", amount=Decimal("0.0333"), currency="EUR"),
        ),
        ({"currency": "EUR", "price": "0"}, PriceReport(None, "utility", amount=Decimal("0"), currency="EUR")),
        ({"currency": "EUR", "price": "much"}, PriceReport(None, "utility")),
        ({"currency": "EUR", "price": "-1"}, PriceReport(None, "utility")),
        ({"currency": "EUR", "price": True}, PriceReport(None, "utility")),
        ({"currency": "EUR", "price": "NaN"}, PriceReport(None, "utility")),
        ({"price": "0.0333"}, PriceReport(None, "utility")),
        ({}, PriceReport(None, "utility")),
    ],
)
def test_the_price_and_the_category_are_read(usage: dict[str, Any], price: PriceReport) -> None:
    assert report(usage=usage, whatsapp={"pricing": {"category": "utility"}}).price == price


def test_without_usage_and_category_there_is_no_price() -> None:
    assert report(usage=..., whatsapp=...).price is None


def test_a_person_without_a_phone_is_known_by_the_user_id() -> None:
    event = report(to="AR.1349120865530274191", whatsapp={"recipient": {"user_id": "AR.1349120865530274191"}})
    assert (event.recipient_phone, event.recipient_bsuid) == ("", "AR.1349120865530274191")


def test_our_reference_alone_is_enough() -> None:
    event = report(message_uuid=...)
    assert (event.provider_message_id, event.reference) == ("", REFERENCE)


def test_a_status_of_no_message_is_a_bad_item() -> None:
    assert isinstance(parsed("webhook-read.json", message_uuid="", client_ref=""), BadItem)


# --- what the customer wrote ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "kind", "words", "button"),
    [
        ({"message_type": "reply", "reply": {"id": "row-2", "title": "Mañana"}}, "interactive", "Mañana", "row-2"),
        ({"message_type": "image", "image": {"url": "https://x/1", "caption": "Esto"}}, "image", "Esto", ""),
        ({"message_type": "audio", "audio": {"url": "https://x/1"}}, "audio", "", ""),
        ({"message_type": "file", "file": {"url": "https://x/1", "name": "a.pdf"}}, "document", "a.pdf", ""),
        ({"message_type": "location", "location": {"lat": -34.6, "long": -58.4}}, "location", "-34.6, -58.4", ""),
        ({"message_type": "location", "location": {"name": "Casa", "address": "Sur 1"}}, "location", "Casa, Sur 1", ""),
        ({"message_type": "reaction", "reaction": {"emoji": "👍"}}, "reaction", "👍", ""),
        ({"message_type": "unsupported"}, "unsupported", "", ""),
        ({"message_type": "hologram"}, "unknown", "", ""),
    ],
)
def test_it_reads_what_the_customer_sent(said: dict[str, Any], kind: str, words: str, button: str) -> None:
    event = message(**said)
    assert (event.kind, event.text, event.button_payload) == (kind, words, button)


def test_a_writer_without_a_phone_is_known_by_the_user_id() -> None:
    event = message(**{"from": "AR.1349120865530274191"})
    assert (event.phone, event.bsuid) == ("", "AR.1349120865530274191")


@pytest.mark.parametrize("changed", [{"from": ""}, {"message_uuid": ""}, {"timestamp": "yesterday"}])
def test_a_message_without_its_essentials_is_a_bad_item(changed: dict[str, Any]) -> None:
    assert isinstance(parsed("webhook-inbound-text.json", **changed), BadItem)


def test_an_answer_names_the_message_it_answers() -> None:
    event = message(context={"message_uuid": UUID})
    assert event.context_message_id == UUID


# --- the rest ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("document", [{"channel": "sms", "status": "delivered"}, {"hello": 1}, {}])
def test_what_is_not_whatsapps_or_not_known_is_kept(document: Any) -> None:
    (event,) = account().parse_webhook(webhook(document))
    assert isinstance(event, UnknownEvent)


@pytest.mark.parametrize("body", [b"", b"[]", b"not json", b"\xff"])
def test_a_body_that_is_no_object_is_unreadable(body: bytes) -> None:
    with pytest.raises(UnreadableWebhook):
        account().parse_webhook(WebhookRequest(body, {}))
