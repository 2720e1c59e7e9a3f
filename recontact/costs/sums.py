"""The dashboard's sums, from the quarters of an hour: days and hours are those of the active zone, and nothing lags."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection
from django.utils import timezone

from recontact.adding_up import zone
from recontact.costs.rollup import SLOTS, amount
from recontact.models.rollup import Outline
from recontact.models.rollup_triggers import FATES, MEASURES

#: What is or may be charged, by our estimates: without what never left, failed or is told to be free.
_SPENT = "ahead + awaiting + unreported + confirmed"
#: What goes out, went out, or may have.
_GOING = "waiting + uncertain + on_its_way + delivered + read"


def fates_since(since: datetime) -> dict[str, int]:
    """How many messages queued since then stand where (rollup_triggers.FATES); of several tries the last counts."""
    sums = ", ".join(f"coalesce(sum({name}), 0)" for name in FATES)
    [row] = _rows(f"SELECT {sums} FROM {SLOTS} s WHERE slot >= %(since)s AND NOT superseded", since=since)  # noqa: S608
    return {name: int(count) for name, count in zip(FATES, row, strict=True)}


def spent_since(month: datetime, day: datetime) -> dict[str, tuple[Decimal, Decimal]]:
    """What the messages queued since `day`, and those since `month`, cost by currency: our estimates."""
    rows = _rows(
        f"""SELECT currency, coalesce(sum({_SPENT}) FILTER (WHERE slot >= %(day)s), 0), sum({_SPENT}) FROM {SLOTS} s
            WHERE slot >= %(since)s AND currency <> '' GROUP BY 1 HAVING sum({_SPENT}) <> 0 ORDER BY 1""",  # noqa: S608
        since=month,
        day=day,
    )
    return {currency: (amount(today), amount(whole)) for currency, today, whole in rows}


def sent_and_lost_by_hour(since: datetime) -> Mapping[datetime, tuple[int, int]]:
    """Hour of the active zone -> how many messages queued in it go or went out, and how many were lost; every try counts."""
    lost = "failed + not_sent"
    rows = _rows(
        f"""SELECT date_trunc('hour', slot, %(zone)s), sum({_GOING}), sum({lost}) FROM {SLOTS} s
            WHERE slot >= %(since)s GROUP BY 1""",  # noqa: S608
        since=since,
    )
    return {hour: (int(sent), int(missed)) for hour, sent, missed in rows}


def sent_by_number_today() -> dict[int, int]:
    """Sender number -> how many messages queued on the portal's own day go or went out by it; every try counts."""
    rows = _rows(
        f"""SELECT sender_number_id, sum({_GOING}) FROM (
                SELECT sender_number_id, {", ".join(MEASURES)} FROM recontact_costoutline
                WHERE outline = {Outline.NUMBER:d} AND NOT by_month AND day = %(day)s
                UNION ALL SELECT sender_number_id, {", ".join(MEASURES)} FROM recontact_costchange
                WHERE (slot AT TIME ZONE %(portal_zone)s)::date = %(day)s) s
            GROUP BY 1""",  # noqa: S608
        day=timezone.localdate(timezone=timezone.get_default_timezone()),
        portal_zone=zone(),
    )
    return {number_id: int(count) for number_id, count in rows}


def spent_by_day(since: datetime) -> Sequence[tuple[Any, int, str, Decimal]]:
    """(day of the active zone, account, currency, our estimates of its messages)."""
    rows = _rows(
        f"""SELECT (slot AT TIME ZONE %(zone)s)::date, account_id, currency, sum({_SPENT}) FROM {SLOTS} s
            WHERE slot >= %(since)s AND currency <> '' GROUP BY 1, 2, 3 HAVING sum({_SPENT}) <> 0 ORDER BY 2, 3""",  # noqa: S608
        since=since,
    )
    return [(day, account_id, currency, amount(spent)) for day, account_id, currency, spent in rows]


def _rows(sql: str, **words: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, {"zone": timezone.get_current_timezone_name(), **words})
        return list(cursor.fetchall())
