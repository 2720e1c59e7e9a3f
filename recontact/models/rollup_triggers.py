"""How the database itself notes what a message's fate changes in the sums of costs: no way to move a message can forget it.

What a message counts in each sum follows from its own row alone. So a statement that changes messages appends the difference,
added up by cell, in its own transaction: no lock and no read, whatever the order of events, and nothing is lost in a crash.
"""

from __future__ import annotations

import pgtrigger

from recontact.models.budget_triggers import cost_class

#: What a change is told apart by: column -> SQL on the message's row. Empty is 0 or '', so that equal cells are equal.
DIMENSIONS: dict[str, str] = {
    # Every zone's days and hours begin at such a quarter of an hour.
    "slot": "date_bin('15 minutes', {row}.created_at, 'epoch')",
    "account_id": "{row}.account_id",
    "sender_number_id": "{row}.sender_number_id",
    "market": "{row}.market",
    "category": "{row}.category",
    "campaign_id": "coalesce({row}.campaign_id, 0)",
    "team_id": "coalesce({row}.team_id, 0)",
    "agent_id": "coalesce({row}.created_by_id, 0)",
    "currency": "{row}.currency",
    "reported_currency": "{row}.reported_currency",
    "superseded": "{row}.superseded",
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


def _estimate(row: str, condition: str) -> str:
    """SQL: its estimate where the condition holds, in its currency."""
    return f"CASE WHEN {condition} THEN coalesce({row}.estimate, 0) ELSE 0 END"


def counts(row: str) -> dict[str, str]:
    """What the message `row` counts as: name -> SQL."""
    return {
        **{name: f"{_fate(row, name)}::int" for name in FATES},
        "answered": f"({row}.answered_at IS NOT NULL)::int",
        "priced": f"({row}.reported IS NOT NULL)::int",
    }


def amounts(row: str) -> dict[str, str]:
    """What the message `row` costs: name -> SQL. Its estimate is in exactly one of the first five, unless it never left.

    `ahead` is not sent yet, `awaiting` is sent and not decided, `uncharged` is sent and free (failed, or told to be free),
    `unreported` is charged without a price of the provider, `confirmed` is charged with one; `reported` is that price.
    """
    charged, sent = f"{cost_class(row)} = 'charged'", _fate(row, "delivered", "read", "failed")
    return {
        "ahead": _estimate(row, _fate(row, "waiting", "uncertain")),
        "awaiting": _estimate(row, _fate(row, "on_its_way")),
        "uncharged": _estimate(row, f"{sent} AND {cost_class(row)} = 'free'"),
        "unreported": _estimate(row, f"{charged} AND {row}.reported IS NULL"),
        "confirmed": _estimate(row, f"{charged} AND {row}.reported IS NOT NULL"),
        "reported": f"coalesce({row}.reported, 0)",
    }


COUNTS = tuple(counts("m"))
AMOUNTS = tuple(amounts("m"))
MEASURES = (*COUNTS, *AMOUNTS)
COLUMNS = ", ".join((*DIMENSIONS, *MEASURES))


def dimensions(row: str) -> list[str]:
    """SQL: what the message `row` is told apart by, in the order of `DIMENSIONS`."""
    return [sql.format(row=row) for sql in DIMENSIONS.values()]


def measures(row: str) -> list[str]:
    """SQL: what the message `row` counts, in the order of `MEASURES`."""
    return [*counts(row).values(), *amounts(row).values()]


def summed(sign: str = "") -> str:
    """SQL: each measure added up, under its name."""
    return ", ".join(f"sum({sign}{name}) AS {name}" for name in MEASURES)


def contributions(row: str) -> str:
    """SQL: the select list of what the message `row` is told apart by and counts."""
    pairs = zip((*DIMENSIONS, *MEASURES), (*dimensions(row), *measures(row)), strict=True)
    return ", ".join(f"{sql} AS {name}" for name, sql in pairs)


_NOTE = f"INSERT INTO recontact_costchange ({COLUMNS})"
_BY_CELL = f"GROUP BY {', '.join(DIMENSIONS)} HAVING {' OR '.join(f'sum({name}) <> 0' for name in MEASURES)}"


def _inputs(row: str) -> str:
    """SQL: all that the sums depend on. Claims and accepted messages that were sent change nothing of it."""
    fate = " ".join(f"WHEN {_fate(row, name)} THEN {place}" for place, name in enumerate(FATES))
    columns = (
        *("billed", "estimate", "currency", "reported", "reported_currency", "superseded", "answered_at", "created_at"),
        *("market", "category", "campaign_id", "team_id", "created_by_id"),
    )
    return f"(CASE {fate} END, {', '.join(f'{row}.{column}' for column in columns)})"


def _difference() -> str:
    """SQL: a VALUES row for what the message was, negative, and one for what it is."""
    was = [*dimensions("was"), *(f"-({sql})" for sql in measures("was"))]
    now_is = [*dimensions("now_is"), *measures("now_is")]
    return f"(VALUES ({', '.join(was)}), ({', '.join(now_is)})) AS d ({COLUMNS})"


#: New messages; and the try that each of them follows, which counts as superseded from now on.
counted_at_birth = pgtrigger.Trigger(
    name="cost_message_queued",
    operation=pgtrigger.Insert,
    when=pgtrigger.After,
    level=pgtrigger.Statement,
    referencing=pgtrigger.Referencing(new="made"),  # type: ignore[no-untyped-call]
    declare=[("earlier", "bigint[]")],
    func=f"""
        {_NOTE} SELECT {", ".join(DIMENSIONS)}, {summed()} FROM (SELECT {contributions("m")} FROM made m) c {_BY_CELL};
        earlier := ARRAY(SELECT retry_of_id FROM made WHERE retry_of_id IS NOT NULL);
        IF cardinality(earlier) > 0 THEN
            UPDATE recontact_message SET superseded = true WHERE id = ANY(earlier) AND NOT superseded;
        END IF;
        RETURN NULL;
    """,  # noqa: S608 -- only our own names go in
)

#: Whatever moved. FULL, because that is never joined row by row: the plan is kept from one call to the next, and the first may
#: have been of one row.
counted_again = pgtrigger.Trigger(
    name="cost_message_moved",
    operation=pgtrigger.Update,
    when=pgtrigger.After,
    level=pgtrigger.Statement,
    referencing=pgtrigger.Referencing(old="gone", new="made"),  # type: ignore[no-untyped-call]
    func=f"""
        {_NOTE} SELECT {", ".join(DIMENSIONS)}, {summed()}
        FROM (SELECT d.* FROM gone was FULL JOIN made now_is ON now_is.id = was.id CROSS JOIN LATERAL {_difference()}
              WHERE {_inputs("was")} IS DISTINCT FROM {_inputs("now_is")}) c {_BY_CELL};
        RETURN NULL;
    """,  # noqa: S608 -- only our own names go in
)

#: The provider's price stands in the message too, whoever appends it; where that was written with it, nothing is left to do.
price_carried = pgtrigger.Trigger(
    name="cost_price_reported",
    operation=pgtrigger.Insert,
    when=pgtrigger.After,
    level=pgtrigger.Statement,
    referencing=pgtrigger.Referencing(new="made"),  # type: ignore[no-untyped-call]
    declare=[("told", "bigint[]")],
    func="""
        told := ARRAY(SELECT message_id FROM made WHERE kind = 'report');
        IF cardinality(told) > 0 THEN
            UPDATE recontact_message m SET reported = c.amount, reported_currency = c.currency
            FROM recontact_costentry c
            WHERE m.id = ANY(told) AND m.reported IS NULL AND c.message_id = m.id AND c.kind = 'report';
        END IF;
        RETURN NULL;
    """,
)
