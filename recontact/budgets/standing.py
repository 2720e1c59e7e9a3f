"""How budgets stand, for people: reserved, spent and left of the present period, and the periods before it. Four queries."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.db.models import F, Window
from django.db.models.functions import RowNumber

from recontact.budgets.periods import period_bounds
from recontact.clock import database_now
from recontact.models import Budget, BudgetAlert, BudgetPeriod

HISTORY = 6


@dataclass(frozen=True, slots=True)
class Standing:
    """A budget with its present period (None outside its days), the share that it has alerted at, and earlier periods."""

    budget: Budget
    period: BudgetPeriod | None
    alert: int = 0
    earlier: Sequence[BudgetPeriod] = field(default_factory=list)

    @property
    def left(self) -> Decimal:
        return Decimal(0) if self.period is None else max(self.period.amount - self.period.used, Decimal(0))

    @property
    def over(self) -> Decimal:
        """By how much it is overdrawn."""
        return Decimal(0) if self.period is None else max(self.period.used - self.period.amount, Decimal(0))

    @property
    def whole(self) -> Decimal:
        """What the bar is a whole of: the amount, or what is used where that is more."""
        return Decimal(0) if self.period is None else max(self.period.amount, self.period.used)

    @property
    def for_agents(self) -> Decimal:
        """What is kept for agents."""
        return self.budget.amount * self.budget.agents_share / Decimal(100)

    @property
    def is_exhausted(self) -> bool:
        return self.period is not None and self.period.used >= self.period.amount

    @property
    def badge(self) -> str:
        """The class of its colour (hsm_portal/portal.css)."""
        return "stopped" if self.is_exhausted else "soon" if self.alert else "ok"


def standings(budgets: Iterable[Budget], *, history: bool = False) -> list[Standing]:
    """How these budgets stand now, in their order; with `history` the last periods before too."""
    now, found = database_now(), list(budgets)
    bounds = {budget.pk: period_bounds(budget, now) for budget in found}
    starts = {(pk, bound[0]) for pk, bound in bounds.items() if bound is not None}
    place = Window(RowNumber(), partition_by=F("budget"), order_by=F("starts_at").desc())
    rows = BudgetPeriod.objects.filter(budget__in=found).annotate(place=place).filter(place__lte=HISTORY + 2)
    periods: dict[int, list[BudgetPeriod]] = {}
    for row in rows.order_by("-starts_at"):
        periods.setdefault(row.budget_id, []).append(row)
    present = {
        row.budget_id: row for kept in periods.values() for row in kept if (row.budget_id, row.starts_at) in starts
    }
    alerts = BudgetAlert.objects.filter(period__in=present.values()).order_by("share")
    reached = dict(alerts.values_list("period__budget", "share"))
    standing = []
    for budget in found:
        bound = bounds[budget.pk]
        period = present.get(budget.pk)
        if period is None and bound is not None:
            period = BudgetPeriod(budget=budget, starts_at=bound[0], ends_at=bound[1], amount=budget.amount)
        earlier = [row for row in periods.get(budget.pk, []) if row.ends_at <= now][:HISTORY] if history else []
        standing.append(Standing(budget, period, reached.get(budget.pk, 0), earlier))
    return standing


def standings_active() -> list[Standing]:
    """Of the active budgets."""
    return standings(Budget.objects.filter(is_active=True).select_related("account", "team"))
