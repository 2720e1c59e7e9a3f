"""The costs of a period, grouped: one statement over the sums, however many messages they are of, and the monthly fees.

The sum of any grouping's groups is that of the messages and the monthly fees.
Currencies are never mixed. A question in one currency counts the messages whose price is in it: the provider's price, or else our
estimate.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from recontact.costs.asked import GROUPINGS, TIMES, Question
from recontact.costs.figures import (
    CELLS_SUMMED,
    CELLS_TOLD,
    NAMES,
    ZEROS,
    Answer,
    Group,
    figures_read,
    figures_sql,
    spent_sql,
)
from recontact.costs.rollup import amount
from recontact.costs.sources import cells_from, rows_read, rows_streamed, words_of

#: Rows of a page.
PAGE = 50
#: Groups beside the chart, and series in it.
TOP = 8
#: A group of which there is something to say in this period.
_THERE = "messages > 0 OR monthly <> 0 OR unreported <> 0 OR reported <> 0 OR awaiting <> 0 OR uncharged <> 0 OR confirmed <> 0"
_SPENT = "unreported + reported + monthly"
#: The currency of the answer, and how many groups there are in it.
_CHOSEN, _COUNT = "(SELECT chosen FROM x)", "(SELECT count(*) FROM there)"


def costs_grouped(question: Question, *, page: int = 1, size: int = PAGE) -> Answer:
    """The groups of a page by what they cost (by time, where that is the first grouping), and all else of the answer.

    The whole, the chart and the dearest groups come of sums told apart by the first grouping alone; of the groups only what they
    cost is added up, and then everything of those on the page. The currency is the question's, or else the most used one.
    """
    words = words_of(question)
    parts = [_whole(question, words)]
    count = _COUNT if question.by else "0"
    found = [
        f"SELECT 'total', NULL::text, NULL::date, NULL, NULL, {NAMES}, {count} FROM g WHERE whole",  # noqa: S608 -- our own names
        f"SELECT 'currency', currency, NULL, NULL, NULL, {ZEROS}, n FROM used",  # noqa: S608
        f"SELECT 'chosen', chosen, NULL, NULL, NULL, {ZEROS}, 0 FROM x",  # noqa: S608
        f"""SELECT 'time', {_top(question)}, bucket, NULL, NULL, {ZEROS},
                coalesce(sum(unreported + monthly) FILTER (WHERE currency = {_CHOSEN}), 0)
                + coalesce(sum(reported) FILTER (WHERE reported_currency = {_CHOSEN}), 0)
            FROM b WHERE NOT early GROUP BY 2, 3""",  # noqa: S608
    ]
    if question.by:
        parts.append(_groups(question, words))
        k1 = "k1" if len(question.by) > 1 else "NULL"
        of_page = f"r JOIN page USING ({_names(question)})"
        found.insert(0, f"SELECT 'row', NULL::text, NULL::date, k0, {k1}, {NAMES}, place FROM {of_page}")  # noqa: S608
    if _is_by_what(question):
        found.insert(1, f"SELECT 'top', NULL, NULL, k0, NULL, {NAMES}, 0 FROM tops")  # noqa: S608
    sql = f"WITH {', '.join(parts)} {' UNION ALL '.join(found)}"
    rows = rows_read(sql, {**words, "size": size, "offset": (page - 1) * size})
    return _answer(rows, question)


def _is_by_what(question: Question) -> bool:
    """Whether the first grouping is one that has a dearest group, and not a time."""
    return bool(question.by) and question.by[0] not in TIMES


def _names(question: Question) -> str:
    return ", ".join(f"k{place}" for place in range(len(question.by)))


def _top(question: Question) -> str:
    """SQL: the group's key as text where it is one of the dearest."""
    return "CASE WHEN k0 IN (SELECT k0 FROM tops) THEN k0::text END" if _is_by_what(question) else "NULL::text"


def _whole(question: Question, words: Mapping[str, Any]) -> str:
    """SQL: b, the sums by time and first grouping; of these `used` and x, the currencies; g, the whole and its groups; `tops`."""
    keys = question.by[:1] if _is_by_what(question) else ()
    key = f"{GROUPINGS[keys[0]][1]} AS k0, " if keys else ""
    by = ", ".join([*(["k0"] if keys else []), "bucket", "early", "c.currency", "c.reported_currency"])
    cells = cells_from(question, keys, words, by_day=question.bucket != "month", before=True)
    tops = f""", tops AS MATERIALIZED (
        SELECT * FROM g WHERE NOT whole AND ({_THERE}) ORDER BY {_SPENT} DESC, k0 LIMIT {TOP})"""  # noqa: S608
    return f"""
        b AS MATERIALIZED (
            SELECT {key}CASE WHEN c.day >= %(first)s THEN {GROUPINGS[question.bucket][1]} END AS bucket,
                   c.day < %(first)s AS early, c.currency, c.reported_currency, {CELLS_SUMMED} {cells} GROUP BY {by}),
        used AS (SELECT currency, sum(n) AS n FROM (
            SELECT currency, sum(delivered + 1) AS n FROM b WHERE NOT early GROUP BY 1
            UNION ALL SELECT reported_currency, sum(priced) FROM b WHERE NOT early GROUP BY 1) u
            WHERE currency <> '' GROUP BY 1),
        x AS (SELECT coalesce(nullif(%(currency)s, ''), (SELECT currency FROM used ORDER BY n DESC, 1 LIMIT 1), '') AS chosen),
        g AS MATERIALIZED (
            SELECT {"k0, grouping(k0) = 1" if keys else "true"} AS whole, {figures_sql(_CHOSEN)} FROM b
            WHERE currency = {_CHOSEN} OR reported_currency = {_CHOSEN}
            {"GROUP BY GROUPING SETS ((), (k0))" if keys else ""}){tops if keys else ""}"""  # noqa: S608


