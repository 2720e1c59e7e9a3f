"""Parks: who is released by a person or by the provider is not stopped again by older news."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from providers.contracts import AccountEvent
from providers.models import Portfolio
from providers.notices import account_notice_apply, limit_apply, number_facts_apply
from providers.parking import park, released, unpark
from tests.factories import account_make, sender_number_make

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("minutes", "parked"), [(-5, False), (5, True)], ids=["older", "newer"])
def test_only_what_came_up_after_the_release_parks_again(minutes: float, parked: bool) -> None:
    number = sender_number_make()
    park(number, reason="number_blocked")
    unpark(number)
    park(number, reason="number_blocked", occurred_at=timezone.now() + timedelta(minutes=minutes))
    assert number.is_parked == parked


def test_an_old_notice_that_comes_late_does_not_stop_an_account_that_a_person_released() -> None:
    account = account_make()
    park(account, reason="account_blocked")
    unpark(account)
    account_notice_apply(
        account.pk, AccountEvent(timezone.now() - timedelta(hours=1), "ACCOUNT_RESTRICTION", park=True)
    )
    account.refresh_from_db()
    assert not account.is_parked


def test_whoever_waits_is_told_of_a_release() -> None:
    told = []

    def note(row: object, **_rest: object) -> None:
        told.append(row)

    released.connect(note)
    number = sender_number_make()
    park(number, reason="number_blocked")
    unpark(number)
    released.disconnect(note)
    assert told == [number]


@pytest.mark.parametrize(
    ("reason", "quality", "parked"),
    [
        ("number_blocked", "GREEN", False),
        ("number_blocked", "YELLOW", True),
        ("number_not_registered", "GREEN", True),
    ],
)
def test_a_number_blocked_for_its_quality_goes_on_when_that_is_good_again(
    reason: str, quality: str, parked: bool
) -> None:
    number = sender_number_make()
    park(number, reason=reason)
    number_facts_apply(number=number, quality=quality)
    number.refresh_from_db()
    assert number.is_parked == parked


@pytest.mark.parametrize(("limit", "parked"), [(1000, True), (2000, False), (-1, False)])
def test_numbers_that_used_up_their_limit_go_on_when_it_is_raised(limit: int, parked: bool) -> None:
    number = sender_number_make(portfolio=Portfolio.objects.create(name="p", messaging_limit=1000))
    park(number, reason="recipient_limit", until=timezone.now() + timedelta(hours=20))
    limit_apply(account_id=number.account_id, limit=limit)
    number.refresh_from_db()
    assert number.is_parked == parked
