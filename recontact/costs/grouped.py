"""The costs of a period, grouped: one statement over the day's cells, however many messages they are of, and the monthly fees.

The sum of any grouping's cells is that of the messages and the monthly fees.
Currencies are never mixed. A question in one currency counts the messages whose price is in it: the provider's price, or else our
estimate.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import connection, transaction

from recontact.adding_up import zone
from recontact.costs.asked import GROUPINGS, NUMBERS, TIMES, Question
from recontact.costs.monthly import fees_as_json, monthly_fees, with_fees
from recontact.costs.rollup import CELLS, MONTHS, amount
from recontact.models.rollup_triggers import MEASURES

ZERO = Decimal(0)
#: Rows of a page.
PAGE = 50
#: Groups beside the chart, and series in it.
TOP = 8
_FETCHED = 2_000
_WORK_MEM = "48MB"


@dataclass(frozen=True, slots=True)
class Figures:
    """What the messages of one group came to, in one currency.

    Estimates: `awaiting` is sent and not decided, `uncharged` failed or free, `unreported` charged without the provider's price,
    `confirmed` charged with it. `reported` is the provider's. `monthly` are the provider's monthly fees, which are part of no
    message. `before` is what was spent in the period before.
    """

    messages: int = 0
    sent: int = 0
    delivered: int = 0
    read: int = 0
    answered: int = 0
    failed: int = 0
    priced: int = 0
    awaiting: Decimal = ZERO
    uncharged: Decimal = ZERO
    unreported: Decimal = ZERO
    confirmed: Decimal = ZERO
    reported: Decimal = ZERO
    monthly: Decimal = ZERO
    before: Decimal = ZERO

    @property
    def charged(self) -> Decimal:
        """What was charged for the messages: the provider's price, and our estimate where none was told."""
        return self.reported + self.unreported

    @property
    def spent(self) -> Decimal:
        """What was charged in all: for the messages, and by the month."""
        return self.charged + self.monthly

    @property
    def estimated(self) -> Decimal:
        """What all that was sent would have cost by our estimates."""
        return self.awaiting + self.uncharged + self.unreported + self.confirmed

    @property
    def difference(self) -> Decimal:
        """Estimated less charged: what failed or was free, what is not decided, and where the provider's price differs."""
        return self.estimated - self.charged

    @property
    def price_difference(self) -> Decimal:
        """Of what the provider told a price: our estimates less its prices."""
        return self.confirmed - self.reported

    @property
    def per_delivered(self) -> Decimal | None:
        return self.charged / self.delivered if self.delivered else None

    @property
    def per_read(self) -> Decimal | None:
        return self.charged / self.read if self.read else None

    @property
    def per_answered(self) -> Decimal | None:
        return self.charged / self.answered if self.answered else None

    @property
    def change(self) -> Decimal | None:
        """Spent against the period before, in percent; None when nothing was spent then."""
        return (self.spent - self.before) / self.before * 100 if self.before else None


@dataclass(frozen=True, slots=True)
class Group:
    """One row: the keys of its groupings, in the question's order."""

    keys: tuple[Any, ...]
    figures: Figures


@dataclass(slots=True)
class Answer:
    """A page of groups, how many there are in all, the groups of the first grouping that cost most, and the whole.

    `over_time` is what was spent by bucket of time and top group (its key as text, None for all others). `currencies` are all
    that the period has figures in, the most used first; `currency` is the one of these figures.
    """

    currency: str = ""
    currencies: list[str] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    count: int = 0
    tops: list[Group] = field(default_factory=list)
    total: Figures = field(default_factory=Figures)
    over_time: dict[tuple[date, str | None], Decimal] = field(default_factory=dict)


_COUNTS = {
    "messages": "waiting + uncertain + on_its_way + delivered + read + failed + not_sent",
    "sent": "on_its_way + delivered + read + failed",
    "delivered": "delivered + read",
    "read": "read",
    "answered": "answered",
    "failed": "failed",
    "priced": "priced",
}
_ESTIMATES = ("awaiting", "uncharged", "unreported", "confirmed")


def _sum(sql: str, condition: str) -> str:
    return f"coalesce(sum({sql}) FILTER (WHERE {condition}), 0)"


def _figures(currency: str, early: str) -> dict[str, str]:
    """SQL: the figures in one currency, by name, of rows with these columns or expressions."""
    mine = f"coalesce(nullif(reported_currency, ''), currency) = {currency}"
    estimated, told = f"currency = {currency}", f"reported_currency = {currency}"
    return {
        **{name: _sum(sql, f"{mine} AND NOT {early}") for name, sql in _COUNTS.items()},
        **{name: _sum(name, f"{estimated} AND NOT {early}") for name in _ESTIMATES},
        "reported": _sum("reported", f"{told} AND NOT {early}"),
        "monthly": _sum("monthly", f"{estimated} AND NOT {early}"),
        "before": f"{_sum('unreported + monthly', f'{estimated} AND {early}')} + {_sum('reported', f'{told} AND {early}')}",
    }


