"""The error policy: one table that decides by reason, whatever the provider."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from providers.contracts import Exchange
from providers.errors import SENTENCES, ErrorCode, Park, Reason, Rejected, Throttled, Unavailable, Uncertain
from providers.http import Answer
from providers.policy import (
    ACTION_SENTENCES,
    DAY,
    RULES,
    Action,
    answer_error,
    call_error,
    error_of,
    late_action,
    retry_after_seconds,
)

CODES = {"17": ErrorCode(Reason.TEMPLATE_PAUSED), "HTTP 409": ErrorCode(Reason.DUPLICATE)}


def answered(status: int, **headers: str) -> Answer:
    exchange = Exchange("POST", "https://provider.example", None, status, None, 5)
    return Answer(status, {name.replace("_", "-"): value for name, value in headers.items()}, b"{}", exchange)


def test_every_reason_has_one_rule_and_a_sentence() -> None:
    assert set(RULES) == set(SENTENCES) == set(Reason)
    assert set(ACTION_SENTENCES) == set(Action)


@pytest.mark.parametrize("reason", list(Reason))
def test_each_action_makes_the_error_that_the_dispatcher_acts_on(reason: Reason) -> None:
    error = error_of(ErrorCode(reason))
    kinds = {
        Action.WAIT: Throttled,
        Action.TOMORROW: Throttled,
        Action.RETRY: Unavailable,
        Action.PARK_TEMPLATE: Unavailable,
        Action.PARK_NUMBER: Unavailable,
        Action.PARK_ACCOUNT: Unavailable,
        Action.SUPPRESS: Rejected,
        Action.GIVE_UP: Rejected,
        Action.UNCERTAIN: Uncertain,
    }
    action = RULES[reason].action
    assert type(error) is kinds[action]
    assert (error.park != Park.NONE) == action.value.startswith("park")


@pytest.mark.parametrize("reason", list(Reason))
def test_what_is_not_proven_is_uncertain_whatever_the_reason(reason: Reason) -> None:
    assert isinstance(error_of(ErrorCode(reason, proven=False)), Uncertain)


def test_tomorrow_is_a_day_away() -> None:
    error = error_of(ErrorCode(Reason.MARKETING_LIMIT))
    assert isinstance(error, Throttled)
    assert error.retry_after == DAY


def test_tomorrow_comes_no_sooner_because_an_answer_asks_for_a_moment() -> None:
    error = error_of(ErrorCode(Reason.MARKETING_LIMIT), wait_asked=5)
    assert isinstance(error, Throttled)
    assert error.retry_after == DAY


@pytest.mark.parametrize("status", [401, 403])
def test_a_row_of_a_status_says_nothing_about_a_page_of_somebody_else(status: int) -> None:
    codes = {f"HTTP {status}": ErrorCode(Reason.CREDENTIALS)}
    error = answer_error(answered(status), codes, code="", detail="", understood=False)
    assert (type(error), error.reason) == (Uncertain, Reason.UNREADABLE_ANSWER)


def test_a_park_ends_when_the_rule_says_or_when_somebody_acts() -> None:
    paused = error_of(ErrorCode(Reason.TEMPLATE_PAUSED))
    assert paused.park_until is not None
    assert timedelta(hours=2, minutes=59) < paused.park_until - datetime.now(UTC) <= timedelta(hours=3)
    assert error_of(ErrorCode(Reason.CREDENTIALS)).park_until is None


def test_the_providers_page_may_name_another_length() -> None:
    error = error_of(ErrorCode(Reason.NUMBER_NOT_REGISTERED, seconds=300))
    assert error.park_until is not None
    assert error.park_until < datetime.now(UTC) + timedelta(seconds=301)


def test_a_wait_that_the_answer_asks_for_is_honoured_up_to_a_day() -> None:
    assert answer_error(answered(429, retry_after="7"), {}, code="", detail="", understood=True).retry_after == 7  # type: ignore[attr-defined]
    error = error_of(ErrorCode(Reason.THROUGHPUT), wait_asked=10**9)
    assert isinstance(error, Throttled)
    assert error.retry_after == DAY


@pytest.mark.parametrize(
    ("status", "code", "understood", "kind", "reason"),
    [
        (400, "17", True, Unavailable, Reason.TEMPLATE_PAUSED),
        (409, "", True, Uncertain, Reason.DUPLICATE),
        (400, "99", True, Rejected, Reason.PROVIDER_REJECTED),
        (401, "", True, Unavailable, Reason.CREDENTIALS),
        (402, "", True, Unavailable, Reason.BILLING),
        (403, "", True, Unavailable, Reason.PERMISSION),
        (404, "", True, Unavailable, Reason.CONFIGURATION),
        (429, "", False, Throttled, Reason.THROUGHPUT),
        (400, "", False, Uncertain, Reason.UNREADABLE_ANSWER),
        (401, "", False, Uncertain, Reason.UNREADABLE_ANSWER),
        (302, "", True, Uncertain, Reason.UNREADABLE_ANSWER),
        (200, "", True, Uncertain, Reason.UNREADABLE_ANSWER),
        (500, "", True, Uncertain, Reason.PROVIDER_ERROR),
        (503, "", False, Uncertain, Reason.PROVIDER_ERROR),
    ],
)
def test_an_answer_is_read_by_code_then_by_status_and_else_proves_nothing(
    status: int, code: str, understood: bool, kind: type, reason: Reason
) -> None:
    error = answer_error(answered(status), CODES, code=code, detail="words", understood=understood)
    assert (type(error), error.reason, error.detail) == (kind, reason, "words")


def test_a_code_of_the_table_is_kept_and_a_missing_one_is_the_status() -> None:
    assert answer_error(answered(400), CODES, code="17", detail="", understood=True).provider_code == "17"
    assert answer_error(answered(400), CODES, code="", detail="", understood=True).provider_code == "HTTP 400"


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (401, Reason.CREDENTIALS),
        (400, Reason.PROVIDER_REJECTED),
        (500, Reason.PROVIDER_DOWN),
        (200, Reason.UNREADABLE_ANSWER),
    ],
)
def test_a_management_call_has_the_same_reasons(status: int, reason: Reason) -> None:
    assert call_error(answered(status), CODES).reason is reason


def test_a_failure_by_webhook_proves_what_an_answer_left_in_doubt() -> None:
    assert late_action(Reason.PROVIDER_ERROR) is Action.RETRY
    assert late_action(Reason.DUPLICATE) is Action.GIVE_UP
    assert late_action(Reason.RECIPIENT_UNREACHABLE) is Action.GIVE_UP


def test_retry_after_may_be_a_date() -> None:
    moment = datetime.now(UTC) + timedelta(seconds=90)
    assert 85 < retry_after_seconds(format_datetime(moment, usegmt=True)) <= 90


@pytest.mark.parametrize("value", ["", "soon", "-3", "Mon, 09 Nov 2020 11:00:00 GMT"])
def test_retry_after_that_says_nothing_is_zero(value: str) -> None:
    assert retry_after_seconds(value) == 0
