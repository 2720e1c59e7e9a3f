"""Is a webhook from Meta, and what becomes of the unknown and the broken in it."""

from __future__ import annotations

import copy
import json
from dataclasses import asdict
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from providers.adapters.meta import webhook as reading_of_webhooks
from providers.contracts import (
    BadItem,
    BadSignature,
    Event,
    JsonObject,
    StatusEvent,
    TemplateEvent,
    UnknownEvent,
    UnreadableWebhook,
    WebhookRequest,
)
from tests.providers.adapters.meta.payloads import (
    DIRECTORY,
    adapter,
    names,
    only,
    parse,
    payload,
    signed,
    webhook,
)

# --- authenticity ---------------------------------------------------------------------------------------------------


def test_the_documented_signature_is_accepted() -> None:
    vector = payload("_signature_vector")
    body = (DIRECTORY / "_signature_vector.raw_body.json").read_bytes().rstrip(b"\n")
    assert len(body) == vector["body_bytes"]
    adapter().verify_webhook(WebhookRequest(body, {"x-hub-signature-256": vector["value"]}))


def test_the_signature_of_the_same_json_written_otherwise_is_refused() -> None:
    vector = payload("_signature_vector")
    body = (DIRECTORY / "_signature_vector.raw_body.json").read_bytes().rstrip(b"\n")
    with pytest.raises(BadSignature):
        adapter().verify_webhook(
            WebhookRequest(body, {"x-hub-signature-256": vector["value_if_reserialised_unescaped_utf8"]})
        )


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-hub-signature-256": ""},
        {"x-hub-signature-256": "sha256="},
        {"x-hub-signature-256": "sha1=4810f0756fdd4c844056c7fc77b394c0"},
        {"x-hub-signature-256": "sha256=ñandú"},
        {"x-hub-signature-256": "\ud800"},
        {"x-hub-signature": signed(b"{}").headers["x-hub-signature-256"]},
    ],
)
def test_a_missing_or_strange_signature_is_refused(headers: dict[str, str]) -> None:
    with pytest.raises(BadSignature):
        adapter().verify_webhook(WebhookRequest(b"{}", headers))


def test_a_signature_by_another_secret_is_refused() -> None:
    with pytest.raises(BadSignature):
        adapter().verify_webhook(signed(b"{}", secret="another"))


def test_without_an_app_secret_every_signature_is_refused() -> None:
    with pytest.raises(BadSignature):
        adapter(credentials={"app_secret": ""}).verify_webhook(signed(b"{}", secret=""))


def test_one_changed_byte_breaks_the_signature() -> None:
    request = signed(b'{"a":1}')
    with pytest.raises(BadSignature):
        adapter().verify_webhook(WebhookRequest(b'{"a":2}', request.headers))


def test_the_handshake_is_answered_with_the_challenge() -> None:
    verification = payload("_webhook_verification")
    assert adapter().webhook_challenge(verification["request"]["query"]) == verification["response_ok"]["body"]


@pytest.mark.parametrize(
    "change",
    [
        {"hub.verify_token": "guess"},
        {"hub.verify_token": ""},
        {"hub.verify_token": "ñ"},
        {"hub.mode": "unsubscribe"},
        {"hub.mode": ""},
    ],
)
def test_a_bad_handshake_is_refused(change: dict[str, str]) -> None:
    query = {**payload("_webhook_verification")["request"]["query"], **change}
    assert adapter().webhook_challenge(query) is None


def test_an_account_without_a_verify_token_refuses_every_handshake() -> None:
    query = {"hub.mode": "subscribe", "hub.challenge": "1", "hub.verify_token": ""}
    assert adapter(credentials={"verify_token": ""}).webhook_challenge(query) is None


# --- the unknown and the broken -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        webhook("tomorrows_field", {"a": 1}),
        webhook("messages", {"messaging_product": "whatsapp", "message_echoes": [{"id": "x"}]}),
        webhook("calls", {"statuses": [{"id": "wacid.x", "status": "ACCEPTED", "timestamp": "1794153600"}]}),
        webhook("messages", {"statuses": {}}),
    ],
)
def test_an_unknown_field_is_kept_and_is_no_error(body: dict[str, Any]) -> None:
    event = only(body)
    assert isinstance(event, UnknownEvent)
    assert event.payload == body["entry"][0]["changes"][0]["value"]


