"""Callbacks: every status code, newer words, inbound messages, and their protection by a secret."""

from __future__ import annotations

import json
from typing import Any

import pytest

from providers.adapters.clickatell.errors import ANSWER_CODES, STATUS_CODES
from providers.contracts import (
    BadItem,
    BadSignature,
    DeliveryStatus,
    InboundEvent,
    Protection,
    StatusEvent,
    UnknownEvent,
    UnreadableWebhook,
    WebhookRequest,
)
from providers.errors import Reason
from providers.policy import Action, late_action
from tests.contract.cases_clickatell import SECRET
from tests.providers.adapters.clickatell.account import account, fixture

STATUS = fixture("webhook-status-005-device-ack.json")["event"]["messageStatusUpdate"][0]
TEXT = fixture("webhook-inbound-text.json")["event"]["moText"][0]


def events_of(event: Any) -> list[Any]:
    return account().parse_webhook(WebhookRequest(json.dumps({"event": event}).encode(), {}))


def status_of(**changed: Any) -> StatusEvent:
    (event,) = events_of({"messageStatusUpdate": [{**STATUS, **changed}]})
    assert isinstance(event, StatusEvent)
    return event


def inbound_of(list_name: str, changed: dict[str, Any]) -> InboundEvent:
    (event,) = events_of({list_name: [{**TEXT, **changed}]})
    assert isinstance(event, InboundEvent)
    return event


# --- the tables ----------------------------------------------------------------------------------------------------------


def test_the_table_has_every_status_of_the_pages() -> None:
    numbers = {*range(20, 30), 60, 61, *range(80, 86), 100, *range(130, 150)}
    newer = {"STOP_MARKETING_MESSAGES", "EXCESSIVE_MESSAGES_TO_RECIPIENT"}
    assert set(STATUS_CODES) == {str(number) for number in numbers} | newer


def test_the_table_has_every_error_of_the_pages() -> None:
    numbers = {1, 2, 3, 7, *range(18, 29), *range(30, 34), *range(38, 47)}
    statuses = {f"HTTP {number}" for number in (400, 401, 402, 403, 429)}
    assert set(ANSWER_CODES) == {f"error {number}" for number in numbers} | statuses


@pytest.mark.parametrize(
    ("code", "action"),
    [
        ("22", Action.SUPPRESS),
        ("23", Action.GIVE_UP),
        ("27", Action.PARK_ACCOUNT),
        ("85", Action.GIVE_UP),
        ("100", Action.RETRY),
        ("130", Action.PARK_ACCOUNT),
        ("131", Action.GIVE_UP),
        ("132", Action.PARK_NUMBER),
        ("133", Action.WAIT),
        ("142", Action.PARK_TEMPLATE),
        ("STOP_MARKETING_MESSAGES", Action.SUPPRESS),
        ("EXCESSIVE_MESSAGES_TO_RECIPIENT", Action.TOMORROW),
    ],
)
def test_a_late_failure_has_the_consequence_of_the_page(code: str, action: Action) -> None:
    assert late_action(STATUS_CODES[code].reason) is action


# --- statuses ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", sorted(STATUS_CODES, key=str))
def test_every_failure_is_read_by_its_code_and_by_its_word(code: str) -> None:
    row = STATUS_CODES[code]
    by_word = status_of(statusCode=None, status=row.name)
    assert (by_word.status, by_word.error_code, by_word.error_reason) == (DeliveryStatus.FAILED, code, row.reason)
    if code.isdecimal():
        by_code = status_of(statusCode=int(code), status="")
        assert (by_code.status, by_code.error_code, by_code.error_reason) == (DeliveryStatus.FAILED, code, row.reason)


def test_a_word_is_known_with_and_without_its_channel() -> None:
    assert status_of(statusCode=None, status="SPAM_RATE_LIMIT_REACHED").error_reason == Reason.NUMBER_BLOCKED


@pytest.mark.parametrize(
    ("code", "word", "status"),
    [
        (1, "UNKNOWN", DeliveryStatus.UNKNOWN),
        (3, "SCHEDULED", DeliveryStatus.ACCEPTED),
        (None, "DEVICE_ACK", DeliveryStatus.DELIVERED),
        (6, "SOMETHING_NEW", DeliveryStatus.READ),
        (77, "SOMETHING_NEW", DeliveryStatus.UNKNOWN),
    ],
)
def test_what_is_no_failure_is_known_or_proves_nothing(code: object, word: str, status: DeliveryStatus) -> None:
    event = status_of(statusCode=code, status=word)
    assert (event.status, event.error_code, event.raw_status) == (status, "", word)


def test_a_status_of_nothing_is_a_bad_item_and_the_others_are_read() -> None:
    bad, good = events_of({"messageStatusUpdate": [{"statusCode": 5, "timestamp": 1795183391000}, STATUS]})
    assert isinstance(bad, BadItem)
    assert isinstance(good, StatusEvent)


# --- inbound -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "changed", "kind", "words"),
    [
        ("moMedia", {"contentType": "image/jpeg", "caption": "Mirá"}, "image", "Mirá"),
        ("moMedia", {}, "document", ""),
        ("moLocation", {"latitude": -34.6, "longitude": -58.4}, "location", "-34.6, -58.4"),
        ("moLocation", {"name": "Oficina", "address": "Calle 1"}, "location", "Oficina, Calle 1"),
    ],
)
def test_media_and_places_are_read(name: str, changed: dict[str, Any], kind: str, words: str) -> None:
    event = inbound_of(name, changed)
    assert (event.kind, event.text, event.phone) == (kind, words, "+5491155550100")


@pytest.mark.parametrize(
    "event", [{"moOrder": [TEXT]}, {"moText": [{**TEXT, "channel": "sms"}]}], ids=["event", "channel"]
)
def test_what_is_not_known_is_kept(event: Any) -> None:
    assert isinstance(events_of(event)[0], UnknownEvent)


@pytest.mark.parametrize("missing", ["from", "messageId", "timestamp"])
def test_a_message_of_nobody_or_of_no_time_is_a_bad_item(missing: str) -> None:
    assert isinstance(events_of({"moText": [{**TEXT, missing: None}]})[0], BadItem)


@pytest.mark.parametrize("body", [b"{}", b'{"event": {}}', b'{"event": []}', b"[]"])
def test_a_body_without_an_event_is_unreadable(body: bytes) -> None:
    with pytest.raises(UnreadableWebhook):
        account().parse_webhook(WebhookRequest(body, {}))


# --- protection ----------------------------------------------------------------------------------------------------------


def test_the_secret_may_come_as_a_header_too() -> None:
    account().verify_webhook(WebhookRequest(b"{}", {"x-hook-secret": SECRET}))
    with pytest.raises(BadSignature):
        account().verify_webhook(WebhookRequest(b"{}", {"x-hook-secret": f"{SECRET}x"}))


def test_without_a_secret_only_the_address_protects() -> None:
    assert account(webhook_secret="").webhook_protection() is Protection.PATH
    assert account().webhook_protection() is Protection.SECRET
