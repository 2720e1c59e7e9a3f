"""What was spent, with whom, on what and for whom: the page of costs and its files."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.urls import reverse
from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from recontact.admin_pages.page import ManagerPage
from recontact.budgets.standing import Standing, standings_active
from recontact.charts import COLOURS, bar_chart, series
from recontact.costs.asked import (
    GROUPINGS,
    NUMBERS,
    TIMES,
    BadQuestion,
    Question,
    bucket_days,
    month_of,
    months_before,
    question_read,
)
from recontact.costs.cell_links import messages_address
from recontact.costs.elsewhere import costs_elsewhere
from recontact.costs.figures import Answer, Figures, Group
from recontact.costs.files import costs_csv, costs_xlsx
from recontact.costs.grouped import PAGE, costs_grouped
from recontact.costs.invoiced import Invoiced, invoiced_grouped
from recontact.costs.labels import bucket_label, labels_of
from recontact.costs.together import spent_together
from recontact.models import Budget

DEFAULT = ("provider", "category")
#: The series of what is in none of the others.
_OTHERS = "#94a3b8"


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table: its names, each with the address of the costs of it alone (none of a time), and of its
    messages (none where there are none)."""

    names: list[tuple[str, str]]
    figures: Figures
    address: str
    invoiced: Decimal | None = None


class CostsPage(ManagerPage):
    """The page in place of a list of sums."""

    permission_required = "recontact.view_costcell"

    def get(self, request: HttpRequest) -> HttpResponse:
        today = _today()
        words, problem = request.GET.dict(), ""
        try:
            question = question_read(words, today=today, by=DEFAULT)
        except BadQuestion as bad:
            problem = _problem(bad.name)
            question = question_read({}, today=today, by=DEFAULT)
        page = _page(words)
        answer = costs_grouped(question, page=page)
        if answer.currencies and answer.currency not in answer.currencies:
            answer = costs_grouped(replace(question, currency=""), page=page)
        question = replace(question, currency=answer.currency)
        invoiced = invoiced_grouped(question)
        context = {
            "title": _("Costs"),
            "problem": problem,
            "question": question,
            "currency": question.currency,
            "currencies": answer.currencies,
            "groupings": [(name, title) for name, (title, _sql) in GROUPINGS.items()],
            "periods": _periods(question, today),
            "period": period_words(question.first, question.last),
            "before": period_words(*question.before),
            "only": _narrowed(question),
            "total": answer.total,
            "together": spent_together(question) if len(answer.currencies) > 1 else None,
            "invoiced": invoiced,
            "in_no_row": _in_no_row(invoiced, answer),
            **_table(question, answer, invoiced),
            "pages": _pages(question, answer, page),
            "address": _address(question),
            "standing": _standing(request, question, today),
        }
        return self.page("costs.html", context, status=400 if problem else 200)


class CostsElsewherePage(ManagerPage):
    """What the same messages would have cost with each account, by its rate cards."""

    permission_required = "recontact.view_costcell"

    def get(self, request: HttpRequest) -> HttpResponse:
        today = _today()
        last_month = {"from": months_before(today, 1).isoformat()}
        words = request.GET.dict()
        try:
            question = replace(question_read(words if "from" in words else {**words, **last_month}, today=today), by=())
        except BadQuestion as bad:
            raise Http404(bad.name) from bad
        answer = costs_grouped(question)
        spent = {currency: costs_grouped(replace(question, currency=currency)).total for currency in answer.currencies}
        lines = [
            (line, _against(line.amount, spent.get(line.currency), line.unpriced)) for line in costs_elsewhere(question)
        ]
        context = {
            "title": _("What it would have cost elsewhere"),
            "period": period_words(question.first, question.last),
            "spent": list(spent.items()),
            "alone": len(spent) == 1,
            "lines": lines,
            "only": _narrowed(question),
            "address": _address(replace(question, by=DEFAULT)),
        }
        return self.page("costs_elsewhere.html", context)


def _against(amount: Decimal, spent: Figures | None, unpriced: int) -> Decimal | None:
    """In percent; None where there is nothing to compare: another currency, or not all messages have a price."""
    if spent is None or not spent.charged or unpriced:
        return None
    return (amount - spent.charged) / spent.charged * 100


class CostsFile(ManagerPage):
    """The table of the page as a file, or (`whole`) each day by all that the sums are told apart by."""

    permission_required = "recontact.view_costcell"

    def get(self, request: HttpRequest, kind: str) -> HttpResponseBase:
        words = request.GET.dict()
        try:
            question = question_read(words, today=_today(), by=DEFAULT)
        except BadQuestion as bad:
            raise Http404(bad.name) from bad
        whole = words.get("whole") == "1"
        match kind:
            case "csv":
                response = StreamingHttpResponse(
                    costs_csv(question, whole=whole), content_type="text/csv; charset=utf-8"
                )
            case "xlsx":
                response = StreamingHttpResponse(
                    costs_xlsx(question, whole=whole),
                    content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
                )
            case _:
                raise Http404
        name = f"costs-{question.first:%Y%m%d}-{question.last:%Y%m%d}.{kind}"
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        return response


def _today() -> date:
    """The portal's day: the sums are by its days, whoever looks at them."""
    return timezone.localdate(timezone=timezone.get_default_timezone())


def _page(words: dict[str, str]) -> int:
    text = words.get("page", "")
    return max(1, int(text)) if text.isascii() and text.isdigit() and len(text) < 6 else 1


def _problem(name: str) -> str:
    if name in ("from", "until"):
        return _("This period cannot be shown: give two days, the first one first, at most %(years)s years apart.") % {
            "years": 2
        }
    return _("The address asks for something that there is not. What you see is this month.")


