"""The periods of a budget: their bounds by the portal's time zone, and their rows, locked by whoever reserves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from django.utils import timezone

from recontact.models import Budget, BudgetPeriod


def period_bounds(budget: Budget, at: datetime) -> tuple[datetime, datetime] | None:
    """From when until when the period lasts in which `at` is; None outside the days of a budget from one day to another."""
    day = timezone.localtime(at, timezone.get_default_timezone()).date()
    if budget.period == Budget.Period.DATES:
        if budget.starts_on is None or budget.ends_on is None or not budget.starts_on <= day <= budget.ends_on:
            return None
        return _midnight(budget.starts_on), _midnight(budget.ends_on + timedelta(days=1))
    if budget.period == Budget.Period.DAY:
        return _midnight(day), _midnight(day + timedelta(days=1))
    if budget.period == Budget.Period.WEEK:
        monday = day - timedelta(days=day.weekday())
        return _midnight(monday), _midnight(monday + timedelta(days=7))
    first = day.replace(day=1)
    return _midnight(first), _midnight((first + timedelta(days=32)).replace(day=1))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=timezone.get_default_timezone())


def periods_lock(budgets: Iterable[Budget], at: datetime) -> list[BudgetPeriod]:
    """The rows of the budgets' periods at `at`, made where there are none, locked until the transaction ends, in one order."""
    return periods_locked(periods_make(budgets, at))


def periods_make(budgets: Iterable[Budget], at: datetime) -> list[int]:
    """The ids of the budgets' periods at `at`, made where there are none; none for a budget whose days `at` is not in."""
    ids = []
    for budget in budgets:
        bounds = period_bounds(budget, at)
        if bounds is not None:
            defaults = {"ends_at": bounds[1], "amount": budget.amount}
            ids.append(BudgetPeriod.objects.get_or_create(budget=budget, starts_at=bounds[0], defaults=defaults)[0].pk)
    return ids


def periods_locked(ids: Sequence[int]) -> list[BudgetPeriod]:
    """These rows, locked, with their budgets. Not against foreign keys: a reservation names its period."""
    if not ids:
        return []
    rows = BudgetPeriod.objects.select_for_update(no_key=True, of=("self",)).select_related("budget")
    return list(rows.filter(pk__in=ids).order_by("pk"))


def period_at(budget: Budget, at: datetime) -> BudgetPeriod | None:
    """The period at `at`, unlocked, for showing; one that nothing was reserved in yet is not stored."""
    bounds = period_bounds(budget, at)
    if bounds is None:
        return None
    found = BudgetPeriod.objects.filter(budget=budget, starts_at=bounds[0]).first()
    return found or BudgetPeriod(budget=budget, starts_at=bounds[0], ends_at=bounds[1], amount=budget.amount)


def left_for(period: BudgetPeriod, *, by_campaign: bool) -> Decimal:
    """What may still be reserved, in the budget's currency; below zero once it is overdrawn. Campaigns leave the agents'
    share alone, whatever the agents have used."""
    left = period.amount - period.used
    if by_campaign and period.budget.agents_share:
        share = period.amount * (100 - period.budget.agents_share) / Decimal(100)
        left = min(left, share - period.campaigns)
    return left
