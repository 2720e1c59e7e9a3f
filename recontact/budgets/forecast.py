"""What budgets will say to several messages, one after the other: told before the click. The outbox decides again."""

from __future__ import annotations

from decimal import Decimal

from recontact.budgets.periods import left_for, period_at
from recontact.budgets.scope import Facts, Rate, budgets_for, rate_between
from recontact.clock import database_now
from recontact.costs.estimate import Estimate
from recontact.models import Budget, BudgetPeriod
from recontact.refusals import Code


class Forecast:
    """Keeps what would be left after each message that fits. As many queries as there are budgets and currencies."""

    def __init__(self) -> None:
        self.at = database_now()
        self._budgets: dict[Facts, list[Budget]] = {}
        self._periods: dict[int, BudgetPeriod | None] = {}
        self._left: dict[int, Decimal] = {}
        self._rates: dict[tuple[str, str], Rate | None] = {}

    def code(self, facts: Facts, estimate: Estimate) -> str:
        """Why the next message of this price would be refused; empty = it fits, and is taken into account."""
        wanted: dict[int, Decimal] = {}
        for budget in self._counting(facts) if estimate.amount else ():
            if self._period(budget) is None:
                continue
            rate = self._rate(estimate.currency, budget.currency)
            if rate is None:
                return Code.BUDGET_CURRENCY
            wanted[budget.pk] = estimate.amount * rate.value
            if budget.stops and wanted[budget.pk] > self._left[budget.pk]:
                return Code.BUDGET_EXHAUSTED
        for pk, amount in wanted.items():
            self._left[pk] -= amount
        return ""

    def _counting(self, facts: Facts) -> list[Budget]:
        if facts not in self._budgets:
            self._budgets[facts] = budgets_for(facts)
        return self._budgets[facts]

    def _period(self, budget: Budget) -> BudgetPeriod | None:
        if budget.pk not in self._periods:
            period = self._periods[budget.pk] = period_at(budget, self.at)
            if period is not None:
                self._left[budget.pk] = left_for(period, by_campaign=True)
        return self._periods[budget.pk]

    def _rate(self, currency: str, budget_currency: str) -> Rate | None:
        key = (currency, budget_currency)
        if key not in self._rates:
            self._rates[key] = rate_between(currency, budget_currency, self.at)
        return self._rates[key]
