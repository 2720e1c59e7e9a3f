"""Making and changing budgets: whether its parts fit together, and what a new limit means for the period that runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from recontact.budgets.alerts import alerts_note
from recontact.budgets.counting import budget_open
from recontact.budgets.periods import periods_locked
from recontact.clock import database_now
from recontact.models import Budget, BudgetPeriod

#: Which part each scope needs; the others stay empty.
NEEDED: dict[str, str] = {Budget.Scope.ACCOUNT: "account", Budget.Scope.TEAM: "team", Budget.Scope.SOURCE: "source"}
#: What never changes: what was counted would mean something else.
FOR_EVER = ("period", "starts_on", "ends_on", "currency", "scope", "account", "team", "source")


def budget_problems(parts: Mapping[str, Any]) -> dict[str, str]:
    """What does not fit together in a budget's parts, as far as they are known: the part at fault -> why."""
    problems = {}
    needed = NEEDED.get(parts.get("scope") or "")
    if needed is not None and not parts.get(needed):
        problems[needed] = _("Say which one it counts.")
    starts_on, ends_on = parts.get("starts_on"), parts.get("ends_on")
    if parts.get("period") == Budget.Period.DATES and not (starts_on and ends_on):
        problems["starts_on"] = _("Say from which day until which.")
    elif starts_on and ends_on and ends_on < starts_on:
        problems["ends_on"] = _("It would end before it begins.")
    return problems


def budget_parts_empty(parts: Mapping[str, Any]) -> dict[str, Any]:
    """The parts that stay empty in a budget of this scope and kind of period, each as it is when empty."""
    needed = NEEDED.get(parts.get("scope") or "")
    empty: dict[str, Any] = {name: "" if name == "source" else None for name in NEEDED.values() if name != needed}
    if parts.get("period") != Budget.Period.DATES:
        empty |= {"starts_on": None, "ends_on": None}
    return empty


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
