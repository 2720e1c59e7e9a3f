"""Callbacks: the signature over address and form, and what is read in them."""

from __future__ import annotations

import dataclasses
import hashlib
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest

from providers.adapters.twilio import Twilio
from providers.adapters.twilio.webhook import signature
from providers.contracts import (
    AccountConfig,
    BadItem,
    BadSignature,
    DeliveryStatus,
    InboundEvent,
    StatusEvent,
    UnknownEvent,
    UnreadableWebhook,
    WebhookRequest,
)
from providers.errors import Reason
from tests.contract.cases import RECEIVED_AT, WEBHOOK_URL
from tests.contract.cases_twilio import AUTH_TOKEN, REFERENCE
from tests.providers.adapters.twilio.account import account, fixture

VECTOR = fixture("signature-vector.json")


def signed(url: str, *, header: str = VECTOR["expected"], fields: Any = None) -> WebhookRequest:
    body = urlencode(VECTOR["params"] if fields is None else fields).encode()
    return WebhookRequest(body, {"x-twilio-signature": header}, url)


def verify(request: WebhookRequest, *, token: str = VECTOR["auth_token"]) -> None:
    Twilio(AccountConfig(1, "twilio", "AC1", {"auth_token": token})).verify_webhook(request)


def event_of(fields: dict[str, str], *, query: str = "") -> Any:
    url = f"{WEBHOOK_URL}?{query}"
    (event,) = account().parse_webhook(WebhookRequest(urlencode(fields).encode(), {}, url, RECEIVED_AT))
    return event


def status_of(**changed: str) -> StatusEvent:
    event = event_of({**fixture("callback-delivered.form.json"), **changed}, query=f"reference={REFERENCE}")
    assert isinstance(event, StatusEvent)
    return event


def inbound_of(**changed: str) -> InboundEvent:
    event = event_of({**fixture("inbound-text.form.json"), "MessageType": "", **changed})
    assert isinstance(event, InboundEvent)
    return event


# --- signature -----------------------------------------------------------------------------------------------------------


def test_the_published_vector_is_authentic() -> None:
    verify(signed(VECTOR["url"]))


def test_a_port_that_a_proxy_took_away_or_added_does_no_harm() -> None:
    with_port = VECTOR["url"].replace(".com/", ".com:443/")
    fields = list(VECTOR["params"].items())
    verify(signed(with_port))
    verify(signed(VECTOR["url"], header=signature(with_port, fields, auth_token=VECTOR["auth_token"])))


@pytest.mark.parametrize(
    "request_",
    [
        signed(VECTOR["url"].replace(".com/", ".com:8443/")),
        signed(VECTOR["url"].replace("https:", "http:")),
        signed(VECTOR["url"] + "&more=1"),
        signed(VECTOR["url"].replace("0001", "0002")),
        signed(VECTOR["url"], fields={**VECTOR["params"], "MessageStatus": "read"}),
        signed(VECTOR["url"], fields={}),
        signed(VECTOR["url"], header=""),
        signed(VECTOR["url"], header="ñ"),
    ],
    ids=["port", "scheme", "query", "reference", "field", "no fields", "no header", "odd header"],
)
def test_what_was_not_signed_is_refused(request_: WebhookRequest) -> None:
    with pytest.raises(BadSignature):
        verify(request_)


@pytest.mark.parametrize("token", ["", "dummytoken0123456789abcdef012346"])
def test_another_token_or_none_is_refused(token: str) -> None:
    with pytest.raises(BadSignature):
        verify(signed(VECTOR["url"]), token=token)


def test_a_body_in_json_is_covered_by_its_digest_in_the_address() -> None:
    body = b'{"a": 1}'
    url = f"{WEBHOOK_URL}?bodySHA256={hashlib.sha256(body).hexdigest()}"
    headers = {"x-twilio-signature": signature(url, [], auth_token=AUTH_TOKEN)}
    verify(WebhookRequest(body, headers, url), token=AUTH_TOKEN)
    with pytest.raises(BadSignature):
        verify(WebhookRequest(b'{"a": 2}', headers, url), token=AUTH_TOKEN)


