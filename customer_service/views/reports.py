"""Reports per team and agent, as a page and as files; everybody sees as much of them as he reaches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from customer_service.report_files import report_csv, report_xlsx
from customer_service.reports import BY, Asked, Reach, Report, Work, reach_of, report, teams_reached
from customer_service.views.shell import ServiceView
from recontact.charts import COLOURS, bar_chart, series
from recontact.costs.asked import BadQuestion, bucket_days, month_of, months_before, question_read
from recontact.costs.labels import bucket_label, labels_of

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table. `costs`: the address's parameters of the costs of it alone."""

    name: str
    work: Work
    costs: str


class ReportsBase(ServiceView):
    """What page and files share: what is asked, and how far the reader's reach goes."""

    permission_required = "recontact.view_query"

    def asked(self, reach: Reach) -> Asked:
        """What the address asks. Raises BadQuestion; 404 for a team that the reader does not reach."""
        words = self.request.GET.dict()
        period = question_read({name: words.get(name, "") for name in ("from", "until", "currency")}, today=_today())
        team = _number(words, "team")
        if team is not None and not reach.everybody and team not in reach.teams:
            raise Http404
        days = (period.last - period.first).days + 1
        usual = "day" if days <= 45 else "week" if days <= 120 else "month"
        return Asked(
            period.first,
            period.last,
            by=words.get("by") or "agent",
            bucket=words.get("each") or usual,
            currency=period.currency,
            team=team,
            # Whoever sees himself alone asks for no more of the costs either.
            agent=reach.user_id if reach.is_own_alone else _number(words, "agent"),
        )


class ReportsView(ReportsBase):
    """The page."""

    def get(self, request: HttpRequest) -> HttpResponseBase:
        reach, problem = reach_of(request.user), ""
        try:
            asked = self.asked(reach)
        except BadQuestion:
            problem = _("The address asks for something that there is not. What you see is this month.")
            first, last = month_of(_today())
            asked = Asked(first, last, agent=reach.user_id if reach.is_own_alone else None)
        found = report(asked, reach)
        context = {
            "title": _("Reports"),
            "is_fullwidth": "1",
            "problem": problem,
            "asked": asked,
            "own_alone": reach.is_own_alone,
            "teams": teams_reached(reach),
            "periods": _periods(asked),
            "period": _period_words(asked.first, asked.last),
            "address": _address(asked),
            "total": found.total,
            "currency": found.currency,
            "currencies": found.currencies,
            "rows": _rows(asked, found),
            "charts": _charts(asked, found),
        }
        return self.page("customer_service/reports.html", context, status=400 if problem else 200)


class ReportsFileView(ReportsBase):
    """Every bucket of the period by team or agent, as a file."""

    def get(self, request: HttpRequest, kind: str) -> HttpResponseBase:
        reach = reach_of(request.user)
        try:
            asked = self.asked(reach)
        except BadQuestion as bad:
            raise Http404(bad.name) from bad
        costs = request.user.has_perm("recontact.see_costs")
        if kind == "csv":
            response = StreamingHttpResponse(
                report_csv(asked, reach, costs=costs), content_type="text/csv; charset=utf-8"
            )
        else:
            response = StreamingHttpResponse(report_xlsx(asked, reach, costs=costs), content_type=_XLSX)
        name = f"report-{asked.by}-{asked.first:%Y%m%d}-{asked.last:%Y%m%d}.{kind}"
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        return response


def _today() -> date:
    """The portal's day: the sums are by its days."""
    return timezone.localdate(timezone=timezone.get_default_timezone())


def _number(words: Mapping[str, str], name: str) -> int | None:
    text = words.get(name, "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 18):
        raise BadQuestion(name)
    return int(text)


def _rows(asked: Asked, found: Report) -> list[Row]:
    """Who resolved most comes first."""
    names = labels_of(asked.by, found.rows)
    order = sorted(found.rows.items(), key=lambda row: (-row[1].resolved, -row[1].taken, names[row[0]]))
    period = {"from": asked.first.isoformat(), "until": asked.last.isoformat()}
    return [Row(names[key], work, urlencode({**period, asked.by: key, "by": "category,day"})) for key, work in order]


# --- words and addresses ---------------------------------------------------------------------------------------------


def _address(asked: Asked, **other: Any) -> str:
    words = {"from": asked.first.isoformat(), "until": asked.last.isoformat(), "by": asked.by, "each": asked.bucket}
    narrowed = {name: value for name in BY if (value := getattr(asked, name)) is not None}
    return urlencode({**words, **({"currency": asked.currency} if asked.currency else {}), **narrowed, **other})


def _periods(asked: Asked) -> list[tuple[str, str, bool]]:
    """The usual periods: (words, address, whether it is this one)."""
    today = _today()
    this, last = month_of(today), month_of(months_before(today, 1))
    week = today - timedelta(days=today.weekday()), today
    usual = [
        (_("This week"), week),
        (_period_words(*this), this),
        (_period_words(*last), last),
        (_("Last 12 months"), (months_before(today, 11), this[1])),
    ]
    return [
        (words, _address(asked, **{"from": first.isoformat(), "until": until.isoformat(), "each": ""}), here)
        for words, (first, until) in usual
        for here in ((first, until) == (asked.first, asked.last),)
    ]


def _period_words(first: date, last: date) -> str:
    """A month by its name, else from a day to a day."""
    if (first, last) == month_of(first):
        return str(formats.date_format(first, "F Y"))
    day = pgettext("date format: 9 Nov 2026", "j M Y")
    return f"{formats.date_format(first, day)} – {formats.date_format(last, day)}"


# --- charts ----------------------------------------------------------------------------------------------------------


def _charts(asked: Asked, found: Report) -> list[tuple[str, dict[str, str]]]:
    """Two: queries resolved, and recontacts with and without an answer; none where nothing happened."""
    days = bucket_days(asked.first, asked.last, asked.bucket)
    labels = [bucket_label(asked.bucket, day) for day in days]
    works = [found.buckets.get(day, Work()) for day in days]
    charts = []
    if found.total.resolved:
        bars = [series(pgettext("report", "Resolved"), [work.resolved for work in works], COLOURS[0])]
        charts.append((_("Queries resolved"), bar_chart(labels, bars, whole=True)))
    if found.total.recontacts:
        answered = [work.recontacts_answered for work in works]
        silent = [work.recontacts - work.recontacts_answered for work in works]
        bars = [
            series(pgettext("messages", "Answered"), answered, COLOURS[0]),
            series(_("Without an answer"), silent, "#94a3b8"),
        ]
        charts.append((_("Recontacts"), bar_chart(labels, bars, whole=True)))
    return charts
