"""What our messages come to in a statement's own days: sums by day, market and category, and the messages behind each.

A message counts when it is charged: delivered and not told to be free, or with a fee of the provider's on it although it failed
or was free. Its price and category are the provider's where it told them, else those of our estimate; its market is the phone's,
also where the card prices that as another one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection

from recontact.models import Statement
from recontact.reconciliation.mapping import FEE, OTHER

#: So long after it was queued a message may still be delivered: WhatsApp keeps it for 30 days.
_QUEUED_BEFORE = timedelta(days=34)
#: When a message counts, by what the provider counts by.
_MOMENTS = {
    Statement.CountedBy.DELIVERED.value: "coalesce(m.delivered_at, m.settled_at, m.accepted_at, m.created_at)",
    Statement.CountedBy.SENT.value: "coalesce(m.accepted_at, m.sent_at, m.created_at)",
}
_BILLED = "(m.state IN ('delivered', 'read') AND m.billed IS NOT FALSE)"
_CURRENCY = "coalesce(nullif(m.reported_currency, ''), m.currency)"


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose messages, of which days (both counted) of which zone, counted on which moment; `currency` "" = in every one.

    `by_day`, `by_market`, `by_category` say what they are told apart by; `fees_apart` takes the provider's own fees out of the
    prices into rows of their own, by day unless not `fees_by_day`.
    """

    account_id: int
    first: date
    last: date
    zone: str
    counted_by: str
    currency: str = ""
    by_day: bool = True
    by_market: bool = True
    by_category: bool = True
    fees_apart: bool = False
    fees_by_day: bool = True


@dataclass(frozen=True, slots=True)
class Key:
    """What a row is of: day None, market "" and category "" = not told apart by it."""

    day: date | None
    market: str
    category: str


@dataclass(frozen=True, slots=True)
class Ours:
    """What messages with one key come to, in `currency`. `count` is None for fees: their messages count in other rows."""

    key: Key
    currency: str
    count: int | None
    amount: Decimal


def asked_of(statement: Statement, *, fees_by_day: bool) -> Asked:
    """The question that a statement puts to our messages."""
    return Asked(
        account_id=statement.account_id,
        first=statement.first_day,
        last=statement.last_day,
        zone=statement.zone,
        counted_by=statement.counted_by,
        currency=statement.currency,
        by_day=statement.by_day,
        by_market=statement.by_market,
        by_category=statement.by_category,
        fees_apart=statement.fees_apart,
        fees_by_day=fees_by_day,
    )


def ours_summed(asked: Asked) -> list[Ours]:
    """The sums, by currency; one statement, however many messages. Rows that come to nothing are left out."""
    keys = _keys(asked)
    price = "c.amount - c.fee" if asked.fees_apart else "c.amount"
    parts = [
        f"""SELECT {", ".join(f"{sql} AS {name}" for name, sql in keys.items())}, currency,
                   count(*) FILTER (WHERE billed) AS n, sum({price}) AS amount FROM c GROUP BY 1, 2, 3, 4"""  # noqa: S608
    ]
    if asked.fees_apart:
        day = "c.day" if asked.fees_by_day else "NULL::date"
        parts.append(f"SELECT {day}, '', '{FEE}', currency, NULL, sum(c.fee) FROM c GROUP BY 1, 2, 3, 4")  # noqa: S608
    sql = f"""WITH c AS MATERIALIZED ({_counted(asked)}) SELECT * FROM ({" UNION ALL ".join(parts)}) s
              WHERE n > 0 OR amount <> 0 ORDER BY 1 NULLS FIRST, 2, 3, 4"""  # noqa: S608
    return [
        Ours(Key(day, market, category), currency, count, amount)
        for day, market, category, currency, count, amount in _rows(sql, asked)
    ]


@dataclass(frozen=True, slots=True)
class Behind:
    """One message behind a row: its price as it counts there, and where that comes from ("report", "failed", "estimate")."""

    message_id: int
    at: datetime
    phone: str
    state: str
    amount: Decimal
    fee: Decimal
    kind: str