# --- words and addresses ---------------------------------------------------------------------------------------------


def period_words(first: date, last: date) -> str:
    """A month by its name, else from a day to a day."""
    if (first, last) == month_of(first):
        return str(formats.date_format(first, "F Y"))
    day = pgettext("date format: 9 Nov 2026", "j M Y")
    return f"{formats.date_format(first, day)} – {formats.date_format(last, day)}"


def _address(question: Question, **other: Any) -> str:
    """The question as an address's parameters."""
    words = {"from": question.first.isoformat(), "until": question.last.isoformat(), "by": ",".join(question.by)}
    return urlencode({**words, "currency": question.currency, **question.only, **other})


def _periods(question: Question, today: date) -> list[tuple[str, str, bool]]:
    """The usual periods: (words, address, whether it is this one)."""
    this = month_of(today)
    usual = [
        (period_words(*this), this),
        (period_words(*month_of(months_before(today, 1))), month_of(months_before(today, 1))),
        (_("Last 3 months"), (months_before(today, 2), this[1])),
        (_("Last 12 months"), (months_before(today, 11), this[1])),
    ]
    return [
        (words, _address(replace(question, first=first, last=last)), (first, last) == (question.first, question.last))
        for words, (first, last) in usual
    ]


def _narrowed(question: Question) -> list[tuple[str, str, str]]:
    """What it is narrowed to: (grouping, name, the address without it)."""
    told = []
    for name, value in question.only.items():
        key: Any = int(value) if name in NUMBERS else value
        rest = replace(question, only={other: each for other, each in question.only.items() if other != name})
        told.append((str(GROUPINGS[name][0]), labels_of(name, [key])[key], _address(rest)))
    return told


def _pages(question: Question, answer: Answer, page: int) -> dict[str, Any]:
    last = max(1, -(-answer.count // PAGE))
    return {
        "number": page,
        "last": last,
        "count": answer.count,
        "previous": _address(question, page=page - 1) if page > 1 else "",
        "next": _address(question, page=page + 1) if page < last else "",
    }


# --- table and chart -------------------------------------------------------------------------------------------------


def _table(question: Question, answer: Answer, invoiced: Invoiced) -> dict[str, Any]:
    by = question.by
    groups = [*answer.groups, *answer.tops]
    named = [
        labels_of(name, {group.keys[place] for group in groups if len(group.keys) > place})
        for place, name in enumerate(by)
    ]
    rows = [replace(_row(question, by, group, named), invoiced=invoiced.of(group.keys)) for group in answer.groups]
    first = by[:1]
    context: dict[str, Any] = {
        "headings": [str(GROUPINGS[name][0]) for name in by],
        "rows": rows,
        "by_time": bool(by) and by[0] in TIMES,
        "messages_address": messages_address(question, (), ()),
    }
    if first and first[0] not in TIMES:
        context["top_heading"] = str(GROUPINGS[first[0]][0])
        context["tops"] = [_row(question, first, group, named) for group in answer.tops]
    return context | {"chart": _chart(question, answer, named), "chart_by": context.get("top_heading", "")}


def _in_no_row(invoiced: Invoiced, answer: Answer) -> Decimal | None:
    """Of what was invoiced that which no row of the table has; None where the table is longer than a page."""
    if not invoiced.is_by_this or invoiced.total is None or answer.count > len(answer.groups):
        return None
    return invoiced.total - sum((invoiced.of(group.keys) or Decimal(0) for group in answer.groups), Decimal(0))


def _row(question: Question, by: tuple[str, ...], group: Group, named: Any) -> Row:
    names = [(named[place][key], _alone(question, by[place], key)) for place, key in enumerate(group.keys)]
    address = messages_address(question, by, group.keys) if group.figures.messages else ""
    return Row(names, group.figures, address)


def _alone(question: Question, name: str, key: Any) -> str:
    """The address of the costs of one agent, campaign, account... by what is left to ask of it."""
    if name in TIMES or name in question.only or key == "":
        return ""
    left = [each for each in ("category", "day", "market") if each != name]
    return _address(replace(question.narrowed(**{name: str(key)}), by=tuple(left[:2])))


def _chart(question: Question, answer: Answer, named: Any) -> dict[str, str] | None:
    """What was spent over time, one colour for each of the dearest groups of the first grouping."""
    grouped = bool(question.by) and question.by[0] not in TIMES
    keys = [group.keys[0] for group in answer.tops] if grouped else []
    spent = answer.over_time
    if not spent:
        return None
    days = bucket_days(question.first, question.last, question.bucket)
    names = {str(key): named[0][key] for key in keys}
    datasets = [
        series(names[key], [spent.get((day, key), 0) for day in days], colour)
        for key, colour in zip(names, COLOURS, strict=False)
    ]
    if any(key is None for _day, key in spent):
        others = [spent.get((day, None), 0) for day in days]
        datasets.append(series(_("Others") if names else _("Spent"), others, _OTHERS if names else COLOURS[0]))
    return bar_chart([bucket_label(question.bucket, day) for day in days], datasets, whole=False)


def _standing(request: HttpRequest, question: Question, today: date) -> Standing | None:
    """The month's budget for everything in this currency, while its month is the one asked for."""
    if (question.first, question.last) != month_of(today) or not request.user.has_perm("recontact.view_budget"):
        return None
    wanted = (Budget.Scope.EVERYTHING, Budget.Period.MONTH, question.currency)
    standings = standings_active()
    return next(
        (each for each in standings if (each.budget.scope, each.budget.period, each.budget.currency) == wanted), None
    )


def costs_address(**only: Any) -> str:
    """The page of costs, narrowed."""
    return f"{reverse('admin:recontact_costcell_changelist')}?{urlencode(only)}"
