"""Periods of a budget: their bounds by the portal's clock, what counts in which, and counting from the rows."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.core.management import call_command
from django.utils import timezone

from recontact.books import differences
from recontact.budgets import reserve
from recontact.budgets.counting import budget_open, period_count, periods_count_again
from recontact.budgets.keeping import budget_keep
from recontact.budgets.periods import period_bounds
from recontact.budgets.settle import changes_add_up
from recontact.budgets.standing import standings
from recontact.campaigns.control import campaign_launch
from recontact.campaigns.launch import campaigns_launch
from recontact.clock import database_now
from recontact.models import Budget, BudgetPeriod, BudgetReservation, Campaign, Message
from recontact.refusals import SendRefused
from tests.factories import (
    budget_make,
    campaign_make,
    message_make,
    query_make,
    recipients_make,
    template_make,
    user_make,
)

PRICE = Decimal("0.026")
#: 22:30 of Monday, 30 November in Buenos Aires: in UTC it is Tuesday, 1 December.
LATE = datetime(2026, 12, 1, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("period", "first", "after"),
    [
        (Budget.Period.MONTH, date(2026, 11, 1), date(2026, 12, 1)),
        (Budget.Period.WEEK, date(2026, 11, 30), date(2026, 12, 7)),
        (Budget.Period.DAY, date(2026, 11, 30), date(2026, 12, 1)),
    ],
)
def test_a_period_begins_at_midnight_of_the_portal(period: str, first: date, after: date) -> None:
    bounds = period_bounds(Budget(period=period), LATE)
    assert bounds is not None
    zone = timezone.get_default_timezone()
    assert [(moment.astimezone(zone).date(), moment.astimezone(zone).hour) for moment in bounds] == [
        (first, 0),
        (after, 0),
    ]


@pytest.mark.parametrize(("day", "counts"), [(29, False), (30, True)])
def test_one_from_a_day_to_another_counts_these_days_and_no_other(day: int, counts: bool) -> None:
    budget = Budget(period=Budget.Period.DATES, starts_on=date(2026, 11, day), ends_on=date(2026, 11, day))
    assert (period_bounds(budget, LATE) is not None) == counts


@pytest.mark.django_db
def test_what_is_queued_in_one_period_and_delivered_in_the_next_counts_where_it_was_queued(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    budget_make(period=Budget.Period.DAY)
    now = database_now()
    monkeypatch.setattr(reserve, "database_now", lambda: now - timedelta(days=1))
    yesterdays = message_make()
    monkeypatch.setattr(reserve, "database_now", lambda: now)
    message_make()
    Message.objects.filter(pk=yesterdays.pk).update(state="delivered")
    changes_add_up()
    yesterday, today = BudgetPeriod.objects.order_by("starts_at")
    assert (yesterday.reserved, yesterday.spent) == (Decimal(0), PRICE)
    assert (today.reserved, today.spent) == (PRICE, Decimal(0))


@pytest.mark.django_db
def test_a_new_period_begins_with_nothing_used(monkeypatch: pytest.MonkeyPatch) -> None:
    budget_make(period=Budget.Period.DAY, amount="0.03")
    message_make()
    with pytest.raises(SendRefused):
        message_make()
    now = database_now()
    monkeypatch.setattr(reserve, "database_now", lambda: now + timedelta(days=1))
    assert message_make().pk


@pytest.fixture
def work(db: None) -> Campaign:
    """Before there is any budget: one message delivered, one failed, one queued, and a campaign half way."""
    query = query_make()
    template = template_make(account=query.sender_number.account)
    delivered, failed, _queued = (
        message_make(query=query_make(sender_number=query.sender_number), template=template) for _ in range(3)
    )
    Message.objects.filter(pk=delivered.pk).update(state="delivered")
    Message.objects.filter(pk=failed.pk).update(state="failed")
    campaign = campaign_make(template=template, sender_number=query.sender_number)
    recipients_make(campaign=campaign, count=3, estimate=PRICE, currency="USD", market="AR")
    campaign_launch(campaign_id=campaign.pk, user=campaign.created_by)
    campaigns_launch()
    recipients_make(campaign=campaign, count=2, estimate=PRICE, currency="USD", market="AR")
    return campaign


def counted() -> tuple[Decimal, Decimal, Decimal]:
    period = BudgetPeriod.objects.get()
    assert [found for found in differences() if "budget" in found.check] == []
    return period.reserved, period.spent, period.campaigns


def test_a_budget_opened_in_the_middle_counts_what_was_sent_before(work: Campaign) -> None:
    assert budget_keep(budget_make(), opened=True) == set()
    assert counted() == (6 * PRICE, PRICE, 5 * PRICE)


def test_and_what_becomes_of_it_afterwards(work: Campaign) -> None:
    budget_open(budget_make())
    for message in Message.objects.filter(state="queued", campaign=None):
        Message.objects.filter(pk=message.pk).update(state="delivered")
    Message.objects.filter(state="failed").update(state="delivered")
    campaigns_launch()
    changes_add_up()
    assert counted() == (5 * PRICE, 3 * PRICE, 5 * PRICE)


def test_counting_again_changes_nothing_that_was_right(work: Campaign) -> None:
    budget_open(budget_make())
    Message.objects.filter(state="queued", campaign=None).update(state="delivered")
    before = BudgetReservation.objects.count()
    period_count(BudgetPeriod.objects.get())
    assert BudgetReservation.objects.count() == before
    changes_add_up()
    assert counted() == (5 * PRICE, 2 * PRICE, 5 * PRICE)


def test_what_was_under_way_when_it_was_opened_is_counted_a_minute_later(work: Campaign) -> None:
    budget_open(budget_make())
    # As if its transaction had seen no budget, and ended after the count.
    BudgetReservation.objects.filter(message__state="queued").delete()
    BudgetPeriod.objects.update(count_again_at=database_now())
    assert periods_count_again() == 1
    assert counted() == (6 * PRICE, PRICE, 5 * PRICE)
    assert periods_count_again() == 0


def test_the_command_mends_sums_that_somebody_changed(work: Campaign) -> None:
    budget_open(budget_make())
    BudgetPeriod.objects.update(reserved=0, spent=99, campaigns=7)
    assert [found for found in differences() if "budget" in found.check]
    call_command("count_budgets")
    assert counted() == (6 * PRICE, PRICE, 5 * PRICE)


@pytest.mark.django_db
def test_a_team_budget_counts_its_queries_and_what_its_members_send() -> None:
    user = user_make()
    query = query_make()
    template = template_make(account=query.sender_number.account)
    team = user.teams.create(name="Turnos")
    query.team = team
    query.save()
    budget = budget_make(scope=Budget.Scope.TEAM, team=team)
    message_make(query=query, template=template)
    message_make(query=query_make(sender_number=query.sender_number), template=template)
    assert BudgetPeriod.objects.get(budget=budget).used == PRICE
    BudgetReservation.objects.all().delete()
    period_count(BudgetPeriod.objects.get())
    assert counted()[0] == PRICE


@pytest.mark.django_db
def test_a_changed_amount_counts_from_this_period_on_and_leaves_the_earlier_ones(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    budget = budget_make(period=Budget.Period.DAY, amount="10")
    now = database_now()
    monkeypatch.setattr(reserve, "database_now", lambda: now - timedelta(days=1))
    message_make()
    monkeypatch.setattr(reserve, "database_now", lambda: now)
    message_make()
    budget.amount = Decimal(20)
    budget.save()
    budget_keep(budget, opened=False)
    assert list(BudgetPeriod.objects.order_by("starts_at").values_list("amount", flat=True)) == [
        Decimal(10),
        Decimal(20),
    ]
    [standing] = standings([budget], history=True)
    assert [period.amount for period in standing.earlier] == [Decimal(10)]
    assert standing.left == 20 - PRICE


@pytest.mark.django_db
def test_a_period_whose_clock_is_a_workers_own_is_never_asked() -> None:
    """Periods follow the database's clock."""
    budget_make(period=Budget.Period.DAY)
    query = query_make()
    template = template_make(account=query.sender_number.account)
    today = database_now()
    with time_machine.travel(today + timedelta(days=40), tick=True):
        message_make(query=query, template=template)
    period = BudgetPeriod.objects.get()
    assert period.starts_at <= today < period.ends_at