# --- statuses ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("accepted", DeliveryStatus.ACCEPTED),
        ("scheduled", DeliveryStatus.ACCEPTED),
        ("sending", DeliveryStatus.ACCEPTED),
        ("canceled", DeliveryStatus.FAILED),
        ("partially_delivered", DeliveryStatus.UNKNOWN),
        ("something_new", DeliveryStatus.UNKNOWN),
    ],
)
def test_each_status_word_is_known_or_unknown(word: str, status: DeliveryStatus) -> None:
    event = status_of(MessageStatus=word)
    assert (event.status, event.raw_status) == (status, word)


def test_a_failure_that_may_have_arrived_proves_nothing() -> None:
    event = status_of(MessageStatus="failed", ErrorCode="30410")
    assert (event.status, event.error_reason) == (DeliveryStatus.UNKNOWN, Reason.NO_ANSWER)


def test_a_status_without_our_reference_is_found_by_its_sid() -> None:
    event = event_of(fixture("callback-read.form.json"))
    assert (event.reference, event.provider_message_id) == ("", "SM1a2b3c4d5e6f70811a2b3c4d5e6f7081")


def test_a_status_to_a_person_without_a_phone_names_the_business_scoped_id() -> None:
    event = status_of(To="whatsapp:AR.1349120865530274191")
    assert (event.recipient_phone, event.recipient_bsuid) == ("", "AR.1349120865530274191")


def test_the_older_names_of_fields_are_read_too() -> None:
    fields = fixture("callback-delivered.form.json")
    for name in ("MessageSid", "MessageStatus"):
        del fields[name]
    event = event_of(fields)
    assert (event.provider_message_id, event.status) == (fields["SmsSid"], DeliveryStatus.DELIVERED)


def test_a_status_of_nothing_is_a_bad_item() -> None:
    assert isinstance(event_of({"MessageStatus": "sent"}), BadItem)


def test_without_a_moment_of_receipt_it_happened_now() -> None:
    request = WebhookRequest(urlencode(fixture("callback-read.form.json")).encode(), {})
    (event,) = account().parse_webhook(request)
    assert isinstance(event, StatusEvent)
    assert abs((event.occurred_at - datetime.now(UTC)).total_seconds()) < 60


# --- inbound -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "kind"),
    [
        ({}, "text"),
        ({"MessageType": "something_new"}, "text"),
        ({"ButtonText": "Sí"}, "button"),
        ({"Latitude": "-34.6", "Longitude": "-58.4", "Body": ""}, "location"),
        ({"MediaContentType0": "video/mp4"}, "video"),
        ({"MediaContentType0": "application/pdf"}, "document"),
        ({"MessageType": "sticker", "MediaContentType0": "image/webp"}, "sticker"),
    ],
)
def test_the_kind_of_a_message_is_named_or_seen_in_its_fields(changed: dict[str, str], kind: str) -> None:
    assert inbound_of(**changed).kind == kind


def test_a_phone_with_a_business_scoped_id_names_both() -> None:
    event = inbound_of(ExternalUserId="whatsapp:AR.1349120865530274191")
    assert (event.phone, event.bsuid) == ("+5491155550100", "AR.1349120865530274191")


@pytest.mark.parametrize("missing", ["MessageSid", "From"])
def test_a_message_of_nobody_or_without_an_id_is_a_bad_item(missing: str) -> None:
    fields = {**fixture("inbound-text.form.json"), missing: "", "SmsMessageSid": "", "SmsSid": ""}
    assert isinstance(event_of(fields), BadItem)


def test_what_is_neither_status_nor_message_is_kept() -> None:
    assert event_of({"EventType": "TYPING", "AccountSid": "AC1"}) == UnknownEvent(
        "TYPING", {"EventType": "TYPING", "AccountSid": "AC1"}
    )


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"{}", b"nothing"])
def test_what_is_no_form_is_unreadable(body: bytes) -> None:
    with pytest.raises(UnreadableWebhook):
        account().parse_webhook(WebhookRequest(body, {}))


def test_what_the_database_cannot_store_is_left_out() -> None:
    request = dataclasses.replace(signed(WEBHOOK_URL, fields={**fixture("inbound-text.form.json"), "Body": "a\x00b"}))
    (event,) = account().parse_webhook(request)
    assert isinstance(event, InboundEvent)
    assert event.text == "ab"
