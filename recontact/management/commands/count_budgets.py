"""`manage.py count_budgets`: count the periods of budgets anew from the messages and campaigns themselves."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _

from recontact.budgets.counting import period_count
from recontact.clock import database_now
from recontact.models import BudgetPeriod


class Command(BaseCommand):
    help = "Count the budgets' periods anew from messages and campaigns: the present ones, or all. Sending may go on."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--all", action="store_true", help="earlier periods too")

    def handle(self, *args: Any, **options: Any) -> None:
        periods = (
            BudgetPeriod.objects.filter(budget__is_active=True).select_related("budget").order_by("starts_at", "pk")
        )
        if not options["all"]:
            periods = periods.filter(ends_at__gt=database_now())
        for period in periods:
            before = period.used
            uncounted = period_count(period)
            period.refresh_from_db()
            line = (
                f"{period.budget} {period.starts_at:%Y-%m-%d}: {before.normalize():f} -> {period.used.normalize():f} "
            )
            self.stdout.write(line + period.budget.currency)
            for currency in sorted(uncounted):
                self.stderr.write(_("%(currency)s is not counted: no exchange rate.") % {"currency": currency})
