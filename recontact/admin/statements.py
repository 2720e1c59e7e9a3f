"""Reconciliation's place in the Manager: providers' statements, and the pages around them."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase
from django.urls import URLPattern, path
from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter
from unfold.decorators import display

from recontact.admin.base import ReadOnlyAdmin
from recontact.admin_pages.months import MonthClose, MonthCount, MonthPage, MonthReopen, MonthsPage
from recontact.admin_pages.statement import (
    ComparisonFile,
    ComparisonRowPage,
    StatementCompare,
    StatementPage,
    StatementWithdraw,
)
from recontact.admin_pages.statement_import import ADD_PERMISSION, StatementImportPage, StatementUploadPage
from recontact.admin_pages.usage import PULL_PERMISSION, UsagePage
from recontact.costs.money import SUM_DECIMALS, money_text
from recontact.models import MonthClosing, Statement
from recontact.reconciliation.monthly_pulls import monthly_pulls_failed
from recontact.templatetags.manager import signed_money


@admin.register(Statement)
class StatementAdmin(ReadOnlyAdmin):
    """What providers charged, each with how it compares."""

    list_display = ("name", "account", "what", "period", "shown_total", "difference", "outcome", "booked")
    list_display_links = ("name",)
    list_filter = (
        ("account", RelatedDropdownFilter),
        ("kind", ChoicesDropdownFilter),
        ("source", ChoicesDropdownFilter),
    )
    list_before_template = "recontact/manager/statements_about.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Statement]:
        rows: QuerySet[Statement] = super().get_queryset(request)
        return rows.select_related("account", "comparison", "closing")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponseBase:
        may = request.user.has_perm
        context = {
            "may_add": may(ADD_PERMISSION),
            "may_pull": may(PULL_PERMISSION),
            "unread": monthly_pulls_failed(),
            **(extra_context or {}),
        }
        response: HttpResponseBase = super().changelist_view(request, context)
        return response

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        if not object_id.isdecimal() or len(object_id) > 18:
            raise Http404
        return StatementPage.as_view()(request, statement_id=int(object_id))

    def get_urls(self) -> list[URLPattern]:
        wrap, name = self.admin_site.admin_view, "recontact_statement"
        one = "<int:statement_id>/"
        return [
            path("import/", wrap(StatementImportPage.as_view()), name=f"{name}_import"),
            path("usage/", wrap(UsagePage.as_view()), name=f"{name}_usage"),
            path("upload/<int:upload_id>/", wrap(StatementUploadPage.as_view()), name=f"{name}_upload"),
            path(f"{one}compare/", wrap(StatementCompare.as_view()), name=f"{name}_compare"),
            path(f"{one}withdraw/", wrap(StatementWithdraw.as_view()), name=f"{name}_withdraw"),
            path(f"{one}file/<slug:kind>/", wrap(ComparisonFile.as_view()), name=f"{name}_file"),
            path(f"{one}row/<int:row_id>/", wrap(ComparisonRowPage.as_view()), name=f"{name}_row"),
            *super().get_urls(),
        ]

    @display(description=gettext_lazy("number or file"))
    def name(self, statement: Statement) -> str:
        return str(statement)

    @display(description=gettext_lazy("what it is"))
    def what(self, statement: Statement) -> str:
        return f"{statement.get_kind_display()} · {statement.get_source_display()}"

    @display(description=gettext_lazy("period"), ordering="first_day")
    def period(self, statement: Statement) -> str:
        first, last = (
            formats.date_format(day, "SHORT_DATE_FORMAT") for day in (statement.first_day, statement.last_day)
        )
        return f"{first} – {last}"

    @display(description=gettext_lazy("total"))
    def shown_total(self, statement: Statement) -> str:
        return _money(statement.total, statement.currency)

    @display(description=gettext_lazy("theirs less ours"))
    def difference(self, statement: Statement) -> str:
        if statement.total is None:
            return "—"
        return signed_money(statement.total - statement.comparison.our_amount, statement.currency)

    @display(
        description=gettext_lazy("comparison"),
        label={"agreed": "success", "differs": "danger", "withdrawn": "", "credit": "info"},
    )
    def outcome(self, statement: Statement) -> tuple[str, str]:
        found = statement.comparison
        off = found.differing + found.missing_here + found.missing_there
        if statement.withdrawn_at is not None:
            return "withdrawn", _("withdrawn")
        if statement.is_credit_note:
            return "credit", _("not compared")
        return ("differs", _("%(count)s differ") % {"count": off}) if off else ("agreed", _("agreed"))

    @display(description=gettext_lazy("booked in"), ordering="month")
    def booked(self, statement: Statement) -> str:
        words = str(formats.date_format(statement.month, "F Y"))
        if statement.is_late:
            words = _("%(month)s, late") % {"month": words}
        return f"{words} · {_('closed')}" if statement.closing_id is not None else words


@admin.register(MonthClosing)
class MonthClosingAdmin(ReadOnlyAdmin):
    """In place of a list of closings stands the page of accounts and their months."""

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponseBase:
        return MonthsPage.as_view()(request)

    def get_urls(self) -> list[URLPattern]:
        wrap, name = self.admin_site.admin_view, "recontact_monthclosing"
        month = "<int:account_id>/<slug:month>/"
        return [
            path(month, wrap(MonthPage.as_view()), name=f"{name}_month"),
            path(f"{month}count/", wrap(MonthCount.as_view()), name=f"{name}_count"),
            path(f"{month}close/", wrap(MonthClose.as_view()), name=f"{name}_close"),
            path(f"{month}reopen/", wrap(MonthReopen.as_view()), name=f"{name}_reopen"),
            path("", wrap(self.changelist_view), name=f"{name}_changelist"),
        ]


def _money(amount: Any, currency: str) -> str:
    return "—" if amount is None else money_text(amount, currency, decimals=SUM_DECIMALS)
