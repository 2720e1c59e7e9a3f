"""The months of accounts: which are closed, what one came to, what came late for it; closing and reopening."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.db.models import Count, OuterRef, Q, Subquery
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from providers.models import ProviderAccount
from recontact.admin_pages.job import job_progress
from recontact.admin_pages.page import ManagerPage, is_fragment
from recontact.models import MonthClosing, ReconciliationJob, Statement
from recontact.reconciliation.closing import (
    CannotClose,
    Figures,
    closing_refused,
    invoiced_in,
    last_closed,
    month_after,
    month_reopen,
)
from recontact.reconciliation.forms import ReasonForm
from recontact.reconciliation.jobs import UnderWay, close_ask, count_ask, job_steps, month_job
from recontact.reconciliation.outlook import outlook_read

CLOSE_PERMISSION, REOPEN_PERMISSION = "recontact.close_month", "recontact.reopen_month"


class MonthsPage(ManagerPage):
    """Each account with its last closed month and the one to close next."""

    permission_required = "recontact.view_monthclosing"

    def get(self, request: HttpRequest) -> HttpResponse:
        newest = MonthClosing.objects.filter(account=OuterRef("pk"), reopened_at=None).order_by("-month")
        waiting = Count("statements", filter=Q(statements__closing=None, statements__withdrawn_at=None))
        accounts = ProviderAccount.objects.order_by("name").annotate(
            closed=Subquery(newest.values("month")[:1]),
            closed_at=Subquery(newest.values("closed_at")[:1]),
            open=waiting,
        )
        rows = [(account, month_after(account.closed) if account.closed else _last_month()) for account in accounts]
        return self.page("months.html", {"title": _("Closed months"), "rows": rows})


class MonthPage(ManagerPage):
    """One month of an account: closed, with its figures; or open, with what it would be closed with. No messages are read."""

    permission_required = "recontact.view_monthclosing"

    def get(self, request: HttpRequest, account_id: int, month: str) -> HttpResponse:
        account, first = _account(account_id), _first(month)
        job = month_job(account.pk, first)
        if is_fragment(request):
            return job_progress(self, job)
        history = list(
            MonthClosing.objects.filter(account=account, month=first)
            .select_related("closed_by", "reopened_by")
            .order_by("-pk")
        )
        closing = next((each for each in history if each.reopened_at is None), None)
        refusal = closing_refused(account, first)
        statements = Statement.objects.filter(account=account, month=first).select_related("comparison")
        last = last_closed(account.pk)
        context: dict[str, Any] = {
            "title": _("Month of an account"),
            "account": account,
            "month": first,
            "before": (first - timedelta(days=1)).replace(day=1),
            "after": month_after(first),
            "closing": closing,
            "history": history,
            "statements": statements.order_by("pk"),
            "refusal": "" if closing is not None else refusal,
            "job": job if closing is None else None,
            "steps": job_steps(job) if job is not None and job.is_open else None,
            "is_closing": job is not None and job.is_open and job.kind == ReconciliationJob.Kind.CLOSE,
            "may_close": not refusal
            and not (job is not None and job.is_open)
            and request.user.has_perm(CLOSE_PERMISSION),
            "may_reopen": closing is not None
            and last is not None
            and last.pk == closing.pk
            and request.user.has_perm(REOPEN_PERMISSION),
        }
        if closing is not None:
            return self.page("month.html", {**context, **_closed(closing)})
        context |= _open(account, first, job)
        if context["to_count"] and context["by_itself"]:
            # First it is seen what it would be closed with; the page is loaded anew then.
            context["may_close"] = False
        return self.page("month.html", context)


class MonthCount(ManagerPage):
    """Have an open month added up by a worker, as it is now."""

    permission_required = "recontact.view_monthclosing"

    def post(self, request: HttpRequest, account_id: int, month: str) -> HttpResponse:
        account, first = _account(account_id), _first(month)
        with suppress(UnderWay):
            count_ask(account=account, month=first, user_id=request.user.pk or 0)
        if is_fragment(request):
            return job_progress(self, month_job(account.pk, first))
        return redirect("admin:recontact_monthclosing_month", account_id, month)


class MonthClose(ManagerPage):
    """Have the month closed by a worker."""

    permission_required = CLOSE_PERMISSION

    def post(self, request: HttpRequest, account_id: int, month: str) -> HttpResponse:
        account, first = _account(account_id), _first(month)
        try:
            close_ask(account=account, month=first, user_id=request.user.pk or 0)
        except UnderWay:
            messages.info(request, _("It is being closed already."))
        except CannotClose as error:
            messages.error(request, str(error))
        return redirect("admin:recontact_monthclosing_month", account_id, month)


class MonthReopen(ManagerPage):
    """Reopen the month, with a reason."""

    permission_required = REOPEN_PERMISSION

    def post(self, request: HttpRequest, account_id: int, month: str) -> HttpResponse:
        account, first = _account(account_id), _first(month)
        closing = get_object_or_404(MonthClosing, account=account, month=first, reopened_at=None)
        form = ReasonForm(request.POST)
        try:
            why = form.cleaned_data["why"] if form.is_valid() else ""
            month_reopen(closing.pk, why=why, user_id=request.user.pk or 0)
            messages.success(request, _("Open again. What was closed stays in its history."))
        except CannotClose as error:
            messages.error(request, str(error))
        return redirect("admin:recontact_monthclosing_month", account_id, month)


def _closed(closing: MonthClosing) -> dict[str, Any]:
    late = closing.rows.exclude(late_for=None).values_list("late_for", flat=True).distinct().order_by("late_for")
    return {"sums": list(closing.sums.order_by("currency")), "late_months": list(late)}


def _open(account: ProviderAccount, first: date, job: ReconciliationJob | None) -> dict[str, Any]:
    """What it would be closed with, as it was when it was last added up; what came late belongs to the month closed next.

    The page has it added up by itself where that is long ago; not when it just failed.
    """
    outlook = outlook_read(account.pk, first)
    context: dict[str, Any] = {
        "outlook": outlook,
        "to_count": not (job is not None and job.is_open) and (outlook is None or outlook.is_stale),
        "by_itself": job is None or job.state != ReconciliationJob.State.FAILED,
    }
    if outlook is None:
        return context
    invoiced = invoiced_in(account.pk, first)
    none = Figures()
    figures = [
        {
            "currency": currency,
            "messages": outlook.own.get(currency, none).messages,
            "amount": outlook.own.get(currency, none).amount,
            "invoiced": invoiced.get(currency, 0),
        }
        for currency in sorted({*outlook.own, *invoiced})
    ]
    late = [(month, list(by_currency.items())) for month, by_currency in outlook.late.items()]
    return {**context, "sums": figures, "late": late}


def _account(account_id: int) -> ProviderAccount:
    if account_id >= 2**63:
        raise Http404
    return get_object_or_404(ProviderAccount, pk=account_id)


def _first(month: str) -> date:
    try:
        first = date.fromisoformat(f"{month}-01")
    except ValueError as error:
        raise Http404 from error
    if not 2015 <= first.year <= 2999:
        raise Http404
    return first


def _last_month() -> date:
    today = timezone.localdate(timezone=timezone.get_default_timezone())
    return (today.replace(day=1) - timedelta(days=1)).replace(day=1)
