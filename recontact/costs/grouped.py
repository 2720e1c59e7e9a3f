"""The costs of a period, grouped: one statement over the day's cells, however many messages they are of.

Currencies are never mixed. A question in one currency counts the messages whose price is in it: the provider's price, or else our
estimate.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import connection

from recontact.costs.asked import GROUPINGS, NUMBERS, TIMES, Question
from recontact.costs.rollup import CELLS, zone

ZERO = Decimal(0)
#: Rows of a page.
PAGE = 50
#: Groups beside the chart, and series in it.
TOP = 8
_FETCHED = 2_000


@dataclass(frozen=True, slots=True)
class Figures:
    """What the messages of one group came to, in one currency.

    Estimates: `awaiting` is sent and not decided, `uncharged` failed or free, `unreported` charged without the provider's price,
    `confirmed` charged with it. `reported` is the provider's. `before` is what was spent in the period before.
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
    before: Decimal = ZERO

    @property
    def spent(self) -> Decimal:
        """What was charged: the provider's price, and our estimate where none was told."""
        return self.reported + self.unreported

    @property
    def estimated(self) -> Decimal:
        """What all that was sent would have cost by our estimates."""
        return self.awaiting + self.uncharged + self.unreported + self.confirmed

    @property
    def difference(self) -> Decimal:
        """Estimated less spent: what failed or was free, what is not decided, and where the provider's price differs."""
        return self.estimated - self.spent

    @property
    def price_difference(self) -> Decimal:
        """Of what the provider told a price: our estimates less its prices."""
        return self.confirmed - self.reported

    @property
    def per_delivered(self) -> Decimal | None:
        return self.spent / self.delivered if self.delivered else None

    @property
    def per_read(self) -> Decimal | None:
        return self.spent / self.read if self.read else None

    @property
    def per_answered(self) -> Decimal | None:
        return self.spent / self.answered if self.answered else None

    @property
    def change(self) -> Decimal | None:
        """Spent against the period before, in percent; None when nothing was spent then."""
        return (self.spent - self.before) / self.before * 100 if self.before else None


@dataclass(frozen=True, slots=True)
class Group:
    """One row: the keys of its groupings, in the question's order."""

    keys: tuple[Any, ...]
    figures: Figures


@dataclass(frozen=True, slots=True)
class Answer:
    """A page of groups, how many there are in all, the groups of the first grouping that cost most, and the whole."""

    groups: Sequence[Group]
    count: int
    tops: Sequence[Group]
    total: Figures = field(default_factory=Figures)


_MINE = "coalesce(nullif(c.reported_currency, ''), c.currency) = %(currency)s"
_NOW = "c.day >= %(first)s"
_SPENT = """sum(c.unreported) FILTER (WHERE c.currency = %(currency)s AND {period}),
            sum(c.reported) FILTER (WHERE c.reported_currency = %(currency)s AND {period})"""
_COUNTS = {
    "messages": "c.waiting + c.uncertain + c.on_its_way + c.delivered + c.read + c.failed + c.not_sent",
    "sent": "c.on_its_way + c.delivered + c.read + c.failed",
    "delivered": "c.delivered + c.read",
    "read": "c.read",
    "answered": "c.answered",
    "failed": "c.failed",
    "priced": "c.priced",
}
_ESTIMATES = ("awaiting", "uncharged", "unreported", "confirmed")


def _sum(sql: str, condition: str) -> str:
    return f"coalesce(sum({sql}) FILTER (WHERE {condition}), 0)"


_BEFORE = f"""{_sum("c.unreported", "c.currency = %(currency)s AND c.day < %(first)s")}
    + {_sum("c.reported", "c.reported_currency = %(currency)s AND c.day < %(first)s")}"""
_FIGURES = {
    **{name: _sum(sql, f"{_MINE} AND {_NOW}") for name, sql in _COUNTS.items()},
    **{name: _sum(f"c.{name}", f"c.currency = %(currency)s AND {_NOW}") for name in _ESTIMATES},
    "reported": _sum("c.reported", f"c.reported_currency = %(currency)s AND {_NOW}"),
    "before": _BEFORE,
}
_NAMES = ", ".join(_FIGURES)
_SUMS = ", ".join(f"{sql} AS {name}" for name, sql in _FIGURES.items())
_WANTED = "(c.currency = %(currency)s OR c.reported_currency = %(currency)s)"


