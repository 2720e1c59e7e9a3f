"""Changing budgets: what a new limit means for the period that runs."""

from __future__ import annotations

from django.db import transaction

from recontact.budgets.alerts import alerts_note
from recontact.budgets.counting import budget_open
from recontact.budgets.periods import periods_locked
from recontact.clock import database_now
from recontact.models import Budget, BudgetPeriod


@transaction.atomic
def budget_keep(budget: Budget, *, opened: bool) -> set[str]:
    """Take up a budget that was just saved; `opened` when it is new or active again. Periods that are over keep the amount
    they had. Returns the currencies that are not counted, because no rate converts them."""
    coming = BudgetPeriod.objects.filter(budget=budget, ends_at__gt=database_now())
    periods = periods_locked(list(coming.values_list("pk", flat=True)))
    coming.update(amount=budget.amount)
    for period in periods:
        period.amount, period.budget = budget.amount, budget
    alerts_note(periods)
    return budget_open(budget) if opened and budget.is_active else set()
