"""The costs as a file, CSV or XLSX, sent while it is read from the database."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import islice
from typing import Any

from django.utils.translation import gettext as _

from recontact.costs.asked import GROUPINGS, TIMES, Question
from recontact.costs.figures import Group
from recontact.costs.grouped import costs_all, currencies_of
from recontact.costs.invoiced import invoiced_grouped
from recontact.costs.labels import labels_of
from recontact.costs.workbook import workbook
from recontact.csv_text import CHUNK, csv_text

#: All that the sums are told apart by.
EVERYTHING = ("day", "account", "number", "category", "market", "campaign", "team", "agent")
_RATIO = Decimal("0.000001")


def costs_csv(question: Question, *, whole: bool = False) -> Iterator[str]:
    """The table as text in pieces; with `whole`, each day by all that the sums are told apart by."""
    return csv_text(_rows(question, whole=whole))


def costs_xlsx(question: Question, *, whole: bool = False) -> Iterator[bytes]:
    """The same as a spreadsheet's file."""
    return workbook(_("Costs"), _rows(question, whole=whole))


def _rows(question: Question, *, whole: bool) -> Iterator[Sequence[Any]]:
    """The header, and then every group of every currency (of the question's alone, if it names one)."""
    by = EVERYTHING if whole else (question.by or ("day",))
    by_this = invoiced_grouped(replace(question, by=tuple(by))).is_by_this
    yield [*(str(GROUPINGS[name][0]) for name in by), *_header(by_this=by_this)]
    for currency in [question.currency] if question.currency else currencies_of(question):
        yield from _of_currency(replace(question, by=tuple(by), currency=currency))


def _of_currency(question: Question) -> Iterator[Sequence[Any]]:
    named: list[dict[Any, str]] = [{} for _name in question.by]
    groups, invoiced = costs_all(question), invoiced_grouped(question)
    while chunk := list(islice(groups, CHUNK)):
        for place, name in enumerate(question.by):
            new = {group.keys[place] for group in chunk} - named[place].keys()
            if new and name not in TIMES:
                named[place].update(labels_of(name, new))
        for group in chunk:
            yield [
                *(named[place].get(key, key) for place, key in enumerate(group.keys)),
                *_cells(group, question.currency, invoiced.of(group.keys)),
            ]


def _header(*, by_this: bool) -> list[str]:
    invoiced = _("Invoiced") if by_this else _("Invoiced (not by this)")
    return [
        *(_("Messages"), _("Sent"), _("Delivered"), _("Read"), _("Answered"), _("Failed")),
        *(_("Currency"), _("Estimated"), _("Not decided"), _("Not charged"), _("Charged by estimate"), _("Reported")),
        *(invoiced, _("Monthly fees"), _("Spent"), _("Per delivered"), _("Per read"), _("Per answered")),
    ]


def _cells(group: Group, currency: str, invoiced: Decimal | None) -> list[Any]:
    found = group.figures
    ratios = (found.per_delivered, found.per_read, found.per_answered)
    return [
        *(found.messages, found.sent, found.delivered, found.read, found.answered, found.failed),
        *(currency, found.estimated, found.awaiting, found.uncharged, found.unreported, found.reported, invoiced),
        *(found.monthly, found.spent),
        *(None if ratio is None else ratio.quantize(_RATIO) for ratio in ratios),
    ]
