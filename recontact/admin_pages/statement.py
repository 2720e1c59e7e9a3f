"""A statement against our messages: the rows, the messages behind one, notes, the tolerance, and the file."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _

from recontact.admin_pages.job import job_progress
from recontact.admin_pages.page import ManagerPage, is_fragment
from recontact.models import Comparison, ComparisonRow, Statement
from recontact.reconciliation.comparing import note_add, question_of
from recontact.reconciliation.files import comparison_csv, comparison_xlsx
from recontact.reconciliation.forms import NoteForm, ReasonForm, ToleranceForm
from recontact.reconciliation.jobs import UnderWay, compare_ask, statement_job
from recontact.reconciliation.locks import Closed
from recontact.reconciliation.ours import Key, has_messages, messages_behind
from recontact.reconciliation.storing import statement_withdraw
from recontact.reconciliation.words import category_words, market_words

VIEW_PERMISSION = "recontact.view_statement"
CHANGE_PERMISSION = "recontact.change_comparison"
_PAGE = 50
#: Badge class of each status.
CLASSES = {
    ComparisonRow.Status.AGREED: "ok",
    ComparisonRow.Status.DIFFERING: "stopped",
    ComparisonRow.Status.MISSING_HERE: "soon",
    ComparisonRow.Status.MISSING_THERE: "soon",
}


class StatementPage(ManagerPage):
    """The comparison, by status and page."""

    permission_required = VIEW_PERMISSION

    def get(self, request: HttpRequest, statement_id: int) -> HttpResponse:
        comparison = _comparison(statement_id)
        statement = comparison.statement
        job = statement_job(statement.pk)
        if is_fragment(request):
            return job_progress(self, job)
        status = request.GET.get("status", "")
        status = status if status in ComparisonRow.Status.values else ""
        rows = comparison.rows.filter(status=status) if status else comparison.rows.all()
        page, size = _number(request.GET.get("page")), _PAGE
        count = getattr(comparison, status) if status else _rows_in_all(comparison)
        shown = list(rows.order_by("day", "market", "category")[(page - 1) * size : page * size])
        context = {
            "title": _title(statement),
            "statement": statement,
            "comparison": comparison,
            "tolerance": f"{comparison.tolerance.normalize():f}",
            "difference": None if statement.total is None else statement.total - comparison.our_amount,
            "counts_difference": None if statement.count is None else statement.count - comparison.our_count,
            "tabs": _tabs(comparison, status),
            "status": status,
            "rows": _shown(comparison, shown),
            "pages": {"number": page, "last": max(1, -(-count // size)), "count": count},
            "job": None if statement.is_frozen else job,
            "may_change": request.user.has_perm(CHANGE_PERMISSION) and not statement.is_frozen,
            "may_withdraw": request.user.has_perm("recontact.withdraw_statement") and not statement.is_frozen,
        }
        return self.page("statement.html", context)


class ComparisonRowPage(ManagerPage):
    """One row: the lines of the statement and our messages behind it, and its notes."""

    permission_required = VIEW_PERMISSION

    def get(self, request: HttpRequest, statement_id: int, row_id: int) -> HttpResponse:
        row = _row(statement_id, row_id)
        statement = row.comparison.statement
        key, page = Key(row.day, row.market, row.category), _number(request.GET.get("page"))
        behind = (
            messages_behind(question_of(statement), key, offset=(page - 1) * _PAGE, size=_PAGE + 1)
            if has_messages(key) and not statement.is_credit_note
            else []
        )
        context = {
            "title": _title(statement),
            "statement": statement,
            "row": row,
            "market": market_words(row.market),
            "category": category_words(row.category),
            "badge": CLASSES[ComparisonRow.Status(row.status)],
            "lines": _lines_behind(statement, row)[:_PAGE],
            "behind": behind[:_PAGE],
            "page": page,
            "has_more": len(behind) > _PAGE,
            "notes": _notes(row).select_related("created_by"),
            "may_see_messages": request.user.has_perm("recontact.view_message"),
            "may_note": request.user.has_perm(CHANGE_PERMISSION) and not statement.is_frozen,
        }
        return self.page("comparison_row.html", context)

    def post(self, request: HttpRequest, statement_id: int, row_id: int) -> HttpResponse:
        """Add a note."""
        row = _row(statement_id, row_id)
        if not request.user.has_perm(CHANGE_PERMISSION):
            return self.handle_no_permission()
        form = NoteForm(request.POST)
        if not form.is_valid():
            messages.error(request, _("Write what you found out, in at most 1,000 characters."))
        else:
            try:
                note_add(row=row, text=form.cleaned_data["text"], user_id=request.user.pk or 0)
            except Closed:
                messages.error(request, _frozen_words())
        return redirect("admin:recontact_statement_row", statement_id, row_id)


class StatementCompare(ManagerPage):
    """Have it compared anew by a worker, with the tolerance that was given."""

    permission_required = CHANGE_PERMISSION

    def post(self, request: HttpRequest, statement_id: int) -> HttpResponse:
        comparison = _comparison(statement_id)
        form = ToleranceForm(request.POST)
        if not form.is_valid():
            messages.error(request, _("The tolerance is an amount, as in 0.01."))
        else:
            try:
                compare_ask(
                    statement=comparison.statement,
                    tolerance=form.cleaned_data["tolerance"],
                    user_id=request.user.pk or 0,
                )
            except UnderWay:
                messages.info(request, _("It is being compared already."))
            except Closed:
                messages.error(request, _frozen_words())
        return redirect("admin:recontact_statement_change", statement_id)


class StatementWithdraw(ManagerPage):
    """Take a statement out of all sums, with a reason."""

    permission_required = "recontact.withdraw_statement"

    def post(self, request: HttpRequest, statement_id: int) -> HttpResponse:
        _comparison(statement_id)
        form = ReasonForm(request.POST)
        if not form.is_valid():
            messages.error(request, _("Say why."))
        else:
            try:
                statement_withdraw(statement_id, why=form.cleaned_data["why"], user_id=request.user.pk)
                messages.success(request, _("Withdrawn: it counts no more, and stays to be seen."))
            except Closed:
                messages.error(request, _frozen_words())
        return redirect("admin:recontact_statement_change", statement_id)


class ComparisonFile(ManagerPage):
    """The comparison as CSV or XLSX."""

    permission_required = VIEW_PERMISSION

    def get(self, request: HttpRequest, statement_id: int, kind: str) -> HttpResponseBase:
        comparison = _comparison(statement_id)
        response: StreamingHttpResponse
        match kind:
            case "csv":
                response = StreamingHttpResponse(comparison_csv(comparison), content_type="text/csv; charset=utf-8")
            case "xlsx":
                response = StreamingHttpResponse(
                    comparison_xlsx(comparison),
                    content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
                )
            case _:
                raise Http404
        statement = comparison.statement
        name = f"comparison-{statement.first_day:%Y%m%d}-{statement.last_day:%Y%m%d}.{kind}"
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        return response


def _comparison(statement_id: int) -> Comparison:
    rows = Comparison.objects.select_related(
        "statement__account", "statement__created_by", "statement__closing", "statement__withdrawn_by"
    )
    if statement_id >= 2**63:
        raise Http404
    return get_object_or_404(rows, statement=statement_id)


def _row(statement_id: int, row_id: int) -> ComparisonRow:
    if max(statement_id, row_id) >= 2**63:
        raise Http404
    rows = ComparisonRow.objects.select_related("comparison__statement__account")
    return get_object_or_404(rows, pk=row_id, comparison__statement=statement_id)


def _title(statement: Statement) -> str:
    return f"{statement.account} · {statement}"


def _frozen_words() -> str:
    return _("Its month is closed, or it was withdrawn: nothing of it changes any more.")


def _number(text: str | None) -> int:
    return max(1, int(text)) if text and text.isascii() and text.isdigit() and len(text) < 6 else 1


def _rows_in_all(comparison: Comparison) -> int:
    return sum(getattr(comparison, status) for status in ComparisonRow.Status.values)


def _tabs(comparison: Comparison, chosen: str) -> list[tuple[str, str, int, bool]]:
    """(words, address, rows, whether it is this one)."""
    tabs = [(_("All"), "?", _rows_in_all(comparison), chosen == "")]
    for status, words in ComparisonRow.Status.choices:
        address = f"?{urlencode({'status': status})}"
        tabs.append((str(words), address, getattr(comparison, status), chosen == status))
    return tabs


def _shown(comparison: Comparison, rows: list[ComparisonRow]) -> list[dict[str, Any]]:
    """Each row in words; one query for the notes of all."""
    noted = set(comparison.notes.values_list("day", "market", "category"))
    return [
        {
            "row": row,
            "market": market_words(row.market),
            "category": category_words(row.category),
            "badge": CLASSES[ComparisonRow.Status(row.status)],
            "noted": (row.day, row.market, row.category) in noted,
        }
        for row in rows
    ]


def _notes(row: ComparisonRow) -> QuerySet[Any]:
    return row.comparison.notes.filter(day=row.day, market=row.market, category=row.category)


def _lines_behind(statement: Statement, row: ComparisonRow) -> QuerySet[Any]:
    lines = statement.lines.filter(market=row.market, category=row.category)
    return lines.filter(day=row.day) if row.day is not None else lines