def messages_behind(asked: Asked, key: Key, *, offset: int = 0, size: int = 50) -> Sequence[Behind]:
    """The messages that a row of ours is made of, in the order in which they count; of fees those that carry one."""
    keys = _keys(asked)
    conditions, words = [], {}
    if key.category == FEE and asked.fees_apart:
        keys = {"day": keys["day"]} if asked.fees_by_day else {}
        conditions.append("c.fee <> 0")
    for name, sql in keys.items():
        conditions.append(f"{sql} IS NOT DISTINCT FROM %(key_{name})s")
        words[f"key_{name}"] = getattr(key, name)
    where = " AND ".join(conditions) or "true"
    sql = f"""SELECT c.id, c.moment, m.recipient_phone, m.state, c.amount, c.fee, c.kind
              FROM ({_counted(asked, every_entry=True)}) c
              JOIN recontact_message m ON m.id = c.id WHERE {where}
              ORDER BY c.moment, c.id LIMIT %(size)s OFFSET %(offset)s"""  # noqa: S608
    return [Behind(*row) for row in _rows(sql, asked, **words, size=size, offset=offset)]


def has_messages(key: Key) -> bool:
    """Whether a row can have messages behind it at all: other charges have none."""
    return key.category != OTHER


def _keys(asked: Asked) -> dict[str, str]:
    """SQL of each part of a key, on c."""
    return {
        "day": "c.day" if asked.by_day else "NULL::date",
        "market": "c.market" if asked.by_market else "''",
        "category": "c.category" if asked.by_category else "''",
    }


def _counted(asked: Asked, *, every_entry: bool = False) -> str:
    """SQL: the messages that count (called c), with their day and price.

    The cost entry is read where the provider told a price, because then the category is its own; of estimates only where their
    fee is asked for (or `every_entry`): the rest stands in the message.
    """
    needed = "" if every_entry or asked.fees_apart else "AND m.reported IS NOT NULL"
    moment = _MOMENTS[asked.counted_by]
    currency = f"AND {_CURRENCY} = %(only)s" if asked.currency else ""
    return f"""
        SELECT m.id, {moment} AS moment, ({moment} AT TIME ZONE %(zone)s)::date AS day,
               coalesce(nullif(m.market, ''), e.market, '') AS market, coalesce(nullif(e.category, ''), m.category) AS category,
               {_CURRENCY} AS currency, {_BILLED} AS billed, coalesce(m.reported, m.estimate, 0) AS amount,
               coalesce(e.fee, 0) AS fee, coalesce(e.kind, '') AS kind
        FROM recontact_message m
        LEFT JOIN LATERAL (
            SELECT market, category, fee, kind FROM recontact_costentry e WHERE e.message_id = m.id {needed}
            ORDER BY (e.kind <> 'estimate') DESC, e.id DESC LIMIT 1) e ON true
        WHERE m.account_id = %(account)s AND m.created_at >= %(queued)s AND m.created_at < %(end)s
          AND {moment} >= %(start)s AND {moment} < %(end)s
          AND ({_BILLED} OR m.reported > 0) {currency}"""  # noqa: S608 -- only our own names go in


def _rows(sql: str, asked: Asked, **words: Any) -> list[tuple[Any, ...]]:
    zone = ZoneInfo(asked.zone)
    start = datetime.combine(asked.first, time.min, tzinfo=zone)
    end = datetime.combine(asked.last + timedelta(days=1), time.min, tzinfo=zone)
    with connection.cursor() as cursor:
        cursor.execute(
            sql,
            {
                **words,
                "account": asked.account_id,
                "zone": asked.zone,
                "only": asked.currency,
                "start": start,
                "end": end,
                "queued": start - _QUEUED_BEFORE,
            },
        )
        return list(cursor.fetchall())
