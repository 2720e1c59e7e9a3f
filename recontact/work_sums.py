"""The sums of agents' work: kept up behind their backs, rebuilt from the rows, and proven to be theirs.

As with the costs (recontact.costs.rollup): triggers note each change in the transaction that makes it, and here the notes are
taken away and added in one transaction. Sums and notes together are always what the rows are now.
"""

from __future__ import annotations

from django.db import connection, transaction

from recontact.adding_up import changes_add, zone
from recontact.advisory_locks import AdvisoryLock
from recontact.models.work_triggers import COLUMNS, MEASURES, of_query, of_recontact

_NAMES = ", ".join(MEASURES)
_SUMMED = ", ".join(f"sum({name}) AS {name}" for name in MEASURES)
_NOTHING = " AND ".join(f"sum({name}) = 0" for name in MEASURES)
_DAY = "(at AT TIME ZONE %(zone)s)::date"


def _store(source: str) -> str:
    """SQL: add the rows of `source` (called c) to the days."""
    added = ", ".join(f"{name} = s.{name} + EXCLUDED.{name}" for name in MEASURES)
    return f"""
        INSERT INTO recontact_workday AS s (day, team_id, agent_id, {_NAMES})
        SELECT {_DAY}, team_id, agent_id, {_SUMMED} FROM {source} c GROUP BY 1, 2, 3 HAVING NOT ({_NOTHING})
        ON CONFLICT (day, team_id, agent_id) DO UPDATE SET {added}"""  # noqa: S608 -- only our own names go in


_ADD = f"""
    WITH taken_away AS (
        DELETE FROM recontact_workchange
        WHERE id = ANY(ARRAY(SELECT id FROM recontact_workchange ORDER BY id LIMIT %(most)s)) RETURNING {COLUMNS}),
    added AS ({_store("taken_away")})
    SELECT count(*) FROM taken_away
"""  # noqa: S608
#: What the queries and recontacts come to.
ROWS = f"""
    {of_query("q", "FROM recontact_query q")}
    UNION ALL {of_recontact("r", "m", "FROM recontact_recontact r JOIN recontact_message m ON m.id = r.message_id")}"""
_SETTLED = f"""(SELECT * FROM ({ROWS}) AS w ({COLUMNS})
    UNION ALL SELECT at, team_id, agent_id, {", ".join(f"-{name}" for name in MEASURES)} FROM recontact_workchange)"""  # noqa: S608
#: The rows that reports are summed from: the days, and what is to be added to them (%(zone)s is the portal's zone).
DAYS = f"""(
    SELECT day, team_id, agent_id, {_NAMES} FROM recontact_workday
    UNION ALL SELECT {_DAY}, team_id, agent_id, {_NAMES} FROM recontact_workchange)"""  # noqa: S608


def work_add_up() -> int:
    """Add what was noted to the sums. Returns how many notes; none while somebody else does it. Safe at any time."""
    return changes_add(AdvisoryLock.WORK, _ADD)


@transaction.atomic
def work_rebuild() -> int:
    """Build all sums anew from the queries and recontacts, while work goes on. Returns how many days of agents there are."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [AdvisoryLock.WORK])
        cursor.execute("DELETE FROM recontact_workday")
        cursor.execute(_store(_SETTLED), {"zone": zone()})
        return int(cursor.rowcount)


def checks() -> dict[str, str]:
    """The part of the books that holds the sums against the rows (recontact.books)."""
    quoted = "'" + zone().replace("'", "''") + "'"
    mine = f"SELECT day, team_id, agent_id, {', '.join(f'-{name}' for name in MEASURES)} FROM {DAYS} d"  # noqa: S608
    return {
        "the work of a day is that of its queries and recontacts": f"""
            SELECT 0, day || ' ' || team_id || ' ' || agent_id FROM (
                SELECT {_DAY} AS day, team_id, agent_id, {_NAMES} FROM ({ROWS}) AS w ({COLUMNS}) UNION ALL {mine}) s
            GROUP BY day, team_id, agent_id HAVING NOT ({_NOTHING})""".replace("%(zone)s", quoted),  # noqa: S608
    }
