"""How the database itself notes what a message's fate changes in the sums of costs: no way to move a message can forget it.

What a message counts in each sum follows from its own row alone. So a statement that changes messages appends the difference,
added up by cell, in its own transaction: no lock and no read, whatever the order of events, and nothing is lost in a crash.
"""

from __future__ import annotations

import pgtrigger

from recontact.models.budget_triggers import cost_class

#: Amounts are kept in millionths: whole numbers, because prices have six decimals.
MILLION = 1_000_000

#: What the sums are told apart by. Empty is 0 or '', so that equal cells are equal.
DIMENSIONS = (
    *("slot", "account_id", "sender_number_id", "market", "category", "campaign_id", "team_id", "agent_id"),
    *("currency", "reported_currency", "superseded"),
)
#: All that a message's counts and costs depend on: name -> SQL on its row m. Messages that are alike in it are taken together.
_FACTS = {
    # Every zone's days and hours begin at such a quarter of an hour.
    "slot": "date_bin('15 minutes', m.created_at, 'epoch')",
    "account_id": "m.account_id",
    "sender_number_id": "m.sender_number_id",
    "market": "m.market",
    "category": "m.category",
    "campaign_id": "coalesce(m.campaign_id, 0)",
    "team_id": "coalesce(m.team_id, 0)",
    "agent_id": "coalesce(m.created_by_id, 0)",
    "currency": "m.currency",
    "reported_currency": "m.reported_currency",
    "superseded": "m.superseded",
    "state": "m.state",
    "billed": "m.billed",
    "estimate": "m.estimate",
    "reported": "m.reported",
    "answered": "m.answered_at IS NOT NULL",
}
#: Where the message stands: it counts in exactly one of these. Delivered are those not read yet.
FATES: dict[str, tuple[str, ...]] = {
    "waiting": ("queued", "sending"),
    "uncertain": ("uncertain",),
    "on_its_way": ("accepted", "sent"),
    "delivered": ("delivered",),
    "read": ("read",),
    "failed": ("failed",),
    "not_sent": ("rejected", "skipped", "cancelled", "expired"),
}


def _fate(row: str, *names: str) -> str:
    """SQL: whether the message has one of these fates."""
    states = ", ".join(f"'{state}'" for name in names for state in FATES[name])
    return f"({row}.state IN ({states}))"


def _estimate(condition: str) -> str:
    """SQL: the estimate where the condition holds, in millionths."""
    return f"CASE WHEN {condition} THEN coalesce(f.estimate * {MILLION}, 0)::bigint ELSE 0 END"


_CHARGED, _FREE = (f"{cost_class('f')} = '{name}'" for name in ("charged", "free"))
#: What a message with the facts f counts as.
_COUNTS = {
    **{name: f"{_fate('f', name)}::int" for name in FATES},
    "answered": "f.answered::int",
    "priced": "(f.reported IS NOT NULL)::int",
}
#: What it costs. Its estimate is in exactly one of the first five, unless it never left: `ahead` is not sent yet, `awaiting`
#: is sent and not decided, `uncharged` is sent and free (failed, or told to be free), `unreported` is charged without a price
#: of the provider, `confirmed` is charged with one; `reported` is that price.
_AMOUNTS = {
    "ahead": _estimate(_fate("f", "waiting", "uncertain")),
    "awaiting": _estimate(_fate("f", "on_its_way")),
    "uncharged": _estimate(f"{_fate('f', 'delivered', 'read', 'failed')} AND {_FREE}"),
    "unreported": _estimate(f"{_CHARGED} AND f.reported IS NULL"),
    "confirmed": _estimate(f"{_CHARGED} AND f.reported IS NOT NULL"),
    "reported": f"coalesce(f.reported * {MILLION}, 0)::bigint",
}
AMOUNTS = tuple(_AMOUNTS)
MEASURES = (*_COUNTS, *_AMOUNTS)
COLUMNS = ", ".join((*DIMENSIONS, *MEASURES))
NOTHING = " AND ".join(f"sum({name}) = 0" for name in MEASURES)


def alike(source: str) -> str:
    """SQL: the facts of the messages in `source`, and how many (n) are alike in them."""
    facts = ", ".join(f"{sql} AS {name}" for name, sql in _FACTS.items())
    places = ", ".join(str(place + 1) for place in range(len(_FACTS)))
    return f"SELECT {facts}, count(*) AS n FROM {source} m GROUP BY {places}"  # noqa: S608 -- only our own names go in


def contributions(source: str) -> str:
    """SQL: what each of these facts (called f, n times) adds to which sum."""
    measures = ", ".join(f"f.n * ({sql}) AS {name}" for name, sql in (_COUNTS | _AMOUNTS).items())
    return f"SELECT {', '.join(f'f.{name}' for name in DIMENSIONS)}, {measures} FROM {source}"  # noqa: S608


def summed() -> str:
    """SQL: each measure added up, under its name."""
    return ", ".join(f"sum({name}) AS {name}" for name in MEASURES)


def _note(source: str) -> str:
    """SQL: append what these facts add up to by cell, unless it is nothing."""
    by = ", ".join(DIMENSIONS)
    return f"""INSERT INTO recontact_costchange ({COLUMNS})
               SELECT {by}, {summed()} FROM ({contributions(source)}) c GROUP BY {by} HAVING NOT ({NOTHING})"""  # noqa: S608


