"""How the database itself notes the work of agents: what was taken, answered, resolved and recontacted, when, and by whom.

What a query or a recontact counts follows from its own row (and its message's) alone. So whatever changes it appends the
difference, in its own transaction, without a lock: nothing is forgotten, and the sums can be built anew from the rows.
"""

from __future__ import annotations

import pgtrigger

MEASURES = ("taken", "answers", "answer_seconds", "resolved", "resolution_seconds", "recontacts", "recontacts_answered")
COLUMNS = ", ".join(("at", "team_id", "agent_id", *MEASURES))


def _counted(at: str, team: str, agent: str, sign: int, **counts: str) -> str:
    """SQL: one contribution."""
    values = ", ".join(f"({sign} * {counts[name]})::bigint" if name in counts else "0::bigint" for name in MEASURES)
    return f"SELECT {at}, coalesce({team}, 0)::bigint, coalesce({agent}, 0)::bigint, {values}"


def of_query(row: str, source: str = "", sign: int = 1) -> str:
    """SQL: what a query counts: taken for who has it now, its first answer for who gave it, resolved for who had it then.

    Queries that end by a merge were resolved by nobody.
    """
    team, agent = f"{row}.team_id", f"{row}.assigned_to_id"
    taken = _counted(f"{row}.taken_at", team, agent, sign, taken="1")
    answered = _counted(
        f"{row}.first_answer_at",
        team,
        f"{row}.first_answer_by_id",
        sign,
        answers="1",
        answer_seconds=f"{row}.first_answer_seconds",
    )
    took = f"greatest(extract(epoch FROM {row}.resolved_at - {row}.created_at), 0)"
    resolved = _counted(f"{row}.resolved_at", team, agent, sign, resolved="1", resolution_seconds=took)
    return f"""{taken} {source} WHERE {row}.taken_at IS NOT NULL
        UNION ALL {answered} {source} WHERE {row}.first_answer_at IS NOT NULL
        UNION ALL {resolved} {source} WHERE {row}.state = 'resolved' AND {row}.resolved_at IS NOT NULL
            AND {row}.resolution <> 'merged'"""


def of_recontact(recontact: str, message: str, source: str, sign: int = 1) -> str:
    """SQL: what a recontact that was not given back counts, for who asked for it and the team of then."""
    counted = _counted(
        f"{recontact}.reserved_at",
        f"{message}.team_id",
        f"{recontact}.reserved_by_id",
        sign,
        recontacts="1",
        recontacts_answered=f"({message}.answered_at IS NOT NULL)::int",
    )
    return f"{counted} {source} WHERE {recontact}.state <> 'released'"


def _note(contributions: str) -> str:
    """SQL: append what these add up to, unless it is nothing."""
    sums = ", ".join(f"sum({name})" for name in MEASURES)
    nothing = " AND ".join(f"sum({name}) = 0" for name in MEASURES)
    return f"""INSERT INTO recontact_workchange ({COLUMNS})
        SELECT at, team_id, agent_id, {sums} FROM ({contributions}) AS c ({COLUMNS})
        GROUP BY at, team_id, agent_id HAVING NOT ({nothing});
        RETURN NULL;"""  # noqa: S608 -- only our own names go in


_FACTS = (
    *("taken_at", "team_id", "assigned_to_id", "first_answer_at", "first_answer_by_id", "first_answer_seconds"),
    *("state", "resolved_at", "resolution"),
)

query_counted = pgtrigger.Trigger(
    name="work_query_made",
    operation=pgtrigger.Insert,
    when=pgtrigger.After,
    condition=pgtrigger.Condition(
        "NEW.taken_at IS NOT NULL OR NEW.resolved_at IS NOT NULL OR NEW.first_answer_at IS NOT NULL"
    ),
    func=_note(of_query("NEW")),
)
query_counted_again = pgtrigger.Trigger(
    name="work_query_moved",
    operation=pgtrigger.Update,
    when=pgtrigger.After,
    condition=pgtrigger.Condition(
        f"(({', '.join(f'OLD.{name}' for name in _FACTS)}) IS DISTINCT FROM ({', '.join(f'NEW.{name}' for name in _FACTS)}))"
    ),
    func=_note(f"{of_query('OLD', sign=-1)} UNION ALL {of_query('NEW')}"),
)
_MESSAGE = "FROM recontact_message m"
recontact_counted = pgtrigger.Trigger(
    name="work_recontact_made",
    operation=pgtrigger.Insert,
    when=pgtrigger.After,
    func=_note(f"{of_recontact('NEW', 'm', _MESSAGE)} AND m.id = NEW.message_id"),
)
recontact_counted_again = pgtrigger.Trigger(
    name="work_recontact_moved",
    operation=pgtrigger.UpdateOf("state"),  # type: ignore[no-untyped-call]
    when=pgtrigger.After,
    condition=pgtrigger.Condition("((OLD.state = 'released') <> (NEW.state = 'released'))"),
    func=_note(
        f"""{of_recontact("OLD", "m", _MESSAGE, -1)} AND m.id = NEW.message_id
            UNION ALL {of_recontact("NEW", "m", _MESSAGE)} AND m.id = NEW.message_id"""
    ),
)
_RECONTACT = "FROM recontact_recontact r"
message_answered = pgtrigger.Trigger(
    name="work_message_answered",
    operation=pgtrigger.UpdateOf("answered_at"),  # type: ignore[no-untyped-call]
    when=pgtrigger.After,
    condition=pgtrigger.Condition("((OLD.answered_at IS NULL) <> (NEW.answered_at IS NULL))"),
    func=_note(
        f"""{of_recontact("r", "OLD", _RECONTACT, -1)} AND r.message_id = NEW.id
            UNION ALL {of_recontact("r", "NEW", _RECONTACT)} AND r.message_id = NEW.id"""
    ),
)
