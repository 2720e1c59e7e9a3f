"""Templates, numbers and the account: each documented payload."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from providers.contracts import (
    AccountEvent,
    BadItem,
    Event,
    NumberEvent,
    TemplateEvent,
    UnknownEvent,
)
from providers.errors import Reason
from tests.providers.adapters.meta.payloads import (
    names,
    only,
    payload,
    webhook,
)

ENTRY_TIME = datetime.fromtimestamp(1794153600, UTC)
PHONE = "+5491155550100"


# --- templates ------------------------------------------------------------------------------------------------------

# name of the payload after webhook_template_: status, category, quality, coming category, asks for a sync
TEMPLATES: dict[str, tuple[str, str, str, str, bool]] = {
    "status_approved": ("APPROVED", "utility", "", "", False),
    "status_archived": ("ARCHIVED", "marketing", "", "", False),
    "status_disabled": ("DISABLED", "marketing", "", "", False),
    "status_flagged": ("", "marketing", "", "", True),
    "status_limit_exceeded": ("LIMIT_EXCEEDED", "marketing", "", "", False),
    "status_paused": ("PAUSED", "marketing", "", "", False),
    "status_paused_second": ("PAUSED", "marketing", "", "", False),
    "status_pending_deletion": ("PENDING_DELETION", "marketing", "", "", False),
    "status_reinstated": ("APPROVED", "marketing", "", "", False),
    "status_rejected": ("REJECTED", "marketing", "", "", False),
    "status_rejected_category": ("REJECTED", "utility", "", "", False),
    "status_unpaused": ("APPROVED", "marketing", "", "", False),
    "quality_update": ("", "", "YELLOW", "", False),
    "quality_update_field_as_printed_in_docs": ("", "", "YELLOW", "", False),
    "components_update": ("", "", "", "", True),
    "category_update_impending": ("", "utility", "", "marketing", False),
    "category_update_completed": ("", "marketing", "", "", False),
}


def test_every_template_payload_is_in_the_table() -> None:
    assert set(names("webhook_template_*")) == {f"webhook_template_{name}" for name in TEMPLATES}


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_event_is_read(name: str) -> None:
    body = payload(f"webhook_template_{name}")
    value = body["entry"][0]["changes"][0]["value"]
    event = only(body)
    assert isinstance(event, TemplateEvent)
    found = (event.status, event.category, event.quality, event.coming_category, event.components_changed)
    assert found == TEMPLATES[name]
    assert event.external_id == str(value["message_template_id"])
    assert (event.name, event.language) == (value["message_template_name"], "es_AR")


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("status_approved", ""),
        ("status_pending_deletion", ""),
        ("status_rejected_category", "TAG_CONTENT_MISMATCH"),
        ("status_rejected", "Your template has parameters placed next to each other"),
        ("status_paused", "Your WhatsApp message template has been paused for 3 hours"),
    ],
)
def test_a_template_event_says_why(name: str, reason: str) -> None:
    event = only(payload(f"webhook_template_{name}"))
    assert isinstance(event, TemplateEvent)
    assert event.reason.startswith(reason)
    assert bool(event.reason) == bool(reason)


@pytest.mark.parametrize(
    ("word", "status", "asks_for_sync"),
    [
        ("paused", "PAUSED", False),
        ("Approved", "APPROVED", False),
        ("UNARCHIVED", "", True),
        ("MELTED", "UNKNOWN", True),
    ],
)
def test_a_template_status_is_read_in_any_case(word: str, status: str, asks_for_sync: bool) -> None:
    body = payload("webhook_template_status_paused")
    body["entry"][0]["changes"][0]["value"]["event"] = word
    event = only(body)
    assert isinstance(event, TemplateEvent)
    assert (event.status, event.components_changed) == (status, asks_for_sync)


def test_a_hyphen_in_a_language_becomes_an_underscore() -> None:
    body = payload("webhook_template_status_paused")
    body["entry"][0]["changes"][0]["value"]["message_template_language"] = "en-US"
    event = only(body)
    assert isinstance(event, TemplateEvent)
    assert event.language == "en_US"


# --- numbers and the account ----------------------------------------------------------------------------------------


def test_a_new_number_tells_its_limit() -> None:
    event = only(payload("webhook_phone_number_quality_update_onboarding"))
    assert event == NumberEvent(ENTRY_TIME, display_phone="+5491155550199", messaging_limit=250, event="ONBOARDING")


def test_a_throughput_upgrade_is_read() -> None:
    event = only(payload("webhook_phone_number_quality_update_throughput"))
    assert isinstance(event, NumberEvent)
    assert (event.throughput, event.messaging_limit) == (1000, -1)


@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        (2000, 2000),
        ("TIER_10K", 10_000),
        (-1, -1),
        ("TIER_UNLIMITED", -1),
        ("TIER_NOT_SET", None),
        (0, None),
        (None, None),
    ],
)
def test_the_portfolios_limit_is_read_from_number_and_tier(limit: Any, expected: int | None) -> None:
    body = webhook("business_capability_update", {"max_daily_conversations_per_business": limit})
    assert only(body) == AccountEvent(ENTRY_TIME, "BUSINESS_CAPABILITY_UPDATE", messaging_limit=expected)


@pytest.mark.parametrize(
    ("name", "limit"), [("business_capability_update", 2000), ("business_capability_update_tier_string", 10_000)]
)
def test_the_documented_limits_are_read(name: str, limit: int) -> None:
    event = only(payload(f"webhook_{name}"))
    assert isinstance(event, AccountEvent)
    assert event.messaging_limit == limit


@pytest.mark.parametrize(
    ("name", "event_name", "park", "detail"),
    [
        ("deleted", "ACCOUNT_DELETED", True, ""),
        ("disabled", "DISABLED_UPDATE", True, "DISABLE November 8, 2026"),
        ("reinstated", "DISABLED_UPDATE", False, "REINSTATE November 8, 2026"),
        ("scheduled_disable", "DISABLED_UPDATE", None, "SCHEDULE_FOR_DISABLE November 15, 2026"),
        ("violation", "ACCOUNT_VIOLATION", None, "violation_type: SPAM"),
        ("volume_tier", "VOLUME_BASED_PRICING_TIER_UPDATE", None, "tier_update_time: 1794153600, pricing_category: UT"),
        (
            "restriction",
            "ACCOUNT_RESTRICTION",
            True,
            "RESTRICTED_BIZ_INITIATED_MESSAGING, RESTRICTED_ADD_PHONE_NUMBER_ACTION",
        ),
    ],
)
def test_an_account_update_says_whether_sending_must_stop(
    name: str, event_name: str, park: bool | None, detail: str
) -> None:
    event = only(payload(f"webhook_account_update_{name}"))
    assert isinstance(event, AccountEvent)
    assert (event.event, event.park) == (event_name, park)
    assert event.reason == (Reason.ACCOUNT_BLOCKED if park else "")
    assert event.detail.startswith(detail)


def restriction(*kinds: tuple[str, Any]) -> Event | BadItem:
    info = [{"restriction_type": kind, "expiration": expiration} for kind, expiration in kinds]
    return only(webhook("account_update", {"event": "ACCOUNT_RESTRICTION", "restriction_info": info}))


def test_a_restriction_lasts_until_the_last_one_that_stops_sending() -> None:
    event = restriction(
        ("RESTRICTED_BIZ_INITIATED_MESSAGING", 1794758400),
        ("RESTRICTED_CUSTOMER_INITIATED_MESSAGING", 1794758500),
        ("RESTRICTED_ADD_PHONE_NUMBER_ACTION", 1799999999),
    )
    assert isinstance(event, AccountEvent)
    assert (event.park, event.until) == (True, datetime.fromtimestamp(1794758500, UTC))


def test_a_restriction_without_an_end_waits_for_a_person() -> None:
    event = restriction(("RESTRICTED_BIZ_INITIATED_MESSAGING", None))
    assert isinstance(event, AccountEvent)
    assert (event.park, event.until) == (True, None)


def test_a_restriction_that_does_not_touch_sending_parks_nothing() -> None:
    event = restriction(("RESTRICTED_ADD_PHONE_NUMBER_ACTION", 1794758400))
    assert isinstance(event, AccountEvent)
    assert event.park is None


def test_an_alert_is_shown() -> None:
    event = only(payload("webhook_account_alerts_limit_deferred"))
    assert isinstance(event, AccountEvent)
    assert (event.event, event.park) == ("INCREASED_CAPABILITIES_ELIGIBILITY_DEFERRED", None)
    assert event.detail.startswith("Limits cannot be increased")


def test_an_error_of_the_account_is_shown() -> None:
    event = only(payload("webhook_value_errors"))
    assert isinstance(event, AccountEvent)
    assert (event.event, event.park, event.reason) == ("ERROR 130429", None, Reason.THROUGHPUT)


def test_what_happens_to_another_account_of_the_app_does_not_stop_this_one() -> None:
    body = payload("webhook_account_update_disabled")
    body["entry"][0]["id"] = "999"
    assert isinstance(only(body), UnknownEvent)