def _inputs(row: str) -> str:
    """SQL: all that the sums depend on. Claims, and accepted messages that were sent, change nothing of it."""
    fate = " ".join(f"WHEN {_fate(row, name)} THEN {place}" for place, name in enumerate(FATES))
    columns = (
        *("billed", "estimate", "currency", "reported", "reported_currency", "superseded", "answered_at", "created_at"),
        *("market", "category", "campaign_id", "team_id", "created_by_id"),
    )
    return f"(CASE {fate} END, {', '.join(f'{row}.{column}' for column in columns)})"


def _moved() -> str:
    """SQL: the facts of what moved, as it was (n is negative) and as it is.

    FULL, because that is never joined row by row: the plan is kept from one call to the next, and the first may have been of
    one row.
    """
    both = [
        f"{sql.replace('m.', f'{row}.')} AS {row}_{name}" for row in ("was", "now_is") for name, sql in _FACTS.items()
    ]
    places = ", ".join(str(place + 1) for place in range(len(both)))
    values = ", ".join(
        f"({', '.join(f'g.{row}_{name}' for name in _FACTS)}, {sign}g.n)"
        for row, sign in (("was", "-"), ("now_is", ""))
    )
    return f"""(SELECT {", ".join(both)}, count(*) AS n FROM gone was FULL JOIN made now_is ON now_is.id = was.id
                WHERE {_inputs("was")} IS DISTINCT FROM {_inputs("now_is")} GROUP BY {places}) g
               CROSS JOIN LATERAL (VALUES {values}) AS f ({", ".join(_FACTS)}, n)"""  # noqa: S608


#: New messages; and the try that each of them follows, which counts as superseded from now on.
counted_at_birth = pgtrigger.Trigger(
    name="cost_message_queued",
    operation=pgtrigger.Insert,
    when=pgtrigger.After,
    level=pgtrigger.Statement,
    referencing=pgtrigger.Referencing(new="made"),  # type: ignore[no-untyped-call]
    declare=[("earlier", "bigint[]")],
    func=f"""
        {_note(f"({alike('made')}) f")};
        earlier := ARRAY(SELECT retry_of_id FROM made WHERE retry_of_id IS NOT NULL);
        IF cardinality(earlier) > 0 THEN
            UPDATE recontact_message SET superseded = true WHERE id = ANY(earlier) AND NOT superseded;
        END IF;
        RETURN NULL;
    """,  # noqa: S608 -- only our own names go in
)

#: Whatever moved.
counted_again = pgtrigger.Trigger(
    name="cost_message_moved",
    operation=pgtrigger.Update,
    when=pgtrigger.After,
    level=pgtrigger.Statement,
    referencing=pgtrigger.Referencing(old="gone", new="made"),  # type: ignore[no-untyped-call]
    func=f"""
        {_note(_moved())};
        RETURN NULL;
    """,
)

#: The provider's price stands in the message too, whoever appends it, or what it takes for one that failed, for as long as it
#: counts as failed; where that was written with it, nothing is left to do.
price_carried = pgtrigger.Trigger(
    name="cost_price_reported",
    operation=pgtrigger.Insert,
    when=pgtrigger.After,
    level=pgtrigger.Statement,
    referencing=pgtrigger.Referencing(new="made"),  # type: ignore[no-untyped-call]
    declare=[("told", "bigint[]")],
    func="""
        told := ARRAY(SELECT message_id FROM made WHERE kind IN ('report', 'failed'));
        IF cardinality(told) > 0 THEN
            UPDATE recontact_message m SET reported = c.amount, reported_currency = c.currency
            FROM recontact_costentry c
            WHERE m.id = ANY(told) AND c.message_id = m.id
              AND (c.kind = 'report' OR (c.kind = 'failed' AND m.state = 'failed' AND m.reported IS NULL))
              AND (m.reported, m.reported_currency) IS DISTINCT FROM (c.amount, c.currency);
        END IF;
        RETURN NULL;
    """,
)

#: One that arrived after all costs no fee for a failure: what the provider told since counts, or else the estimate.
fee_withdrawn = pgtrigger.Trigger(
    name="cost_fee_withdrawn",
    operation=pgtrigger.UpdateOf("state"),  # type: ignore[no-untyped-call]
    when=pgtrigger.Before,
    condition=pgtrigger.Condition(
        "OLD.state = 'failed' AND NEW.state IN ('delivered', 'read') AND OLD.reported IS NOT NULL"
    ),
    declare=[("told", "record")],
    func="""
        SELECT c.amount, c.currency INTO told FROM recontact_costentry c WHERE c.message_id = NEW.id AND c.kind = 'report';
        NEW.reported := told.amount;
        NEW.reported_currency := coalesce(told.currency, '');
        RETURN NEW;
    """,
)

#: SQL: the entry whose amount the message m carries; no row without one.
CARRIED = """SELECT e.amount, e.currency FROM recontact_costentry e
             WHERE e.message_id = m.id AND (e.kind = 'report' OR (e.kind = 'failed' AND m.state = 'failed'))
             ORDER BY e.kind = 'report' DESC LIMIT 1"""
