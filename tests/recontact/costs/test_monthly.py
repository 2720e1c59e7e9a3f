"""Monthly fees: once for each account and month in which a card with one is in force, dated, and part of no message."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import combinations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hsm_portal.roles import Role
from hsm_portal.users import user_create
from providers.models import ProviderAccount, RateCard, RateFee
from providers.rates.publishing import card_publish
from recontact.costs.asked import GROUPINGS, Question, month_of
from recontact.costs.files import costs_csv
from recontact.costs.grouped import costs_all, costs_grouped
from recontact.costs.monthly import MonthlyFee, monthly_fees
from recontact.costs.together import spent_together
from recontact.models import ExchangeRate
from tests.api_client import client_make
from tests.factories import account_make, message_make, query_make, rate_card_make, sender_number_make
from tests.recontact.costs.test_grouped import PRICE, TODAY, delivered

pytestmark = pytest.mark.django_db

SUMMER = (date(2026, 6, 1), date(2026, 8, 31))


def card_with_fee(
    account: ProviderAccount, since: datetime, fee: str = "29.00", currency: str = "USD", category: str = ""
) -> RateCard:
    card = rate_card_make(account=account, valid_from=since, currency=currency, is_published=False)
    RateFee.objects.create(card=card, kind=RateFee.Kind.MONTHLY, value=Decimal(fee), category=category)
    card_publish(card.pk)
    return card


def dated(first: date, last: date) -> list[tuple[date, Decimal]]:
    return [(fee.day, fee.amount) for fee in monthly_fees(first, last)]


def buenos_aires() -> ProviderAccount:
    return account_make(time_zone="America/Argentina/Buenos_Aires")


def test_a_fee_counts_once_a_month_on_its_first_day() -> None:
    account = buenos_aires()
    card_with_fee(account, datetime(2026, 1, 1, 3, tzinfo=UTC))
    fees = monthly_fees(*SUMMER)
    assert fees[0] == MonthlyFee(account.pk, date(2026, 6, 1), "", "USD", Decimal(29))
    assert [fee.day for fee in fees] == [date(2026, 6, 1), date(2026, 7, 1), date(2026, 8, 1)]


def test_in_the_month_in_which_the_first_card_begins_it_is_of_that_day() -> None:
    card_with_fee(buenos_aires(), datetime(2026, 7, 15, 12, tzinfo=UTC))
    assert dated(*SUMMER) == [(date(2026, 7, 15), Decimal(29)), (date(2026, 8, 1), Decimal(29))]


def test_of_two_cards_in_a_month_the_one_in_force_at_its_beginning_counts() -> None:
    account = buenos_aires()
    card_with_fee(account, datetime(2026, 1, 1, 3, tzinfo=UTC), "29.00")
    card_with_fee(account, datetime(2026, 7, 15, 3, tzinfo=UTC), "35.00")
    assert [amount for _day, amount in dated(*SUMMER)] == [Decimal(29), Decimal(29), Decimal(35)]


def test_a_card_that_begins_at_midnight_of_the_first_is_that_months() -> None:
    """Midnight in Buenos Aires is 03:00 UTC."""
    account = buenos_aires()
    card_with_fee(account, datetime(2026, 1, 1, 3, tzinfo=UTC), "29.00")
    card_with_fee(account, datetime(2026, 7, 1, 3, tzinfo=UTC), "35.00")
    assert [amount for _day, amount in dated(*SUMMER)] == [Decimal(29), Decimal(35), Decimal(35)]


def test_a_card_without_a_fee_ends_it_and_a_draft_begins_none() -> None:
    account = buenos_aires()
    card_with_fee(account, datetime(2026, 1, 1, 3, tzinfo=UTC))
    rate_card_make(account=account, valid_from=datetime(2026, 7, 1, 3, tzinfo=UTC))
    draft = rate_card_make(account=buenos_aires(), valid_from=datetime(2026, 1, 1, tzinfo=UTC), is_published=False)
    RateFee.objects.create(card=draft, kind=RateFee.Kind.MONTHLY, value=Decimal(99))
    assert dated(*SUMMER) == [(date(2026, 6, 1), Decimal(29))]


def test_months_to_come_cost_nothing_yet() -> None:
    card_with_fee(buenos_aires(), datetime(2026, 1, 1, 3, tzinfo=UTC))
    fees = dated(TODAY - timedelta(days=40), TODAY + timedelta(days=90))
    assert fees
    assert all(day <= TODAY + timedelta(days=1) for day, _amount in fees)


def this_month(*by: str, **only: str) -> Question:
    return Question(*month_of(TODAY), tuple(by), "USD", only)


def paying() -> ProviderAccount:
    """An account with 29 a month, one delivered message and one that failed."""
    number = sender_number_make()
    card_with_fee(number.account, datetime(2025, 1, 1, tzinfo=UTC))
    delivered(message_make(query=query_make(sender_number=number)))
    return number.account


def test_spent_is_what_messages_cost_and_the_monthly_fees_and_a_price_per_message_leaves_them_out() -> None:
    paying()
    total = costs_grouped(this_month()).total
    assert (total.monthly, total.charged, total.spent) == (Decimal(29), PRICE, PRICE + 29)
    assert (total.per_delivered, total.messages, total.difference) == (PRICE, 1, Decimal(0))
    assert total.before == 29


def test_the_fee_is_its_accounts_and_of_no_number_campaign_or_agent() -> None:
    account = paying()
    delivered(message_make())
    spent = {group.keys: group.figures.monthly for group in costs_grouped(this_month("account", "number")).groups}
    assert {keys: fee for keys, fee in spent.items() if fee} == {(account.pk, 0): Decimal(29)}
    assert costs_grouped(this_month(account=str(account.pk))).total.monthly == 29
    assert costs_grouped(this_month(agent="5")).total.monthly == 0


@pytest.mark.parametrize("by", list(combinations(GROUPINGS, 2)))
def test_the_cells_of_any_grouping_add_up_to_the_messages_and_the_monthly_fees(by: tuple[str, str]) -> None:
    paying()
    card_with_fee(account_make(), datetime(2025, 1, 1, tzinfo=UTC), "7.50", category="marketing")
    question = this_month(*by)
    for groups in (costs_grouped(question).groups, list(costs_all(question))):
        assert sum(group.figures.spent for group in groups) == PRICE + 29 + Decimal("7.50")


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(st.integers(0, 700), st.integers(0, 50_000_000)), max_size=4, unique_by=lambda pair: pair[0]))
def test_whatever_the_cards_each_day_of_a_period_adds_up_to_its_fees(cards: list[tuple[int, int]]) -> None:
    account = account_make()
    for days, millionths in sorted(cards):
        since = datetime(2024, 12, 1, 5, tzinfo=UTC) + timedelta(days=days)
        card_with_fee(account, since, str(Decimal(millionths).scaleb(-6)))
    question = Question(date(2025, 1, 1), date(2026, 10, 31), ("day",), "USD", {"account": str(account.pk)})
    fees = [fee for fee in monthly_fees(question.first, question.last) if fee.account_id == account.pk]
    assert sum(group.figures.monthly for group in costs_all(question)) == sum(fee.amount for fee in fees)
    assert len({(fee.day.year, fee.day.month) for fee in fees}) == len(fees)


def test_it_is_in_the_files_the_api_and_on_the_page() -> None:
    account = paying()
    rows = list(csv.reader(io.StringIO("".join(costs_csv(this_month("account"))).removeprefix("\ufeff"))))
    assert rows[1][rows[0].index("Monthly fees")] == "29.000000"
    answer = client_make().read("costs?by=account&currency=usd")
    assert (answer["results"][0]["monthly"], answer["results"][0]["spent"]) == ("29.000000", "29.026000")
    browser = Client()
    ops = user_create(username="ops", password="clave-segura-1", roles=[Role.OPS])
    browser.force_login(ops, "django.contrib.auth.backends.ModelBackend")
    page = browser.get("/manager/recontact/costcell/?by=account,number").content.decode()
    for words in ("US$ 29.03", "US$ 29.00 monthly fees", "No number", account.name):
        assert words in page


def test_all_currencies_together_have_them_too() -> None:
    card_with_fee(account_make(), datetime(2025, 1, 1, tzinfo=UTC), "1500", currency="ARS")
    ExchangeRate.objects.create(
        from_currency="ARS", to_currency="USD", rate=Decimal("0.001"), valid_from=date(2025, 1, 1)
    )
    assert spent_together(this_month()).amount == Decimal("1.5")


def test_it_costs_two_queries_however_many_accounts_and_cards_there_are() -> None:
    asked = []
    for accounts in (1, 4):
        for _account in range(accounts):
            account = account_make()
            card_with_fee(account, datetime(2025, 1, 1, tzinfo=UTC))
            card_with_fee(account, datetime(2026, 1, 1, tzinfo=UTC))
        with CaptureQueriesContext(connection) as found:
            monthly_fees(*month_of(TODAY))
        asked.append(len(found))
    # And the database's clock.
    assert asked == [3, 3]