_NAMES = ", ".join(each.name for each in fields(Figures))
#: A group of which there is something to say in this period.
_THERE = "(messages > 0 OR monthly <> 0 OR unreported <> 0 OR reported <> 0 OR awaiting <> 0 OR uncharged <> 0 OR confirmed <> 0)"
_SPENT = "unreported + reported + monthly"
_KINDS = len(fields(Figures))


def costs_grouped(question: Question, *, page: int = 1, size: int = PAGE) -> Answer:
    """The groups of a page by what they cost (by time, where that is the first grouping), and all else of the answer.

    One look at the cells, added up as far as the question needs; the rest is made of that. The currency is the question's, or
    else the most used one.
    """
    keys = _keys(question)
    depth = " + ".join(f"(1 - grouping(k{place}))" for place in range(len(keys))) or "0"
    sets = ", ".join(["()", *(f"({', '.join(f'k{place}' for place in range(deep + 1))})" for deep in range(len(keys)))])
    shown = ", ".join(f"k{place}" if place < len(keys) else f"NULL::int AS k{place}" for place in (0, 1))
    order = "k0, k1" if question.by[:1] and question.by[0] in TIMES else f"{_SPENT} DESC, k0, k1"
    figures = ", ".join(f"{sql} AS {name}" for name, sql in _figures("x.chosen", "early").items())
    zeros = ", ".join(["0"] * _KINDS)
    top = (
        "CASE WHEN k0 IN (SELECT k0 FROM tops) THEN k0::text END"
        if keys and question.by[0] not in TIMES
        else "NULL::text"
    )
    tops = f"""SELECT * FROM g WHERE depth = 1 AND {_THERE}
               ORDER BY {_SPENT} DESC, k0 LIMIT {TOP if keys else 0}"""  # noqa: S608 -- only our own names go in
    words = _words(question)
    sql = f"""
        WITH b AS MATERIALIZED ({_base(question, keys, words)}),
        used AS (SELECT currency, sum(n) AS n FROM (
            SELECT currency, sum(delivered + read + 1) AS n FROM b WHERE NOT early GROUP BY 1
            UNION ALL SELECT reported_currency, sum(priced) FROM b WHERE NOT early GROUP BY 1) u
            WHERE currency <> '' GROUP BY 1),
        x AS (SELECT coalesce(nullif(%(currency)s, ''), (SELECT currency FROM used ORDER BY n DESC, 1 LIMIT 1), '') AS chosen),
        g AS MATERIALIZED (
            SELECT {depth} AS depth, {shown}, {figures} FROM b, x
            WHERE b.currency = x.chosen OR b.reported_currency = x.chosen GROUP BY GROUPING SETS ({sets})),
        tops AS MATERIALIZED ({tops}),
        rows AS (SELECT * FROM g WHERE depth = {len(keys)} AND depth > 0 AND {_THERE})
        SELECT 'total', NULL::text, NULL::date, k0, k1, {_NAMES}, (SELECT count(*) FROM rows) FROM g WHERE depth = 0
        UNION ALL SELECT 'currency', currency, NULL, NULL, NULL, {zeros}, n FROM used
        UNION ALL SELECT 'chosen', chosen, NULL, NULL, NULL, {zeros}, 0 FROM x
        UNION ALL SELECT 'top', NULL, NULL, k0, k1, {_NAMES}, 0 FROM tops
        UNION ALL (SELECT 'row', NULL, NULL, k0, k1, {_NAMES}, 0 FROM rows ORDER BY {order} LIMIT %(size)s OFFSET %(offset)s)
        UNION ALL SELECT 'time', {top}, bucket, NULL, NULL, {zeros},
            coalesce(sum(unreported + monthly) FILTER (WHERE currency = x.chosen), 0)
            + coalesce(sum(reported) FILTER (WHERE reported_currency = x.chosen), 0) FROM b, x WHERE NOT early GROUP BY 2, 3
    """  # noqa: S608
    return _answer(_rows(sql, {**words, "size": size, "offset": (page - 1) * size}), len(keys))


def _keys(question: Question) -> list[str]:
    return [GROUPINGS[name][1] for name in question.by]


