"""The sums of costs: kept up behind the sending, rebuilt from the messages, and proven to be theirs.

The triggers note each change in the transaction that made it (recontact.models.rollup_triggers). Here the notes are taken away
and added in one transaction, so a crash adds each exactly once. Sums and notes together are always what the messages are now.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from django.db import connection, transaction

from recontact.adding_up import changes_add, zone
from recontact.advisory_locks import AdvisoryLock
from recontact.models.rollup import Outline
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

#: What each outline of the sums is told apart by, the one with fewest rows first; all else is 0 or '' in it.
OUTLINES: dict[Outline, tuple[str, ...]] = {
    Outline.TEAM: ("team_id",),
    Outline.MARKET: ("market",),
    Outline.NUMBER: ("account_id", "sender_number_id", "category"),
    # A campaign has one number and one category: they cost no rows.
    Outline.CAMPAIGN: ("account_id", "sender_number_id", "category", "campaign_id"),
    Outline.AGENT: ("agent_id",),
    Outline.DESK: ("account_id", "sender_number_id", "category", "team_id", "agent_id"),
    Outline.PLACE: ("account_id", "sender_number_id", "market", "category"),
    Outline.MARKET_DESK: ("market", "team_id", "agent_id"),
    Outline.CAMPAIGN_MARKET: ("market", "campaign_id"),
    Outline.CAMPAIGN_DESK: ("campaign_id", "team_id", "agent_id"),
}
#: Of a day these would have nearly as many rows as there are cells.
_BY_MONTH_ALONE = {Outline.MARKET_DESK}
_WHO_OUTLINED = [name for name in _WHO if name != "superseded"]
_OUTLINED = ["outline", "by_month", "day", *_WHO_OUTLINED]

#: The database's sum of whole numbers as a whole number: of PostgreSQL's own the result is a numeric, which takes longer to make
#: than a group to add up. It fails where the sum is none that fits (nine trillion in a currency), so it is never wrong.
WHOLE_SUM = "recontact_whole_sum"


def _names(keys: list[str]) -> list[str]:
    return ["day" if key in (_DAY, _MONTH) else key for key in keys]


def _store(table: str, keys: list[str], source: str) -> str:
    """SQL: add the rows of `source` (called c) to the table's."""
    names = _names(keys)
    return f"""
        INSERT INTO {table} AS s ({", ".join(names)}, {", ".join(MEASURES)})
        SELECT {", ".join(keys)}, {summed()} FROM {source} c GROUP BY {", ".join(keys)} HAVING NOT ({NOTHING})
        ON CONFLICT ({", ".join(names)}) DO UPDATE SET {_ADDED}"""  # noqa: S608 -- only our own names go in


def _outlined(source: str) -> str:
    """SQL: the rows of `source` once in each outline, by month and (most of them) by day; not added up."""
    masked = ", ".join(_masked(name) for name in _WHO_OUTLINED)
    kept = [(outline, True) for outline in OUTLINES] + [(outline, False) for outline in OUTLINES if _is_by_day(outline)]
    kinds = ", ".join(f"({outline:d}, {by_month})" for outline, by_month in kept)
    return f"""(
        SELECT outline, by_month, CASE WHEN by_month THEN date_trunc('month', day::timestamp)::date ELSE day END AS day,
               {masked}, {", ".join(MEASURES)}
        FROM (SELECT {_DAY} AS day, {", ".join(_WHO_OUTLINED)}, {summed()} FROM {source} s
              GROUP BY {_DAY}, {", ".join(_WHO_OUTLINED)}) d
        CROSS JOIN (VALUES {kinds}) AS o(outline, by_month))"""  # noqa: S608


def _is_by_day(outline: Outline) -> bool:
    """Whether the outline is kept of days too, and not of months alone."""
    return outline not in _BY_MONTH_ALONE


def outlines_store(source: str) -> str:
    """SQL: add the rows of `source` (as changes are, with their slot) to the outlines."""
    return _store("recontact_costoutline", _OUTLINED, _outlined(source))


def _masked(name: str) -> str:
    """SQL: what tells a cell apart, or nothing in the outlines without it."""
    if name in ("currency", "reported_currency"):
        return name
    having = ", ".join(f"{outline:d}" for outline, columns in OUTLINES.items() if name in columns)
    nothing = "''" if name in ("market", "category") else "0"
    return f"CASE WHEN outline IN ({having}) THEN {name} ELSE {nothing} END AS {name}"


