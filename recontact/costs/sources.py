"""From which sums a question is answered: the fewest rows that tell apart what is asked, whole months in place of their days."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from django.db import connection, transaction

from recontact.adding_up import zone
from recontact.costs.asked import GROUPINGS, NUMBERS, TIMES, Question, months_before
from recontact.costs.monthly import fees_as_json, monthly_fees, with_fees
from recontact.costs.rollup import sums_read

_FETCHED = 2_000
_WORK_MEM = "48MB"
#: The column of the cells that a grouping is made of.
COLUMNS = {
    name: "account_id" if name == "provider" else sql.removeprefix("c.") for name, (_title, sql) in GROUPINGS.items()
}


def cells_from(
    question: Question,
    keys: Sequence[str],
    words: Mapping[str, Any],
    *,
    by_day: bool | None = None,
    before: bool = False,
) -> str:
    """SQL: FROM the cells c (of a provider: with their account a) of the question, told apart by `keys` at least.

    `by_day`: whether days must be told apart; None: if a key needs it. `before`: those of the period before too.
    """
    first = question.before[0] if before else question.first
    if by_day is None:
        by_day = bool({"day", "week"} & {*keys})
    months, spans = (
        ([], [(first, question.last)]) if by_day else whole_months(first, question.last, apart=question.first)
    )
    asked = {*keys, *question.only} - {*TIMES}
    cells = sums_read(
        {COLUMNS[name] for name in asked},
        months=f"day = ANY('{{{','.join(str(month) for month in months)}}}'::date[])" if months else "",
        days=[f"day BETWEEN '{one}' AND '{other}'" for one, other in spans],
    )
    conditions = [f"c.day >= %({'before' if before else 'first'})s", "c.day <= %(last)s"]
    conditions += [f"{GROUPINGS[name][1]} = %(only_{name})s" for name in question.only]
    accounts = "JOIN providers_provideraccount a ON a.id = c.account_id" if "provider" in asked else ""
    with_all = with_fees(cells, any_fees=words["fees"] != "[]")
    return f"FROM {with_all} c {accounts} WHERE {' AND '.join(conditions)}"


def whole_months(first: date, last: date, *, apart: date) -> tuple[list[date], list[tuple[date, date]]]:
    """The months that lie whole between two days (both count), and the spans of days that are left; pure.

    A month in the middle of which the day `apart` lies is left in days, so that both sides of it can be told apart.
    """
    months: list[date] = []
    spans: list[tuple[date, date]] = []
    month = first.replace(day=1)
    while month <= last:
        after = months_before(month, -1)
        if month >= first and after - timedelta(days=1) <= last and not month < apart < after:
            months.append(month)
        else:
            spans.append((max(month, first), min(after - timedelta(days=1), last)))
        month = after
    return months, spans


def words_of(question: Question) -> dict[str, Any]:
    """What the SQL of `cells_from` takes."""
    only = {f"only_{name}": int(value) if name in NUMBERS else value for name, value in question.only.items()}
    return {
        **only,
        "zone": zone(),
        "currency": question.currency,
        "first": question.first,
        "last": question.last,
        "before": question.before[0],
        "fees": fees_as_json(monthly_fees(question.before[0], question.last)),
    }


def rows_read(sql: str, words: dict[str, Any]) -> list[tuple[Any, ...]]:
    """All rows of a statement over the sums."""
    with transaction.atomic(), connection.cursor() as cursor:
        # With the usual 4 MB the planner sorts hundreds of thousands of cells on disk in place of adding them up at once.
        # Compiling the statement, or starting workers for it, takes longer than running it.
        cursor.execute(
            f"SET LOCAL work_mem = '{_WORK_MEM}'; SET LOCAL jit = off; SET LOCAL max_parallel_workers_per_gather = 0"
        )
        cursor.execute(sql, words)
        return list(cursor.fetchall())


def rows_streamed(sql: str, words: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    """The rows by a cursor of the server's, which outlives no transaction."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(sql, words)
        while rows := cursor.fetchmany(_FETCHED):
            yield from rows
