"""The sums of costs: kept up behind the sending, rebuilt from the messages, and proven to be theirs.

The triggers note each change in the transaction that made it (recontact.models.rollup_triggers). Here the notes are taken away
and added in one transaction, so a crash adds each exactly once. Sums and notes together are always what the messages are now.
"""

from __future__ import annotations

from decimal import Decimal

from django.db import connection, transaction

from recontact.adding_up import changes_add, zone
from recontact.advisory_locks import AdvisoryLock
from recontact.models.rollup_triggers import (
    CARRIED,
    COLUMNS,
    DIMENSIONS,
    MEASURES,
    NOTHING,
    alike,
    contributions,
    summed,
)

_WHO = [name for name in DIMENSIONS if name != "slot"]
_SLOT = ["slot", "account_id", "currency", "reported_currency", "superseded"]
_ADDED = ", ".join(f"{name} = s.{name} + EXCLUDED.{name}" for name in MEASURES)
#: The portal's own day of a quarter of an hour.
_DAY = "(slot AT TIME ZONE %(zone)s)::date"
_MONTH = "date_trunc('month', slot AT TIME ZONE %(zone)s)::date"


def _names(keys: list[str]) -> list[str]:
    return ["day" if key in (_DAY, _MONTH) else key for key in keys]


def _store(table: str, keys: list[str], source: str) -> str:
    """SQL: add the rows of `source` (called c) to the table's."""
    names = _names(keys)
    return f"""
        INSERT INTO {table} AS s ({", ".join(names)}, {", ".join(MEASURES)})
        SELECT {", ".join(keys)}, {summed()} FROM {source} c GROUP BY {", ".join(keys)} HAVING NOT ({NOTHING})
        ON CONFLICT ({", ".join(names)}) DO UPDATE SET {_ADDED}"""  # noqa: S608 -- only our own names go in


_TAKEN = f"""
    DELETE FROM recontact_costchange
    WHERE id = ANY(ARRAY(SELECT id FROM recontact_costchange ORDER BY id LIMIT %(most)s)) RETURNING {COLUMNS}
"""  # noqa: S608
_ADD = f"""
    WITH taken AS ({_TAKEN}),
    slots AS ({_store("recontact_costslot", _SLOT, "taken")}),
    months AS ({_store("recontact_costmonth", [_MONTH, *_WHO], "taken")}),
    cells AS ({_store("recontact_costcell", [_DAY, *_WHO], "taken")})
    SELECT count(*) FROM taken
"""  # noqa: S608
#: What the messages come to, and the same less what is noted and will still be added.
_MESSAGES = contributions(f"({alike('recontact_message')}) f")
_SETTLED = f"""(
    {_MESSAGES}
    UNION ALL SELECT {", ".join(DIMENSIONS)}, {", ".join(f"-{name}" for name in MEASURES)} FROM recontact_costchange)"""  # noqa: S608


def costs_add_up() -> int:
    """Add what was noted to the sums. Returns how many notes; none while somebody else does it. Safe at any time."""
    return changes_add(AdvisoryLock.COSTS, _ADD)


@transaction.atomic
def costs_rebuild() -> int:
    """Build all sums anew from the messages, while sending goes on. Returns how many cells there are."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [AdvisoryLock.COSTS])
        cursor.execute(
            "DELETE FROM recontact_costslot; DELETE FROM recontact_costmonth; DELETE FROM recontact_costcell"
        )
        # One statement for both, so that both are of the same moment.
        cursor.execute(
            f"""WITH settled AS MATERIALIZED {_SETTLED},
                slots AS ({_store("recontact_costslot", _SLOT, "settled")}),
                months AS ({_store("recontact_costmonth", [_MONTH, *_WHO], "settled")})
                {_store("recontact_costcell", [_DAY, *_WHO], "settled")}""",
            {"zone": zone()},
        )
        return int(cursor.rowcount)


def amount(millionths: Decimal | int) -> Decimal:
    """An amount as it is kept in the sums, in its currency."""
    return Decimal(millionths).scaleb(-6)


#: The rows that people's figures are summed from: the cells, and what is to be added to them (%(zone)s is the portal's zone).
CELLS = f"""(
    SELECT day, {", ".join(_WHO)}, {", ".join(MEASURES)} FROM recontact_costcell
    UNION ALL SELECT {_DAY}, {", ".join(_WHO)}, {", ".join(MEASURES)} FROM recontact_costchange)"""  # noqa: S608
#: The same by month; the day is its first.
MONTHS = f"""(
    SELECT day, {", ".join(_WHO)}, {", ".join(MEASURES)} FROM recontact_costmonth
    UNION ALL SELECT {_MONTH}, {", ".join(_WHO)}, {", ".join(MEASURES)} FROM recontact_costchange)"""  # noqa: S608
#: The same by quarter of an hour and account.
SLOTS = f"""(
    SELECT {", ".join(_SLOT)}, {", ".join(MEASURES)} FROM recontact_costslot
    UNION ALL SELECT {", ".join(_SLOT)}, {", ".join(MEASURES)} FROM recontact_costchange)"""  # noqa: S608


def _different(keys: list[str], sums: str) -> str:
    """SQL: (0, what) for each key whose sums are not those of the messages."""
    names = _names(keys)
    messages = f"""SELECT {", ".join(f"{key} AS {name}" for key, name in zip(keys, names, strict=True))}, {", ".join(MEASURES)}
                   FROM ({_MESSAGES}) m"""  # noqa: S608
    mine = f"SELECT {', '.join(names)}, {', '.join(f'-{name}' for name in MEASURES)} FROM {sums} c"  # noqa: S608
    what = " || ' ' || ".join(f"{name}::text" for name in names)
    return f"""SELECT 0, {what} FROM ({messages} UNION ALL {mine}) d
               GROUP BY {", ".join(names)} HAVING NOT ({NOTHING})"""  # noqa: S608


def checks() -> dict[str, str]:
    """The part of the books that holds the sums against the messages (recontact.books)."""
    quoted = "'" + zone().replace("'", "''") + "'"
    return {
        "the costs of a day are those of its messages": _different([_DAY, *_WHO], CELLS).replace("%(zone)s", quoted),
        "the costs of a month are those of its messages": _different([_MONTH, *_WHO], MONTHS).replace(
            "%(zone)s", quoted
        ),
        "the costs of an hour are those of its messages": _different(_SLOT, SLOTS),
        "a message carries the provider's price of its entry": f"""
            SELECT m.id, coalesce(m.reported::text, 'none') FROM recontact_message m LEFT JOIN LATERAL ({CARRIED}) c ON true
            WHERE (m.reported, m.reported_currency) IS DISTINCT FROM (c.amount, coalesce(c.currency, ''))""",  # noqa: S608
    }
