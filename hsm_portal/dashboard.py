"""The Manager's first page: today at a glance, what runs, what wants attention, and two charts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest
from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from hsm_portal.stopped import stopped_for, unwell_for
from recontact import figures
from recontact.budgets.alerts import PERMISSION as ALERTED
from recontact.budgets.standing import Standing, standings_active
from recontact.charts import COLOURS, LOST, OURS, bar_chart, series
from recontact.costs.money import money_text
from recontact.models import Budget, Incident

#: As many templates that want attention as fit beside the chart.
TROUBLED = 5
#: As many budgets as one look takes in; the page of budgets has them all.
BUDGETS = 4


def dashboard_context(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Unfold's callback: the context of the admin index, by what the user may see."""
    context["title"] = _("Dashboard")
    user = request.user
    if not user.has_perm("recontact.view_message"):
        return context
    context |= {
        "figures": True,
        "today": figures.today(),
        "queue": figures.queue(),
        "recontacts": figures.recontacts(),
        "hours_chart": _hours_chart(),
        "stopped": stopped_for(user),
        "unwell": unwell_for(user),
    }
    budgets = standings_active() if user.has_perm("recontact.view_budget") else []
    if user.has_perm("recontact.see_costs"):
        context |= {"spent": _spent(budgets), "spend_chart": _spend_chart(), "month": _month()}
    if budgets:
        alerted = [standing for standing in budgets if standing.alert] if user.has_perm(ALERTED) else []
        context |= {"budgets": budgets[:BUDGETS], "budgets_more": len(budgets) > BUDGETS, "alerted": alerted}
    if user.has_perm("recontact.view_campaign"):
        context["campaigns"] = figures.campaigns_alive()
    if user.has_perm("providers.view_sendernumber"):
        context["numbers"] = figures.numbers()
    if user.has_perm("templates_app.view_template"):
        troubled = figures.templates_in_trouble(limit=TROUBLED + 1)
        context |= {"troubled": troubled[:TROUBLED], "troubled_more": len(troubled) > TROUBLED}
    if user.has_perm("recontact.view_incident"):
        context["incident_count"] = Incident.objects.filter(closed_at__isnull=True).count()
    return context


def _spent(budgets: Sequence[Standing]) -> list[tuple[str, str, str]]:
    """(today, this month, what this month's budget for everything is or "") by currency, as they are written."""
    whole = {
        standing.budget.currency: money_text(standing.budget.amount, standing.budget.currency, decimals=0)
        for standing in budgets
        if standing.budget.scope == Budget.Scope.EVERYTHING and standing.budget.period == Budget.Period.MONTH
    }
    return [
        (money_text(day, currency, decimals=2), money_text(month, currency, decimals=2), whole.get(currency, ""))
        for currency, (day, month) in figures.spent().items()
    ]


def _month() -> str:
    return formats.date_format(timezone.localtime(), "F")


def _hours_chart() -> dict[str, str]:
    hours, sent, lost = figures.by_hour()
    labels = [timezone.localtime(hour).strftime("%H:%M") for hour in hours]
    data = [series(_("Sent"), sent, OURS), series(_("Failed or not sent"), lost, LOST)]
    return bar_chart(labels, data, whole=True)


def _spend_chart() -> dict[str, str]:
    days, spent = figures.spend_by_day()
    labels = [formats.date_format(day, pgettext("date format: 9 Nov", "j M")) for day in days]
    colours = [COLOURS[index % len(COLOURS)] for index in range(len(spent))]
    data = [series(name, values, colour) for (name, values), colour in zip(spent.items(), colours, strict=True)]
    return bar_chart(labels, data, whole=False)
