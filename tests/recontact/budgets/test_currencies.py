"""Another currency than the budget's: refused, unless a dated rate converts it; then with that rate, which is kept."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from recontact.budgets.counting import budget_open
from recontact.budgets.reserve import campaign_shares
from recontact.budgets.settle import changes_add_up
from recontact.campaigns.control import campaign_launch
from recontact.clock import database_now
from recontact.models import Budget, BudgetPeriod, BudgetReservation, Campaign, ExchangeRate, Message
from recontact.refusals import Code, SendRefused
from tests.factories import budget_make, campaign_make, message_make, recipients_make

pytestmark = pytest.mark.django_db

PRICE = Decimal("0.026")


def rate(value: str, *, days_ago: int = 0, source: str = "USD", target: str = "ARS") -> ExchangeRate:
    day = timezone.localdate() - timedelta(days=days_ago)
    return ExchangeRate.objects.create(from_currency=source, to_currency=target, rate=Decimal(value), valid_from=day)


def test_without_a_rate_a_message_is_refused_and_both_currencies_are_named() -> None:
    budget_make(currency="ARS")
    with pytest.raises(SendRefused) as refused:
        message_make()
    [refusal] = refused.value.refusals
    assert (refusal.code, refusal.http_status) == (Code.BUDGET_CURRENCY, 409)
    assert (refusal.params["currency"], refusal.params["budget_currency"]) == ("USD", "ARS")


def test_nor_does_the_rate_the_other_way_round_or_a_later_one_do() -> None:
    budget_make(currency="ARS")
    rate("0.0007", source="ARS", target="USD")
    rate("1400", days_ago=-3)
    with pytest.raises(SendRefused):
        message_make()


def test_with_one_it_counts_at_the_latest_of_its_day_to_the_last_digit() -> None:
    budget_make(currency="ARS")
    rate("1000", days_ago=10)
    latest = rate("1437.1234567891", days_ago=2)
    message_make()
    reservation = BudgetReservation.objects.get()
    assert (reservation.exchange_rate, reservation.rate) == (latest, Decimal("1437.1234567891"))
    assert BudgetPeriod.objects.get().reserved == PRICE * Decimal("1437.1234567891")


def test_and_keeps_its_rate_whatever_comes_later() -> None:
    budget_make(currency="ARS")
    rate("1000", days_ago=1)
    message = message_make()
    rate("2000")
    Message.objects.filter(pk=message.pk).update(state="delivered")
    changes_add_up()
    assert BudgetPeriod.objects.get().spent == PRICE * 1000


def test_a_campaign_without_a_rate_is_parked_and_says_so() -> None:
    budget_make(currency="ARS")
    campaign = campaign_make()
    recipients_make(campaign=campaign, count=3, estimate=PRICE, currency="USD")
    [share] = campaign_shares(campaign, at=database_now())
    assert (share.fits, share.without_rate) == (False, ("USD",))
    assert campaign_launch(campaign_id=campaign.pk, user=campaign.created_by).state == Campaign.State.PARKED


def test_a_budget_opened_later_names_the_currency_that_it_could_not_count() -> None:
    message_make()
    assert budget_open(budget_make(currency="ARS")) == {"USD"}


@pytest.mark.parametrize("code", ["XXX", "USDT", "usd", "U$D", "ZZZ", "XAU", ""])
def test_a_budget_and_an_exchange_rate_are_in_a_currency_that_there_is(code: str) -> None:
    """ISO 4217: no codes for tests, metals or things that look like one."""
    budget = Budget(name="B", amount=Decimal(1), currency=code)
    rate = ExchangeRate(from_currency=code, to_currency="USD", rate=Decimal(1), valid_from=date(2026, 11, 1))
    for row, field in ((budget, "currency"), (rate, "from_currency")):
        with pytest.raises(ValidationError) as refused:
            row.full_clean(validate_constraints=False)
        assert field in refused.value.message_dict
