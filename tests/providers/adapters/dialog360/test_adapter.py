"""360dialog's own door: its errors, its address, its webhooks."""

from __future__ import annotations

import json
from typing import Any

import pytest

from providers.adapters.dialog360 import Dialog360
from providers.contracts import (
    AccountEvent,
    BadSignature,
    InboundEvent,
    Protection,
    StatusEvent,
    TemplateEvent,
    WebhookRequest,
)
from providers.errors import Park, ProviderCallError, Reason, SendError
from tests.providers.adapters.dialog360.wire import DIRECTORY, adapter
from tests.providers.wire import answer, answering, message, run, served


def failure(status: str, body: Any) -> SendError:
    """How sending ends when 360dialog answers this."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()

    async def work() -> SendError:
        async with served(answering(answer(raw, status=status))) as base_url:
            with pytest.raises(SendError) as caught:
                await adapter(base_url).send(message())
            return caught.value

    return run(work())


def own(words: str) -> dict[str, Any]:
    return {"meta": {"success": False, "http_code": 400, "developer_message": words}}


# --- errors ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "body", "kind", "reason", "code"),
    [
        ("400 X", own("This number is DISABLED."), "unavailable", Reason.NUMBER_NOT_REGISTERED, "HTTP 400 disabled"),
        ("400 X", own("Something else"), "rejected", Reason.PROVIDER_REJECTED, "HTTP 400"),
        ("403 X", own("Endpoint blocked"), "unavailable", Reason.PERMISSION, "HTTP 403"),
        ("500 X", own("Internal error: rate limit"), "uncertain", Reason.PROVIDER_ERROR, "HTTP 500"),
        ("502 X", b"<html>", "uncertain", Reason.PROVIDER_ERROR, "HTTP 502"),
        ("503 X", b"", "uncertain", Reason.PROVIDER_ERROR, "HTTP 503"),
        ("400 X", b"<html>rate limit</html>", "uncertain", Reason.UNREADABLE_ANSWER, "HTTP 400"),
        ("200 X", own("odd"), "uncertain", Reason.UNREADABLE_ANSWER, "HTTP 200"),
        ("429 X", b"", "throttled", Reason.THROUGHPUT, "HTTP 429"),
    ],
)
def test_its_own_errors_are_read_by_status_and_text(
    status: str, body: Any, kind: str, reason: Reason, code: str
) -> None:
    error = failure(status, body)
    assert (error.kind, error.reason, error.provider_code) == (kind, reason, code)


def test_an_unpaid_account_is_parked() -> None:
    assert failure("400 X", own("lack of payment")).park is Park.ACCOUNT


def test_a_disabled_number_is_parked() -> None:
    assert failure("400 X", own("number disabled")).park is Park.NUMBER


def test_metas_unproven_errors_stay_uncertain() -> None:
    assert failure("500 X", {"error": {"code": 131000, "message": "Something went wrong"}}).kind == "uncertain"


def test_the_table_holds_metas_rows_and_its_own() -> None:
    codes = Dialog360.error_codes
    assert codes["131026"].reason is Reason.RECIPIENT_UNREACHABLE
    own_rows = {code for code in codes if code.startswith("HTTP")}
    assert own_rows == {
        "HTTP 400 rate limit",
        "HTTP 400 payment",
        "HTTP 400 disabled",
        "HTTP 401",
        "HTTP 403",
        "HTTP 500",
        "HTTP 502",
    }
    assert {code for code in own_rows if not codes[code].proven} == {"HTTP 500", "HTTP 502"}


# --- the address -------------------------------------------------------------------------------------------------------

OLD = "https://waba.360dialog.io"


@pytest.mark.parametrize("address", [OLD, "https://WABA.360dialog.io/v1", "https://waba-sandbox.360dialog.io"])
def test_an_address_with_another_contract_is_refused_before_any_call(address: str) -> None:
    with pytest.raises(SendError) as caught:
        run(adapter(address).send(message()))
    assert (caught.value.kind, caught.value.reason) == ("unavailable", Reason.CONFIGURATION)
    assert caught.value.park is Park.ACCOUNT
    assert caught.value.exchange is None


def test_the_old_address_lists_no_templates() -> None:
    with pytest.raises(ProviderCallError) as caught:
        adapter(OLD).fetch_templates()
    assert caught.value.reason is Reason.CONFIGURATION


def test_there_is_no_list_of_numbers() -> None:
    assert list(adapter().fetch_numbers()) == []
    assert not adapter().capabilities.list_numbers


# --- webhooks ----------------------------------------------------------------------------------------------------------


def events(name: str) -> list[Any]:
    return list(adapter().parse_webhook(WebhookRequest((DIRECTORY / f"{name}.json").read_bytes(), {})))


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("webhook_status_delivered_bsuid_only", StatusEvent),
        ("webhook_inbound_text_username_no_phone", InboundEvent),
        ("webhook_template_status_rejected", TemplateEvent),
        ("webhook_account_update_restriction", AccountEvent),
        ("webhook_value_errors", AccountEvent),
    ],
)
def test_metas_webhooks_come_through_unchanged(name: str, kind: type) -> None:
    assert [type(event) for event in events(name)] == [kind]


def test_a_person_without_a_phone_keeps_the_user_id() -> None:
    (event,) = events("webhook_inbound_text_username_no_phone")
    assert event.phone == ""
    assert event.bsuid.startswith("AR.")


def test_a_webhook_needs_the_secret_when_there_is_one() -> None:
    made = adapter(secret="a-long-word")
    assert made.webhook_protection() is Protection.SECRET
    made.verify_webhook(WebhookRequest(b"{}", {"x-hook-secret": "a-long-word"}))
    with pytest.raises(BadSignature):
        made.verify_webhook(WebhookRequest(b"{}", {"x-hook-secret": "guess"}))


def test_without_a_secret_only_the_path_protects_it() -> None:
    assert adapter().webhook_protection() is Protection.PATH
    adapter().verify_webhook(WebhookRequest(b"{}", {}))


def test_there_is_no_handshake() -> None:
    assert adapter().webhook_challenge({"hub.mode": "subscribe", "hub.challenge": "1", "hub.verify_token": ""}) is None
