"""What providers invoiced in a period, by what their invoices tell apart: beside estimated and reported, in one currency.

Invoices know no number, campaign, team or agent of ours: by those nothing is told. A line counts on its own day, or on the day
it was booked when it came late; credits lower it; one without a day belongs to its invoice's whole period.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db import connection

from recontact.costs.asked import NUMBERS, Question

_DAY = "l.counted_on"
#: A line without a day is of its invoice's month, if that is one.
_MONTH = f"""date_trunc('month', coalesce({_DAY}, CASE
    WHEN date_trunc('month', s.first_day) = date_trunc('month', s.last_day) THEN s.first_day END))::date"""
_BY = {
    "provider": "a.provider",
    "account": "s.account_id",
    "category": "l.category",
    "market": "l.market",
    "day": _DAY,
    "week": f"date_trunc('week', {_DAY})::date",
    "month": _MONTH,
}


@dataclass(frozen=True, slots=True)
class Invoiced:
    """`total` is None when nothing was invoiced, or when it is narrowed to what invoices do not tell (`is_told` False).

    `groups`: keys in the question's order -> amount; None when it is grouped by what they do not tell. `partly` is what invoices
    without days of a longer period come to: it is not in the total.
    """

    is_told: bool = True
    total: Decimal | None = None
    groups: Mapping[tuple[Any, ...], Decimal] | None = field(default_factory=dict)
    partly: Decimal = Decimal(0)

    def of(self, keys: tuple[Any, ...]) -> Decimal | None:
        """The group's amount; None: nothing was invoiced for it, or it is not by this."""
        return None if self.groups is None else self.groups.get(keys)

    @property
    def is_by_this(self) -> bool:
        """Whether invoices tell the groups apart."""
        return self.is_told and self.groups is not None


def invoiced_grouped(question: Question) -> Invoiced:
    """What was invoiced in the question's currency; one query."""
    if not set(question.only) <= _BY.keys():
        return Invoiced(is_told=False, groups=None)
    by_this = set(question.by) <= _BY.keys()
    keys = [_BY[name] for name in question.by] if by_this else []
    conditions = " ".join(f"AND {_BY[name]} = %(only_{name})s" for name in question.only)
    places = "".join(f", {place + 2}" for place in range(len(keys)))
    sql = f"""
        SELECT coalesce({_DAY} BETWEEN %(first)s AND %(last)s, s.first_day >= %(first)s AND s.last_day <= %(last)s)
               {"".join(f", {key}" for key in keys)}, sum(l.amount)
        FROM recontact_statement s JOIN recontact_statementline l ON l.statement_id = s.id
        JOIN providers_provideraccount a ON a.id = s.account_id
        WHERE s.kind IN ('invoice', 'credit') AND s.withdrawn_at IS NULL AND s.currency = %(currency)s
          AND s.month >= date_trunc('month', %(first)s::date) AND s.first_day <= %(last)s
          AND ({_DAY} IS NULL OR {_DAY} BETWEEN %(first)s AND %(last)s) AND l.amount IS NOT NULL {conditions}
        GROUP BY 1{places}"""  # noqa: S608 -- only our own names go in
    only = {f"only_{name}": int(value) if name in NUMBERS else value for name, value in question.only.items()}
    with connection.cursor() as cursor:
        cursor.execute(sql, {**only, "first": question.first, "last": question.last, "currency": question.currency})
        rows = cursor.fetchall()
    counted = {tuple(found): amount for whole, *found, amount in rows if whole}
    return Invoiced(
        total=sum(counted.values(), Decimal(0)) if counted else None,
        groups=counted if by_this else None,
        partly=sum((row[-1] for row in rows if not row[0]), Decimal(0)),
    )