_TAKEN = f"""
    DELETE FROM recontact_costchange
    WHERE id = ANY(ARRAY(SELECT id FROM recontact_costchange ORDER BY id LIMIT %(most)s)) RETURNING {COLUMNS}
"""  # noqa: S608
_ADD = f"""
    WITH taken AS ({_TAKEN}),
    slots AS ({_store("recontact_costslot", _SLOT, "taken")}),
    months AS ({_store("recontact_costmonth", [_MONTH, *_WHO], "taken")}),
    cells AS ({_store("recontact_costcell", [_DAY, *_WHO], "taken")}),
    outlines AS ({outlines_store("taken")})
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
            "DELETE FROM recontact_costslot; DELETE FROM recontact_costmonth; DELETE FROM recontact_costcell; "
            "DELETE FROM recontact_costoutline"
        )
        # One statement for all, so that they are of the same moment.
        cursor.execute(
            f"""WITH settled AS MATERIALIZED {_SETTLED},
                slots AS ({_store("recontact_costslot", _SLOT, "settled")}),
                months AS ({_store("recontact_costmonth", [_MONTH, *_WHO], "settled")}),
                outlines AS ({outlines_store("settled")})
                {_store("recontact_costcell", [_DAY, *_WHO], "settled")}""",
            {"zone": zone()},
        )
        return int(cursor.rowcount)


def amount(millionths: Decimal | int) -> Decimal:
    """An amount as it is kept in the sums, in its currency."""
    return Decimal(millionths).scaleb(-6)


#: The cells, and what is to be added to them (%(zone)s is the portal's zone).
CELLS = f"""(
    SELECT day, {", ".join(_WHO)}, {", ".join(MEASURES)} FROM recontact_costcell
    UNION ALL SELECT {_DAY}, {", ".join(_WHO)}, {", ".join(MEASURES)} FROM recontact_costchange)"""  # noqa: S608
#: The same by month; the day is its first.
_MONTHS = f"""(
    SELECT day, {", ".join(_WHO)}, {", ".join(MEASURES)} FROM recontact_costmonth
    UNION ALL SELECT {_MONTH}, {", ".join(_WHO)}, {", ".join(MEASURES)} FROM recontact_costchange)"""  # noqa: S608
#: The same by quarter of an hour and account.
SLOTS = f"""(
    SELECT {", ".join(_SLOT)}, {", ".join(MEASURES)} FROM recontact_costslot
    UNION ALL SELECT {", ".join(_SLOT)}, {", ".join(MEASURES)} FROM recontact_costchange)"""  # noqa: S608


def sums_read(columns: set[str], *, months: str, days: Sequence[str]) -> str:
    """SQL: the fewest rows that tell these columns apart, of whole months and of days, and what is to be added to them.

    `months` and `days` are conditions on the column day; none of `days` where all is in whole months. Every row has a day, all
    that cells are told apart by (0 or '' where these rows do not tell it) and the measures. What is to be added is of all days.
    """
    outline = next((outline for outline, told in OUTLINES.items() if columns <= {*told}), None)
    parts = []
    for by_month, condition in ((True, months), (False, " OR ".join(days))):
        if not condition:
            continue
        if outline and (by_month or _is_by_day(outline)):
            who = ", ".join("false AS superseded" if name == "superseded" else name for name in _WHO)
            rows = f"recontact_costoutline WHERE outline = {outline:d} AND {'' if by_month else 'NOT '}by_month AND"
        else:
            who, rows = ", ".join(_WHO), f"{'recontact_costmonth' if by_month else 'recontact_costcell'} WHERE"
        parts.append(f"SELECT day, {who}, {', '.join(MEASURES)} FROM {rows} ({condition})")  # noqa: S608
    parts.append(f"SELECT {_DAY}, {', '.join(_WHO)}, {', '.join(MEASURES)} FROM recontact_costchange")  # noqa: S608
    return f"({' UNION ALL '.join(parts)})"


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
        "the costs of a month are those of its messages": _different([_MONTH, *_WHO], _MONTHS).replace(
            "%(zone)s", quoted
        ),
        "the costs of an hour are those of its messages": _different(_SLOT, SLOTS),
        "the costs in outline are those of the messages": _outline_differs().replace("%(zone)s", quoted),
        "a message carries the provider's price of its entry": f"""
            SELECT m.id, coalesce(m.reported::text, 'none') FROM recontact_message m LEFT JOIN LATERAL ({CARRIED}) c ON true
            WHERE (m.reported, m.reported_currency) IS DISTINCT FROM (c.amount, coalesce(c.currency, ''))""",  # noqa: S608
    }


def _outline_differs() -> str:
    """SQL: (0, what) for each row of an outline that is not what the messages, less what is to be added, come to."""
    keys, measures = ", ".join(_OUTLINED), ", ".join(MEASURES)
    mine = f"SELECT {keys}, {', '.join(f'-{name}' for name in MEASURES)} FROM recontact_costoutline"  # noqa: S608
    what = " || ' ' || ".join(f"{name}::text" for name in _OUTLINED)
    return f"""SELECT 0, {what} FROM (SELECT {keys}, {measures} FROM {_outlined(_SETTLED)} o UNION ALL {mine}) d
               GROUP BY {keys} HAVING NOT ({NOTHING})"""  # noqa: S608
