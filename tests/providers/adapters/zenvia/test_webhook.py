"""Corner cases of the webhooks."""

from __future__ import annotations

import json
from typing import Any

import pytest

from providers.contracts import (
    AccountConfig,
    BadItem,
    BadSignature,
    DeliveryStatus,
    Event,
    InboundEvent,
    Protection,
    StatusEvent,
    UnknownEvent,
    UnreadableWebhook,
    WebhookRequest,
)
from providers.registry import adapter_class
from tests.contract.cases_zenvia import CASES, MESSAGE_ID, REFERENCE, payload


def only(body: Any) -> Event | BadItem:
    (event,) = CASES.adapter().parse_webhook(WebhookRequest(json.dumps(body).encode(), {}))
    return event


def status(**fields: Any) -> Any:
    body = payload("webhook-sent.json")
    body["messageStatus"] |= fields
    return body


def message(name: str = "webhook-inbound-text.json", **fields: Any) -> Any:
    body = payload(name)
    body["message"] |= fields
    return body


def inbound(body: Any) -> InboundEvent:
    event = only(body)
    assert isinstance(event, InboundEvent)
    return event


@pytest.mark.parametrize(
    ("word", "known"),
    [
        ("ACCEPTED", DeliveryStatus.ACCEPTED),
        ("sent", DeliveryStatus.SENT),
        ("VERIFIED", DeliveryStatus.UNKNOWN),
        ("HANG_UP", DeliveryStatus.UNKNOWN),
        ("TERMINATED", DeliveryStatus.UNKNOWN),
        ("RECORDED", DeliveryStatus.UNKNOWN),
        ("BRAND_NEW", DeliveryStatus.UNKNOWN),
    ],
)
def test_words_are_normalized(word: str, known: DeliveryStatus) -> None:
    event = only(status(code=word))
    assert isinstance(event, StatusEvent)
    assert (event.status, event.raw_status) == (known, word)


def test_a_status_without_a_message_is_found_by_the_old_id() -> None:
    body = payload("webhook-delivered.json")
    del body["message"]
    event = only(body)
    assert isinstance(event, StatusEvent)
    assert (event.provider_message_id, event.reference) == (MESSAGE_ID, "")


def test_a_status_is_found_by_our_reference_alone() -> None:
    body = payload("webhook-delivered.json")
    del body["messageId"], body["message"]["id"]
    event = only(body)
    assert isinstance(event, StatusEvent)
    assert (event.provider_message_id, event.reference) == ("", REFERENCE)


def test_without_a_time_of_its_own_the_events_counts() -> None:
    event = only(status(timestamp=None))
    assert isinstance(event, StatusEvent)
    assert event.occurred_at.microsecond == 902000


@pytest.mark.parametrize(
    ("media_type", "kind"),
    [
        ("image/jpeg", "image"),
        ("video/mp4", "video"),
        ("AUDIO/ogg", "audio"),
        ("application/pdf", "document"),
        (None, "document"),
    ],
)
def test_a_file_is_told_by_its_media_type(media_type: str | None, kind: str) -> None:
    content = {"type": "file", "fileUrl": "https://x.example/f", "fileMimeType": media_type, "fileName": "foto.jpg"}
    event = inbound(message(contents=[content]))
    assert (event.kind, event.text) == (kind, "foto.jpg")


def test_several_contents_are_one_message() -> None:
    event = inbound(message(contents=[{"type": "text", "text": "Hola"}, {"type": "text", "text": "¿Están?"}]))
    assert (event.kind, event.text) == ("text", "Hola\n¿Están?")


@pytest.mark.parametrize("contents", [[], None, [{"type": "hologram"}], ["odd"]])
def test_an_unknown_content_is_still_a_message(contents: Any) -> None:
    assert inbound(message(contents=contents)).kind == "unknown"


def test_our_own_message_is_no_inbound_one() -> None:
    assert isinstance(only(message(direction="OUT")), UnknownEvent)


@pytest.mark.parametrize("kind", ["CONVERSATION_STATUS", "CONTACT", "BRAND_NEW"])
def test_other_subscriptions_are_only_kept(kind: str) -> None:
    assert isinstance(only({"type": kind, "id": "x"}), UnknownEvent)


@pytest.mark.parametrize(
    "body",
    [
        {"type": "MESSAGE_STATUS"},
        {"type": "MESSAGE_STATUS", "messageStatus": {"code": "SENT", "timestamp": "2026-11-20T14:03:13Z"}},
        message("webhook-inbound-text.json", **{"from": "acme"}),
        message("webhook-inbound-text.json", id=""),
        status(timestamp="soon"),
    ],
)
def test_what_misses_its_essentials_is_a_bad_item(body: Any) -> None:
    assert isinstance(only(body), BadItem)


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"type": null}'])
def test_a_body_that_is_no_webhook_says_so(body: bytes) -> None:
    with pytest.raises(UnreadableWebhook):
        CASES.adapter().parse_webhook(WebhookRequest(body, {}))


def test_a_wrong_secret_is_refused() -> None:
    with pytest.raises(BadSignature):
        CASES.adapter().verify_webhook(WebhookRequest(b"{}", {"x-hook-secret": "guess"}))


def test_an_account_without_a_secret_is_protected_by_its_address_only() -> None:
    made = adapter_class("zenvia")(AccountConfig(1, "zenvia", "", {"api_token": "x"}))
    assert made.webhook_protection() is Protection.PATH