def costs_grouped(question: Question, *, page: int = 1, size: int = PAGE) -> Answer:
    """The groups of a page, by what they cost (by time, where that is the first grouping), with the whole."""
    keys = [GROUPINGS[name][1] for name in question.by]
    sets = ["()", *([f"({keys[0]})"] if keys else []), *([f"({keys[0]}, {keys[1]})"] if len(keys) == 2 else [])]
    columns = [f"{keys[place]} AS k{place}" if place < len(keys) else f"NULL::int AS k{place}" for place in (0, 1)]
    depth = " + ".join(f"(1 - grouping({key}))" for key in keys) or "0"
    order = "k0, k1" if question.by[:1] and question.by[0] in TIMES else "unreported + reported DESC, k0, k1"
    sql = f"""
        WITH g AS MATERIALIZED (
            SELECT {depth} AS depth, {", ".join(columns)}, {_SUMS} {_from(question, before=True)}
            GROUP BY GROUPING SETS ({", ".join(sets)}))
        (SELECT 'row', k0, k1, {_NAMES}, (SELECT count(*) FROM g WHERE depth = {len(keys)} AND {{there}}) FROM g
         WHERE depth = {len(keys)} AND depth > 0 AND {{there}} ORDER BY {order} LIMIT %(size)s OFFSET %(offset)s)
        UNION ALL (SELECT 'top', k0, k1, {_NAMES}, 0 FROM g WHERE depth = 1 AND {{there}}
                   ORDER BY unreported + reported DESC, k0 LIMIT {TOP})
        UNION ALL SELECT 'total', k0, k1, {_NAMES}, 0 FROM g WHERE depth = 0
    """.format(there=_THERE)  # noqa: S608 -- only our own names go in
    words = {**_words(question), "size": size, "offset": (page - 1) * size}
    groups, tops, total, count = [], [], Figures(), 0
    for kind, *found in _rows(sql, words):
        figures = Figures(*found[2 : 2 + len(_FIGURES)])
        if kind == "row":
            groups.append(Group(tuple(found[: len(keys)]), figures))
            count = found[-1]
        elif kind == "top":
            tops.append(Group((found[0],), figures))
        else:
            total = figures
    return Answer(groups, count, tops, total)


#: A group of which there is something to say in this period.
_THERE = "(messages > 0 OR unreported <> 0 OR reported <> 0 OR awaiting <> 0 OR uncharged <> 0 OR confirmed <> 0)"


def costs_over_time(question: Question, top: Sequence[Any]) -> list[tuple[date, Any, Decimal]]:
    """What was spent by bucket of time and first grouping: (its first day, key, amount). All but the `top` keys are one: None."""
    bucket = GROUPINGS[question.bucket][1]
    key = _first_grouping(question)
    words = {**_words(question), "top": [str(each) for each in top]}
    return _rows(
        f"""SELECT {bucket}, k, sum(s) FROM (
                SELECT c.day, CASE WHEN ({key})::text = ANY(%(top)s) THEN ({key})::text END AS k,
                       {_spent_sql()} AS s {_from(question)} GROUP BY 1, 2) c
            GROUP BY 1, 2 ORDER BY 1""".replace("c.account_id", "c.account_id"),  # noqa: S608
        words,
    )


def _first_grouping(question: Question) -> str:
    name = next((name for name in question.by if name not in TIMES), None)
    return GROUPINGS[name][1] if name is not None else "''"


def _spent_sql() -> str:
    return f"""{_sum("c.unreported", "c.currency = %(currency)s")}
               + {_sum("c.reported", "c.reported_currency = %(currency)s")}"""


def costs_all(question: Question) -> Iterator[Group]:
    """Every group, read from the database as they are taken: never all in memory."""
    keys = [GROUPINGS[name][1] for name in question.by]
    order = ", ".join(str(place + 1) for place in range(len(keys)))
    sql = f"SELECT {', '.join([*keys, _SUMS])} {_from(question)} GROUP BY {order} ORDER BY {order}"
    for row in streamed(sql, _words(question)):
        yield Group(tuple(row[: len(keys)]), Figures(*row[len(keys) :]))


def currencies_of(question: Question) -> list[str]:
    """The currencies that anything in the period was estimated or reported in, the most used first."""
    rows = _rows(
        f"""SELECT currency FROM (
                SELECT c.currency, sum(c.delivered + c.read + 1) AS n {_from(question, any_currency=True)} GROUP BY 1
                UNION ALL SELECT c.reported_currency, sum(c.priced) {_from(question, any_currency=True)} GROUP BY 1) x
            WHERE currency <> '' GROUP BY 1 ORDER BY sum(n) DESC, 1""",  # noqa: S608
        _words(question),
    )
    return [currency for (currency,) in rows]


def _from(question: Question, *, before: bool = False, any_currency: bool = False) -> str:
    """SQL: the cells that the question is about; with those of the period before."""
    conditions = ["c.day >= %(before)s" if before else "c.day >= %(first)s", "c.day <= %(last)s"]
    conditions += [] if any_currency else [_WANTED]
    for name in question.only:
        conditions.append(f"{GROUPINGS[name][1]} = %(only_{name})s")
    return f"FROM {CELLS} c JOIN providers_provideraccount a ON a.id = c.account_id WHERE {' AND '.join(conditions)}"


def _words(question: Question) -> dict[str, Any]:
    only = {f"only_{name}": int(value) if name in NUMBERS else value for name, value in question.only.items()}
    return {
        **only,
        "zone": zone(),
        "currency": question.currency,
        "first": question.first,
        "last": question.last,
        "before": question.before[0],
    }


def _rows(sql: str, words: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, words)
        return list(cursor.fetchall())


def streamed(sql: str, words: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    """The rows by a cursor of the server's, which outlives no transaction."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(sql, words)
        while rows := cursor.fetchmany(_FETCHED):
            yield from rows


assert tuple(_FIGURES) == tuple(each.name for each in fields(Figures))  # noqa: S101
