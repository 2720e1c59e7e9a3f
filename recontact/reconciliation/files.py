"""A comparison as a file, CSV or XLSX, with every row and what people noted on it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.utils.translation import gettext as _

from recontact.costs.workbook import workbook
from recontact.csv_text import csv_text
from recontact.models import Comparison
from recontact.reconciliation.words import category_words, market_words


def comparison_csv(comparison: Comparison) -> Iterator[str]:
    """As text in pieces."""
    return csv_text(_rows(comparison))


def comparison_xlsx(comparison: Comparison) -> Iterator[bytes]:
    """The same as a spreadsheet's file."""
    return workbook(_("Comparison"), _rows(comparison))


def _rows(comparison: Comparison) -> Iterator[Sequence[Any]]:
    yield [
        *(_("Day"), _("Country or region"), _("Category"), _("Status"), _("Currency")),
        *(_("Their messages"), _("Our messages"), _("Difference"), _("Their amount"), _("Our amount"), _("Difference")),
        _("Notes"),
    ]
    notes: dict[tuple[Any, ...], list[str]] = {}
    for note in comparison.notes.all():
        notes.setdefault((note.day, note.market, note.category), []).append(note.text)
    currency = comparison.statement.currency
    for row in comparison.rows.order_by("day", "market", "category").iterator(chunk_size=2_000):
        yield [
            *(row.day, market_words(row.market), category_words(row.category), str(row.get_status_display()), currency),
            *(row.their_count, row.our_count, row.count_difference),
            *(row.their_amount, row.our_amount, row.amount_difference),
            " / ".join(notes.get((row.day, row.market, row.category), [])),
        ]
