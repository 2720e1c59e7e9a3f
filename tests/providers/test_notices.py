"""What providers say about accounts and numbers: applied once, the newest word last."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from providers.contracts import AccountEvent, NumberEvent
from providers.errors import Reason
from providers.inbox import delivery_replay
from providers.models import Portfolio, ProviderAccount, ProviderNotice, SenderNumber
from providers.notices import account_notice_apply, number_notice_apply
from providers.parking import park, unpark
from tests.deliveries import deliver, payload, payload_number_make

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 9, 1, 12, tzinfo=UTC)
EARLIER = NOW - timedelta(minutes=1)


@pytest.fixture
def number() -> SenderNumber:
    return payload_number_make()


def _number_event(number: SenderNumber, at: datetime = NOW, **values: Any) -> NumberEvent:
    return NumberEvent(at, sender_external_id=number.external_id, event="TEST", **values)


def _apply(number: SenderNumber, *events: NumberEvent) -> SenderNumber:
    for event in events:
        number_notice_apply(number.account_id, event)
    return SenderNumber.objects.select_related("portfolio").get(pk=number.pk)


def test_a_webhook_raises_throughput_and_limit(number: SenderNumber) -> None:
    delivery = deliver(number.account, payload("webhook_phone_number_quality_update_throughput"))
    number = SenderNumber.objects.select_related("portfolio").get()
    assert (delivery.state, number.throughput) == ("processed", 1000)
    assert number.portfolio is not None
    assert number.portfolio.messaging_limit is None


def test_the_quality_is_taken_over(number: SenderNumber) -> None:
    assert _apply(number, _number_event(number, quality="RED")).quality == "RED"


def test_the_limit_belongs_to_the_portfolio_that_the_numbers_share(number: SenderNumber) -> None:
    second = payload_number_make_beside(number)
    number = _apply(number, _number_event(number, messaging_limit=250))
    second.refresh_from_db()
    assert Portfolio.objects.get().messaging_limit == 250
    assert number.portfolio == second.portfolio == Portfolio.objects.get()


def payload_number_make_beside(number: SenderNumber) -> SenderNumber:
    return SenderNumber.objects.create(account=number.account, phone="+5491155550299", external_id="2")


def test_an_older_word_that_comes_late_changes_nothing(number: SenderNumber) -> None:
    events = [_number_event(number, quality="GREEN"), _number_event(number, EARLIER, quality="RED")]
    assert _apply(number, *events).quality == "GREEN"


def test_an_older_word_on_something_else_still_counts(number: SenderNumber) -> None:
    events = [_number_event(number, quality="GREEN"), _number_event(number, EARLIER, throughput=1000)]
    assert _apply(number, *events).throughput == 1000


def test_a_notice_of_an_unknown_number_is_a_problem(number: SenderNumber) -> None:
    SenderNumber.objects.update(phone="+5491155550000")
    delivery = deliver(number.account, payload("webhook_phone_number_quality_update_throughput"))
    assert (delivery.state, ProviderNotice.objects.count()) == ("failed", 0)


@pytest.mark.parametrize("name", ["webhook_account_update_disabled", "webhook_account_update_deleted"])
def test_a_ban_stops_the_account(number: SenderNumber, name: str) -> None:
    deliver(number.account, payload(name))
    account = ProviderAccount.objects.get()
    assert (account.is_parked, account.parked_reason, account.parked_until) == (True, Reason.ACCOUNT_BLOCKED, None)


def test_a_reinstatement_lets_it_go_on(number: SenderNumber) -> None:
    account_notice_apply(number.account_id, AccountEvent(EARLIER, "BAN", park=True))
    account_notice_apply(number.account_id, AccountEvent(NOW, "REINSTATED", park=False))
    assert not ProviderAccount.objects.get().is_parked


def test_a_replayed_ban_does_not_stop_what_a_person_resumed(number: SenderNumber) -> None:
    delivery = deliver(number.account, payload("webhook_account_update_disabled"))
    unpark(ProviderAccount.objects.get())
    delivery_replay(delivery_id=delivery.pk)
    assert not ProviderAccount.objects.get().is_parked


def test_a_ban_that_comes_after_the_reinstatement_it_preceded_stops_nothing(number: SenderNumber) -> None:
    account_notice_apply(number.account_id, AccountEvent(NOW, "REINSTATED", park=False))
    account_notice_apply(number.account_id, AccountEvent(EARLIER, "BAN", park=True))
    assert not ProviderAccount.objects.get().is_parked


def test_a_reinstatement_does_not_make_a_refused_token_good(number: SenderNumber) -> None:
    park(number.account, reason=Reason.CREDENTIALS)
    account_notice_apply(number.account_id, AccountEvent(NOW, "REINSTATED", park=False))
    assert ProviderAccount.objects.get().is_parked


def test_an_alert_is_kept_and_stops_nothing(number: SenderNumber) -> None:
    deliver(number.account, payload("webhook_account_alerts_limit_deferred"))
    assert (ProviderNotice.objects.count(), ProviderAccount.objects.get().is_parked) == (1, False)


@pytest.mark.parametrize(
    "name", ["webhook_account_alerts_limit_deferred", "webhook_account_update_disabled", "webhook_value_errors"]
)
def test_the_same_notice_twice_is_kept_once(number: SenderNumber, name: str) -> None:
    deliver(number.account, payload(name))
    deliver(number.account, payload(name))
    assert ProviderNotice.objects.count() == 1


def test_the_capability_of_the_account_sets_the_portfolios_limit(number: SenderNumber) -> None:
    account_notice_apply(number.account_id, AccountEvent(NOW, "CAPABILITY", messaging_limit=2000))
    assert Portfolio.objects.get().messaging_limit == 2000