def test_a_field_printed_one_level_off_is_found() -> None:
    body = payload("webhook_template_status_paused")
    change = body["entry"][0]["changes"][0]
    change["value"]["field"] = change.pop("field")
    assert isinstance(only(body), TemplateEvent)


@pytest.mark.parametrize(
    "broken",
    [
        None,
        "entry",
        {},
        {"changes": "none"},
        {"changes": [None]},
        {"changes": [{"field": "messages"}]},
        {"changes": [{"field": "messages", "value": []}]},
        {"time": "x", "changes": [{"field": "message_template_status_update", "value": {"event": "PAUSED"}}]},
        {"changes": [{"field": "account_update", "value": {"event": 7.5}}]},
    ],
)
def test_a_broken_entry_spoils_no_other(broken: Any) -> None:
    good = payload("webhook_status_sent")["entry"][0]
    bad, fine = parse({"entry": [broken, good]})
    assert isinstance(bad, BadItem)
    assert isinstance(fine, StatusEvent)


def test_a_mistake_of_ours_in_reading_one_item_spoils_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    def stumble(item: JsonObject, _value: JsonObject) -> Event:
        raise ZeroDivisionError(item["id"])

    monkeypatch.setitem(reading_of_webhooks._LISTS, "messages", stumble)
    inbound, status = payload("webhook_inbound_text"), payload("webhook_status_sent")
    bad, fine = parse({"entry": [inbound["entry"][0], status["entry"][0]]})
    assert isinstance(bad, BadItem)
    assert bad.error == "It could not be read (ZeroDivisionError)."
    assert isinstance(fine, StatusEvent)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'"text"',
        b"7",
        b"{}",
        b'{"entry": []}',
        b'{"entry": {}}',
        b"\xff\xfe\x00",
        b"[" * 200_000,
        b'{"entry":' * 900 + b"1" + b"}" * 900,
        b'{"entry": [{"changes": ' + b"[" * 70 + b"]" * 70 + b"}]}",
        b'{"entry": [1' + b"0" * 5000 + b"]}",
        b"hub.mode=subscribe",
    ],
)
def test_a_body_with_nothing_to_read_is_unreadable(body: bytes) -> None:
    with pytest.raises(UnreadableWebhook):
        parse(body)


def test_every_webhook_payload_is_read_without_a_bad_item() -> None:
    for name in names("webhook_*"):
        assert [event for event in parse(payload(name)) if isinstance(event, BadItem)] == []


def events_or_unreadable(body: bytes) -> list[Event | BadItem]:
    try:
        return parse(body)
    except UnreadableWebhook:
        return []


@given(st.binary(max_size=300))
def test_no_bytes_raise_anything_else(body: bytes) -> None:
    events_or_unreadable(body)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)


@given(JSON)
def test_no_json_raises_anything_else(value: Any) -> None:
    events_or_unreadable(json.dumps(value).encode())


PAYLOADS = [payload(name) for name in names("webhook_*")]


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of every part of `value`, the whole left out."""
    keys: list[Any] = (
        list(value) if isinstance(value, dict) else list(range(len(value))) if isinstance(value, list) else []
    )
    return [place for key in keys for place in [(*path, key), *places(value[key], (*path, key))]]


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_no_documented_payload_with_a_part_exchanged_raises_anything_else(data: st.DataObject) -> None:
    body = copy.deepcopy(data.draw(st.sampled_from(PAYLOADS)))
    *path, last = data.draw(st.sampled_from(places(body)))
    holder = body
    for key in path:
        holder = holder[key]
    holder[last] = data.draw(JSON)
    for event in events_or_unreadable(json.dumps(body).encode()):
        # What is handed on can be stored: no NUL, no half of a surrogate pair, no number that is none.
        stored = json.dumps(asdict(event), default=str, ensure_ascii=False, allow_nan=False).encode()
        assert b"\\u0000" not in stored
