"""A report as a file, CSV or XLSX, sent while it is made."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from customer_service.reports import Asked, Reach, Work, report_cut
from recontact.costs.asked import GROUPINGS
from recontact.costs.labels import labels_of
from recontact.costs.workbook import workbook
from recontact.csv_text import csv_text


def report_csv(asked: Asked, reach: Reach, *, costs: bool) -> Iterator[str]:
    """Each bucket of the period by team or agent, as text in pieces; with what it cost for those who may see `costs`."""
    return csv_text(_rows(asked, reach, costs=costs))


def report_xlsx(asked: Asked, reach: Reach, *, costs: bool) -> Iterator[bytes]:
    """The same as a spreadsheet's file."""
    return workbook(_("Reports"), _rows(asked, reach, costs=costs))


def _rows(asked: Asked, reach: Reach, *, costs: bool) -> Iterator[Sequence[Any]]:
    yield [
        *(str(GROUPINGS[asked.bucket][0]), str(GROUPINGS[asked.by][0])),
        *(
            pgettext("report", "Taken"),
            pgettext("report", "Resolved"),
            _("First answers"),
            _("First answer after (minutes)"),
        ),
        *(_("Resolved after (hours)"), _("Recontacts"), _("Recontacts answered")),
        *((_("Cost"), _("Currency")) if costs else ()),
    ]
    lines = list(report_cut(asked, reach, costs=costs))
    names = labels_of(asked.by, {whose for _day, whose, _currency, _work in lines})
    for day, whose, currency, work in lines:
        yield [day, names[whose], *_cells(work), *((work.cost, currency) if costs else ())]


def _cells(work: Work) -> list[Any]:
    return [
        *(work.taken, work.resolved, work.answers, _in(work.first_answer, timedelta(minutes=1))),
        _in(work.resolution, timedelta(hours=1)),
        *(work.recontacts, work.recontacts_answered),
    ]


def _in(duration: timedelta | None, unit: timedelta) -> Decimal | None:
    """To a tenth of the unit."""
    return None if duration is None else (Decimal(round(duration / unit * 10)) / 10)
