"""Alerts: each share of a budget once per period; noted in the transaction that reached it, mailed by a worker after it."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from functools import partial

import structlog
from django.conf import settings
from django.db import transaction
from django.utils import formats, timezone
from django.utils.translation import gettext as _

from recontact.clock import ClockTimestamp
from recontact.costs.money import SUM_DECIMALS, money_text
from recontact.models import BudgetAlert, BudgetPeriod
from recontact.notices import notice_mail

log = structlog.get_logger(__name__)

PERMISSION = "recontact.receive_budget_alerts"
_AT_ONCE = 50


def alerts_note(periods: Iterable[BudgetPeriod]) -> None:
    """Note the shares that these periods (locked, with their budgets, their sums as they are now) have reached."""
    reached = [
        BudgetAlert(period=period, share=share)
        for period in periods
        for share in period.budget.alert_shares
        if period.used * 100 >= period.amount * share
    ]
    if reached:
        BudgetAlert.objects.bulk_create(reached, ignore_conflicts=True)


def alerts_mail() -> int:
    """Mail the alerts that were not mailed yet, to whoever has the permission, each in his language. Returns how many.

    An alert is locked while it is mailed, so two workers never mail it both. Should the worker die between the mail and
    its note, it is mailed again: rather twice than never. A mail server that is away is tried again.
    """
    mailed = 0
    for pk in list(BudgetAlert.objects.filter(mailed_at=None).order_by("pk").values_list("pk", flat=True)[:_AT_ONCE]):
        with transaction.atomic():
            rows = BudgetAlert.objects.select_for_update(skip_locked=True, of=("self",)).select_related(
                "period__budget"
            )
            alert = rows.filter(pk=pk, mailed_at=None).first()
            if alert is None:
                continue
            try:
                notice_mail(PERMISSION, partial(_words, alert))
            except OSError as error:
                log.warning("budget_alert_not_mailed", alert=pk, error=type(error).__name__)
                return mailed
            BudgetAlert.objects.filter(pk=pk).update(mailed_at=ClockTimestamp())
            mailed += 1
    return mailed


def alert_words(alert: BudgetAlert) -> str:
    """What happened, in one sentence of the active language."""
    return _("Budget %(budget)s: %(share)s %% of the period is used") % {
        "budget": alert.period.budget.name,
        "share": alert.share,
    }


def _words(alert: BudgetAlert) -> tuple[str, str]:
    return alert_words(alert), _body(alert)


def _body(alert: BudgetAlert) -> str:
    period, budget = alert.period, alert.period.budget
    ends = timezone.localtime(period.ends_at, timezone.get_default_timezone())
    figures = _("%(used)s of %(amount)s are reserved or spent until %(ends)s; %(left)s are left.") % {
        "used": money_text(period.used, budget.currency, decimals=SUM_DECIMALS),
        "amount": money_text(period.amount, budget.currency, decimals=SUM_DECIMALS),
        "left": money_text(max(period.amount - period.used, Decimal(0)), budget.currency, decimals=SUM_DECIMALS),
        "ends": formats.date_format(ends, "SHORT_DATETIME_FORMAT"),
    }
    what = (
        _("What does not fit any more is refused: agents are told so, campaigns are parked.")
        if budget.stops
        else _("This budget only alerts: sending goes on.")
    )
    return f"{figures}\n{what}\n\n{settings.PUBLIC_URL}/manager/recontact/budget/\n"
