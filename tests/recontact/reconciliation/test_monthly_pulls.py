"""Providers are asked by themselves for the month before: once, from the second on, and anew the next day when it failed."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from providers.models import ProviderAccount
from recontact.models import UsagePull
from recontact.reconciliation.monthly_pulls import MOST_FAILURES, monthly_pulls_ask
from recontact.reconciliation.pulling import pull_ask
from tests.factories import account_make, user_make
from tests.recontact.reconciliation.test_pages import LIST, ops

__all__ = ["ops"]
pytestmark = pytest.mark.django_db

SECOND = datetime(2026, 11, 2, 12, tzinfo=UTC)
OCTOBER, LAST = date(2026, 10, 1), date(2026, 10, 31)


class Clock:
    """What the database says that the time is; rows are dated by it too."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = SECOND
        for module in ("monthly_pulls", "pulling"):
            monkeypatch.setattr(f"recontact.reconciliation.{module}.database_now", lambda: self.now)
        monkeypatch.setattr("django.utils.timezone.now", lambda: self.now)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def account(*, provider: str = "meta", zone: str = "UTC", **fields: Any) -> ProviderAccount:
    made = account_make(provider=provider, time_zone=zone, **fields)
    ProviderAccount.objects.filter(pk=made.pk).update(created_at="2026-01-01T00:00Z")
    return made


def fails(clock: Clock) -> None:
    UsagePull.objects.filter(state="waiting").update(state="failed", problem="It is down.", finished_at=clock.now)


def test_each_that_can_be_asked_is_once_for_the_whole_month_before(clock: Clock) -> None:
    meta = account()
    account(provider="vonage")
    account(is_active=False)

    assert (monthly_pulls_ask(), monthly_pulls_ask()) == (1, 0)

    pull = UsagePull.objects.get()
    assert (pull.account, pull.first_day, pull.last_day, pull.for_month) == (meta, OCTOBER, LAST, OCTOBER)
    pull.state = "done"
    pull.save()
    clock.now = SECOND + timedelta(days=27)
    assert monthly_pulls_ask() == 0
    clock.now = datetime(2026, 12, 2, tzinfo=UTC)
    assert monthly_pulls_ask() == 1
    assert UsagePull.objects.first().for_month == date(2026, 11, 1)  # type: ignore[union-attr]


def test_it_is_the_second_where_the_account_is_and_later_if_nothing_ran_then(clock: Clock) -> None:
    account(zone="America/Bogota")
    clock.now = datetime(2026, 11, 2, 4, tzinfo=UTC)
    assert monthly_pulls_ask() == 0
    clock.now = datetime(2026, 11, 2, 6, tzinfo=UTC)
    assert monthly_pulls_ask() == 1
    account()
    clock.now = datetime(2026, 11, 20, tzinfo=UTC)
    assert monthly_pulls_ask() == 1


def test_an_account_that_was_not_there_is_not_asked_for_that_month(clock: Clock) -> None:
    late = account()
    ProviderAccount.objects.filter(pk=late.pk).update(created_at="2026-11-01T08:00Z")

    assert monthly_pulls_ask() == 0


def test_what_a_person_asked_since_is_not_asked_again_but_what_he_asked_too_early_is(clock: Clock) -> None:
    early, since = account(), account(external_id="since")
    clock.now = datetime(2026, 11, 1, 12, tzinfo=UTC)
    pull_ask(account=early, first=OCTOBER, last=LAST, user_id=user_make().pk)
    clock.now = SECOND
    pull_ask(account=since, first=OCTOBER, last=LAST, user_id=user_make().pk)
    UsagePull.objects.update(state="done")

    assert monthly_pulls_ask() == 1
    assert UsagePull.objects.get(for_month=OCTOBER).account == early


def test_while_it_is_asked_for_other_days_its_turn_comes_later(clock: Clock) -> None:
    meta = account()
    pull_ask(account=meta, first=OCTOBER, last=OCTOBER, user_id=None)
    assert monthly_pulls_ask() == 0
    UsagePull.objects.update(state="done")
    assert monthly_pulls_ask() == 1


def test_a_failure_is_asked_anew_the_next_day_some_times_and_shown_until_it_was_read(
    clock: Clock, ops: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    account(name="Meta Sur")
    for _ in range(MOST_FAILURES):
        assert monthly_pulls_ask() == 1
        fails(clock)
        assert monthly_pulls_ask() == 0
        clock.now += timedelta(days=1)
    assert monthly_pulls_ask() == 0
    shown = ops.get(LIST).content.decode()
    assert shown.count("Meta Sur could not be asked for October 2026") == 1
    assert "It is down." in shown
    assert "by itself" in ops.get(f"{LIST}usage/").content.decode()

    pull_ask(account=ProviderAccount.objects.get(name="Meta Sur"), first=OCTOBER, last=LAST, user_id=None)
    UsagePull.objects.filter(state="waiting").update(state="done")

    assert "could not be asked" not in ops.get(LIST).content.decode()


def test_not_even_two_at_once_ask_twice_for_a_month(clock: Clock) -> None:
    account()
    monthly_pulls_ask()
    first = UsagePull.objects.get()
    UsagePull.objects.update(state="done")

    with pytest.raises(IntegrityError), transaction.atomic():
        UsagePull.objects.create(
            account=first.account, first_day=OCTOBER, last_day=LAST, for_month=OCTOBER, due_at=SECOND
        )