def _groups(question: Question, words: Mapping[str, Any]) -> str:
    """SQL: `there`, the keys of all groups and what each cost; `page`, those of the page in order; r, the figures of these."""
    names = _names(question)
    keys = ", ".join(f"{GROUPINGS[name][1]} AS k{place}" for place, name in enumerate(question.by))
    spent = spent_sql(_CHOSEN)
    order = names if question.by[0] in TIMES else f"spent DESC, {names}"
    # A day of the period before is no group of this one.
    before = not {*TIMES} & {*question.by}
    return f"""
        there AS MATERIALIZED (
            SELECT {names}, spent FROM (
                SELECT {keys}, {", ".join(f"{sql} AS {name}" for name, sql in spent.items())}
                {cells_from(question, question.by, words)} AND (c.currency = {_CHOSEN} OR c.reported_currency = {_CHOSEN})
                GROUP BY {names}) s
            WHERE {" OR ".join(f"{name} <> 0" for name in spent)}),
        page AS MATERIALIZED (SELECT *, row_number() OVER (ORDER BY {order}) AS place FROM (
            SELECT * FROM there ORDER BY {order} LIMIT %(size)s OFFSET %(offset)s) p),
        r AS (
            SELECT {names}, {figures_sql(_CHOSEN)} FROM (
                SELECT {keys}, c.day < %(first)s AS early, c.currency, c.reported_currency, {CELLS_SUMMED}
                {cells_from(question, question.by, words, before=before)} {_days_of_page(question)}
                AND ({", ".join(GROUPINGS[name][1] for name in question.by)}) IN (SELECT {names} FROM page)
                GROUP BY {names}, early, c.currency, c.reported_currency) q
            GROUP BY {names})"""  # noqa: S608


def _days_of_page(question: Question) -> str:
    """SQL: which days the groups of the page lie in, where they are groups of times: an index leads to those alone."""
    match question.by:
        case (first, *_rest) if first in TIMES:
            return "AND c.day BETWEEN (SELECT min(k0) FROM page) AND (SELECT max(k0) + 30 FROM page)"
        case (_what, "day"):
            return "AND c.day = ANY(ARRAY(SELECT k1 FROM page))"
        case (_what, "week"):
            return "AND c.day = ANY(ARRAY(SELECT DISTINCT k1 + n FROM page, generate_series(0, 6) AS n))"
        case _:
            return ""


def _answer(rows: Sequence[tuple[Any, ...]], question: Question) -> Answer:
    answer = Answer()
    used: list[tuple[Any, str]] = []
    placed: list[tuple[int, Group]] = []
    depth = len(question.by)
    for kind, text, bucket, k0, k1, *found, number in rows:
        match kind:
            case "row":
                placed.append((int(number), Group((k0, k1)[:depth], figures_read(found))))
            case "top":
                answer.tops.append(Group((k0,), figures_read(found)))
            case "total":
                answer.total, answer.count = figures_read(found), int(number)
            case "currency":
                used.append((-number, text))
            case "chosen":
                answer.currency = text
            case "time" if number:
                answer.over_time[bucket, text] = amount(number)
    answer.groups = [group for _place, group in sorted(placed, key=lambda each: each[0])]
    answer.currencies = [currency for _count, currency in sorted(used)]
    return answer


def costs_all(question: Question) -> Iterator[Group]:
    """Every group in the question's currency, read from the database as they are taken: never all in memory."""
    keys = [f"k{place}" for place in range(len(question.by))]
    named = ", ".join(f"{GROUPINGS[name][1]} AS {key}" for name, key in zip(question.by, keys, strict=True))
    order = ", ".join(keys)
    words = words_of(question)
    sql = f"""SELECT {order}, {figures_sql("%(currency)s")}
              FROM (SELECT {named}, false AS early, c.currency, c.reported_currency, {CELLS_TOLD}
                    {cells_from(question, question.by, words)}
                    AND (c.currency = %(currency)s OR c.reported_currency = %(currency)s)) q
              GROUP BY {order} ORDER BY {order}"""  # noqa: S608
    for row in rows_streamed(sql, words):
        yield Group(tuple(row[: len(keys)]), figures_read(row[len(keys) :]))


def traffic(question: Question) -> list[tuple[date, str, str, int, int]]:
    """What was delivered, whatever it cost in whichever currency: (day, market, category, sender number's id, messages)."""
    words = words_of(question)
    return rows_read(
        f"""SELECT c.day, c.market, c.category, c.sender_number_id, sum(c.delivered + c.read)
            {cells_from(question, ("day", "market", "category", "number"), words)}
            GROUP BY 1, 2, 3, 4 HAVING sum(c.delivered + c.read) > 0 ORDER BY 1, 2, 3, 4""",
        words,
    )


def spent_by_day(question: Question) -> list[tuple[date, str, Decimal]]:
    """What was spent on each day in each currency."""
    words = words_of(question)
    cells = cells_from(question, ("day",), words)
    rows = rows_read(
        f"""SELECT day, currency, sum(spent) FROM (
                SELECT c.day, c.currency, sum(c.unreported + c.monthly) AS spent {cells} GROUP BY 1, 2
                UNION ALL SELECT c.day, c.reported_currency, sum(c.reported) {cells} GROUP BY 1, 2) s
            GROUP BY 1, 2 HAVING sum(spent) <> 0 ORDER BY 1, 2""",  # noqa: S608
        words,
    )
    return [(day, currency, amount(spent)) for day, currency, spent in rows]


def currencies_of(question: Question) -> list[str]:
    """The currencies that anything in the period was estimated or reported in, the most used first."""
    return costs_grouped(replace(question, by=()), size=0).currencies