def _base(question: Question, keys: Sequence[str], words: Mapping[str, Any]) -> str:
    """SQL: the cells of the period and the one before, added up by the groupings, time and currency.

    First by the bare columns, and only what is left by weeks, months and buckets: to cut days into these costs more than to add.
    """
    dated = [name in TIMES for name in question.by]
    bare = [f"{key} AS k{place}" for place, key in enumerate(keys) if not dated[place]]
    by = ", ".join(
        ["day", "currency", "reported_currency", *(f"k{place}" for place in range(len(keys)) if not dated[place])]
    )
    cut = [f"{key} AS k{place}" if dated[place] else f"k{place}" for place, key in enumerate(keys)]
    bucket = f"CASE WHEN c.day >= %(first)s THEN {GROUPINGS[question.bucket][1]} END AS bucket"
    names = ", ".join(
        [*(f"k{place}" for place in range(len(keys))), "bucket", "early", "currency", "reported_currency"]
    )
    sums = ", ".join(f"sum(c.{name})::bigint AS {name}" for name in (*MEASURES, "monthly"))
    return f"""SELECT {", ".join([*cut, bucket])}, c.day < %(first)s AS early, currency, reported_currency, {sums}
               FROM (SELECT {", ".join(["c.day", "c.currency", "c.reported_currency", *bare])}, {sums}
                     {_from(question, words, before=True)} GROUP BY {by}) c GROUP BY {names}"""  # noqa: S608


def _answer(rows: Sequence[tuple[Any, ...]], depth: int) -> Answer:
    answer = Answer()
    used: list[tuple[Any, str]] = []
    for kind, text, bucket, k0, k1, *found, number in rows:
        group = Group((k0, k1)[:depth], _read(found)) if kind in ("total", "top", "row") else None
        match kind:
            case "currency":
                used.append((-number, text))
            case "chosen":
                answer.currency = text
            case "time" if number:
                answer.over_time[bucket, text] = amount(number)
            case "total" if group is not None:
                answer.total, answer.count = group.figures, int(number)
            case "top" if group is not None:
                answer.tops.append(Group((k0,), group.figures))
            case "row" if group is not None:
                answer.groups.append(group)
    answer.currencies = [currency for _count, currency in sorted(used)]
    return answer


_READ = tuple(int if each.name in _COUNTS else amount for each in fields(Figures))


def _read(found: Sequence[Any]) -> Figures:
    told: list[Any] = [read(value) for read, value in zip(_READ, found, strict=True)]
    return Figures(*told)


def costs_all(question: Question) -> Iterator[Group]:
    """Every group in the question's currency, read from the database as they are taken: never all in memory."""
    keys = _keys(question)
    order = ", ".join(str(place + 1) for place in range(len(keys)))
    sums = ", ".join(_figures("%(currency)s", "false").values())
    words = _words(question)
    sql = f"""SELECT {", ".join(keys)}, {sums} {_from(question, words)}
              AND (c.currency = %(currency)s OR c.reported_currency = %(currency)s)
              GROUP BY {order} ORDER BY {order}"""
    for row in streamed(sql, words):
        yield Group(tuple(row[: len(keys)]), _read(row[len(keys) :]))


def traffic(question: Question) -> list[tuple[date, str, str, int]]:
    """What was delivered, whatever it cost in whichever currency: (day, market, category, messages)."""
    words = _words(question)
    return _rows(
        f"""SELECT c.day, c.market, c.category, sum(c.delivered + c.read)
            {_from(replace(question, by=("day",)), words)} GROUP BY 1, 2, 3 HAVING sum(c.delivered + c.read) > 0 ORDER BY 1""",
        words,
    )


def spent_by_day(question: Question) -> list[tuple[date, str, Decimal]]:
    """What was spent on each day in each currency."""
    words = _words(question)
    cells = _from(replace(question, by=("day",)), words)
    rows = _rows(
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


def _from(question: Question, words: Mapping[str, Any], *, before: bool = False) -> str:
    """SQL: the cells that the question is about; with those of the period before."""
    conditions = ["c.day >= %(before)s" if before else "c.day >= %(first)s", "c.day <= %(last)s"]
    conditions += [f"{GROUPINGS[name][1]} = %(only_{name})s" for name in question.only]
    joined = "JOIN providers_provideraccount a ON a.id = c.account_id"
    accounts = joined if "provider" in {*question.by, *question.only} else ""
    cells = with_fees(MONTHS if question.is_by_months else CELLS, any_fees=words["fees"] != "[]")
    return f"FROM {cells} c {accounts} WHERE {' AND '.join(conditions)}"


def _words(question: Question) -> dict[str, Any]:
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


def _rows(sql: str, words: dict[str, Any]) -> list[tuple[Any, ...]]:
    with transaction.atomic(), connection.cursor() as cursor:
        # With the usual 4 MB the planner sorts hundreds of thousands of cells on disk in place of adding them up at once.
        cursor.execute(f"SET LOCAL work_mem = '{_WORK_MEM}'")
        cursor.execute(sql, words)
        return list(cursor.fetchall())


def streamed(sql: str, words: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    """The rows by a cursor of the server's, which outlives no transaction."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(sql, words)
        while rows := cursor.fetchmany(_FETCHED):
            yield from rows
