"""How the database itself notes what subscriptions are to be told, in the transaction of the fact, whatever wrote it.

A trigger per statement: without a subscription to the event it looks at one small table and is done; with one it inserts what
the whole statement changed, without a lock and without a look at other rows than it needs.
"""

from __future__ import annotations

import pgtrigger

#: What becomes of a query, by the kind of its QueryEvent.
_QUERY_KINDS = {
    "opened": "query.created",
    "taken": "query.assigned",
    "assigned": "query.assigned",
    "referred": "query.assigned",
    "returned": "query.assigned",
    "recontacted": "query.recontacted",
    "resolved": "query.resolved",
    "merged": "query.resolved",
    "reopened": "query.reopened",
}
_FACT = ("kind", "subject", "customer_id", "query_id", "message_id", "campaign_id", "actor_id", "inbound_id", "state")


def outgoing_note(facts: str, *kinds: str) -> str:
    """PL/pgSQL: note each of these facts for each subscription to its kind.

    `facts` is a SELECT of the columns of an OutgoingEvent that say what happened (those of none may be left out: give NULL by
    name), with `occurred_at` and `place`, by which they are told in order. `kinds` are all that it may yield.
    """
    listed = ", ".join(f"'{kind}'" for kind in kinds)
    columns = ", ".join(_FACT)
    return f"""
        IF EXISTS (SELECT FROM recontact_subscription s WHERE s.events && ARRAY[{listed}]::varchar[]) THEN
            INSERT INTO recontact_outgoingevent
                (uid, subscription_id, {columns}, occurred_at, created_at, standing, due_at, tries)
            SELECT gen_random_uuid(), s.id, {", ".join(f"f.{name}" for name in _FACT)}, f.occurred_at,
                clock_timestamp(), 'waiting', clock_timestamp(), 0
            FROM ({facts}) f JOIN recontact_subscription s ON f.kind = ANY (s.events)
            ORDER BY f.place;
        END IF;
        RETURN NULL;
    """  # noqa: S608 -- only our own names go in


_CASES = " ".join(f"WHEN '{name}' THEN '{kind}'" for name, kind in _QUERY_KINDS.items())

#: On QueryEvent.
query_told = pgtrigger.Trigger(
    name="outgoing_query_event",
    operation=pgtrigger.Insert,
    when=pgtrigger.After,
    level=pgtrigger.Statement,
    referencing=pgtrigger.Referencing(new="made"),  # type: ignore[no-untyped-call]
    func=outgoing_note(
        f"""
        SELECT CASE e.kind {_CASES} END AS kind, 'q' || e.query_id AS subject, q.customer_id, e.query_id,
            NULL::bigint AS message_id, q.campaign_id, e.actor_id, NULL::bigint AS inbound_id, '' AS state,
            e.at AS occurred_at, e.id AS place
        FROM made e JOIN recontact_query q ON q.id = e.query_id
        """,  # noqa: S608 -- only our own names go in
        *sorted(set(_QUERY_KINDS.values())),
    ),
)

#: On Message. FULL, because that is never joined row by row, whatever number of rows the plan was made for.
message_told = pgtrigger.Trigger(
    name="outgoing_message_moved",
    operation=pgtrigger.Update,
    when=pgtrigger.After,
    level=pgtrigger.Statement,
    referencing=pgtrigger.Referencing(old="gone", new="made"),  # type: ignore[no-untyped-call]
    func=outgoing_note(
        """
        SELECT 'message.state_changed' AS kind, 'm' || n.id AS subject, n.customer_id, n.query_id, n.id AS message_id,
            n.campaign_id, NULL::bigint AS actor_id, NULL::bigint AS inbound_id, n.state,
            clock_timestamp() AS occurred_at, n.id AS place
        FROM gone was FULL JOIN made n ON n.id = was.id
        WHERE was.state IS DISTINCT FROM n.state AND n.state NOT IN ('queued', 'sending')
        """,
        "message.state_changed",
    ),
)

#: On Campaign.
campaign_told = pgtrigger.Trigger(
    name="outgoing_campaign_ended",
    operation=pgtrigger.Update,
    when=pgtrigger.After,
    level=pgtrigger.Statement,
    referencing=pgtrigger.Referencing(old="gone", new="made"),  # type: ignore[no-untyped-call]
    func=outgoing_note(
        """
        SELECT 'campaign.finished' AS kind, 'c' || n.id AS subject, NULL::bigint AS customer_id, NULL::bigint AS query_id,
            NULL::bigint AS message_id, n.id AS campaign_id, NULL::bigint AS actor_id, NULL::bigint AS inbound_id, n.state,
            clock_timestamp() AS occurred_at, n.id AS place
        FROM gone was JOIN made n ON n.id = was.id
        WHERE was.state IS DISTINCT FROM n.state AND n.state IN ('completed', 'cancelled')
        """,
        "campaign.finished",
    ),
)

#: On the app above's table of what customers wrote: its row is the content, the query's customer is who wrote.
inbound_told = pgtrigger.Trigger(
    name="outgoing_customer_wrote",
    operation=pgtrigger.Insert,
    when=pgtrigger.After,
    level=pgtrigger.Statement,
    referencing=pgtrigger.Referencing(new="made"),  # type: ignore[no-untyped-call]
    func=outgoing_note(
        """
        SELECT 'query.answered' AS kind, 'q' || i.query_id AS subject, i.customer_id, i.query_id, NULL::bigint AS message_id,
            NULL::bigint AS campaign_id, NULL::bigint AS actor_id, i.id AS inbound_id, '' AS state, i.occurred_at, i.id AS place
        FROM made i
        """,
        "query.answered",
    ),
)
