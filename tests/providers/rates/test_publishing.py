"""Published cards: one at a time, never edited, ended by their successor; held by the database itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.db.utils import DatabaseError, ProgrammingError
from django.utils import timezone

from providers.models import ProviderAccount, Rate, RateCard, RateFee
from providers.rates.lookup import card_in_force
from providers.rates.publishing import CannotPublish, card_publish
from tests.factories import account_make, rate_card_make

pytestmark = pytest.mark.django_db

JANUARY, JULY, NEXT = (
    datetime(2026, 1, 1, tzinfo=UTC),
    datetime(2026, 7, 1, tzinfo=UTC),
    datetime(2027, 1, 1, tzinfo=UTC),
)


@pytest.fixture
def account() -> ProviderAccount:
    return account_make()


def test_a_successor_ends_the_card_before_it_at_its_beginning(account: ProviderAccount) -> None:
    first = rate_card_make(account=account, valid_from=JANUARY)
    second = rate_card_make(account=account, valid_from=JULY)
    first.refresh_from_db()
    assert (first.valid_to, second.valid_to) == (JULY, None)
    assert card_in_force(account_id=account.pk, at=JULY - timedelta(microseconds=1)) == first
    assert card_in_force(account_id=account.pk, at=JULY) == second


def test_a_draft_prices_nothing(account: ProviderAccount) -> None:
    rate_card_make(account=account, is_published=False)
    assert card_in_force(account_id=account.pk) is None


@pytest.mark.parametrize(
    ("starts_at", "ends_at"),
    [(JANUARY, None), (JANUARY - timedelta(days=9), None), (JANUARY + timedelta(days=1), None), (NEXT, None)],
)
def test_a_card_that_overlaps_a_dated_one_is_not_published(
    account: ProviderAccount, starts_at: datetime, ends_at: datetime | None
) -> None:
    rate_card_make(account=account, valid_from=JANUARY, valid_to=JULY)
    rate_card_make(account=account, valid_from=NEXT, valid_to=NEXT + timedelta(days=30))
    draft = rate_card_make(account=account, is_published=False, valid_from=starts_at, valid_to=ends_at)
    with pytest.raises(CannotPublish, match="overlap"):
        card_publish(draft.pk)
    draft.refresh_from_db()
    assert not draft.is_published


def test_not_even_sql_publishes_two_cards_for_one_moment(account: ProviderAccount) -> None:
    rate_card_make(account=account, valid_from=JANUARY)
    draft = rate_card_make(account=account, valid_from=JULY, is_published=False)
    with pytest.raises(IntegrityError, match="one_rate_card_at_a_time"), transaction.atomic():
        RateCard.objects.filter(pk=draft.pk).update(status="published")
    other = rate_card_make(account=account_make(), valid_from=JULY)
    assert other.is_published


@pytest.mark.parametrize(
    "change",
    [
        {"currency": "EUR"},
        {"name": "x"},
        {"valid_from": JULY},
        {"status": "draft"},
        {"report_covers": "fee"},
        {"is_sample": True},
        {"source": "x"},
    ],
)
def test_nothing_of_a_published_card_changes_but_its_end_once(
    account: ProviderAccount, change: dict[str, object]
) -> None:
    card = rate_card_make(account=account, valid_from=JANUARY)
    with pytest.raises(DatabaseError, match="never edited"), transaction.atomic():
        RateCard.objects.filter(pk=card.pk).update(**change)
    RateCard.objects.filter(pk=card.pk).update(valid_to=JULY)
    with pytest.raises(DatabaseError, match="never edited"), transaction.atomic():
        RateCard.objects.filter(pk=card.pk).update(valid_to=NEXT)


def test_its_prices_and_fees_can_neither_change_nor_go_nor_come(account: ProviderAccount) -> None:
    card = rate_card_make(account=account)
    for write in (
        lambda: Rate.objects.filter(card=card).update(price=Decimal(1)),
        lambda: Rate.objects.filter(card=card).delete(),
        lambda: Rate.objects.create(card=card, market="BR", category="utility", price=Decimal(1)),
        lambda: RateFee.objects.create(card=card, kind="monthly", value=Decimal(1)),
        lambda: RateCard.objects.filter(pk=card.pk).delete(),
    ):
        with pytest.raises(ProgrammingError), transaction.atomic():
            write()


def test_a_card_without_prices_or_with_torn_tiers_is_not_published(account: ProviderAccount) -> None:
    card = RateCard.objects.create(account=account, name="x", currency="USD", valid_from=timezone.now())
    with pytest.raises(CannotPublish, match="no prices"):
        card_publish(card.pk)
    Rate.objects.create(card=card, market="AR", category="utility", tier_from=0, tier_to=100, price=Decimal("0.02"))
    Rate.objects.create(card=card, market="AR", category="utility", tier_from=150, price=Decimal("0.01"))
    with pytest.raises(CannotPublish, match="tiers of AR"):
        card_publish(card.pk)
