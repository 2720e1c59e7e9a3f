"""The books: recomputed from the rows and compared with what the rows say (I8). Used by `check_ledger` and the tests."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.db import connection

from recontact import work_sums
from recontact.budgets import counting
from recontact.costs import rollup
from recontact.reconciliation import proof


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that does not agree: which check, which row, and what is wrong with it."""

    check: str
    row_id: int
    found: str


#: name -> SQL that yields (row id, what was found) for every row that breaks the rule. Empty results are proof.
CHECKS: dict[str, str] = {
    "a query has at most one standing recontact": """
        SELECT query_id, count(*)::text FROM recontact_recontact WHERE state <> 'released'
        GROUP BY query_id HAVING count(*) > 1""",
    "a recontact's message is of its query": """
        SELECT r.id, 'message ' || m.id FROM recontact_recontact r JOIN recontact_message m ON m.id = r.message_id
        WHERE m.query_id IS DISTINCT FROM r.query_id""",
    "a recontact stands as its message does": """
        SELECT r.id, r.state || ' / ' || m.state FROM recontact_recontact r JOIN recontact_message m ON m.id = r.message_id
        WHERE r.state <> CASE
            WHEN m.state IN ('rejected', 'cancelled', 'expired', 'skipped') THEN 'released'
            WHEN m.state IN ('accepted', 'sent', 'delivered', 'read', 'failed') THEN 'spent'
            ELSE 'reserved' END
          AND NOT (r.state = 'released' AND r.released_by_id IS NOT NULL AND (m.state = 'failed' OR EXISTS (
            SELECT 1 FROM recontact_incident i WHERE i.message_id = m.id AND i.kind = 'proof_unsent')))""",
    "an HSM of a query is its opening or its recontact": """
        SELECT m.id, 'query ' || m.query_id FROM recontact_message m
        WHERE m.kind = 'template' AND m.query_id IS NOT NULL
          AND NOT EXISTS (SELECT 1 FROM recontact_recontact r WHERE r.message_id = m.id)
          AND (m.origin IN ('ticket', 'bulk') OR EXISTS (SELECT 1 FROM recontact_message o
               WHERE o.query_id = m.query_id AND o.kind = 'template' AND o.id < m.id))""",
    "a message has as many attempts as it says": """
        SELECT m.id, m.attempt_number || ' / ' || count(a.id) FROM recontact_message m
        LEFT JOIN recontact_attempt a ON a.message_id = m.id GROUP BY m.id HAVING m.attempt_number <> count(a.id)""",
    "at most one attempt of a message was accepted": """
        SELECT message_id, count(*)::text FROM recontact_attempt WHERE outcome = 'accepted'
        GROUP BY message_id HAVING count(*) > 1""",
    "no attempt follows one that may have been sent": """
        SELECT a.message_id, 'attempt ' || a.number FROM recontact_attempt a WHERE EXISTS (
            SELECT 1 FROM recontact_attempt b WHERE b.message_id = a.message_id AND b.number < a.number
            AND b.outcome IN ('accepted', 'uncertain', 'lost'))""",
    "an event has moved its message at least as far": """
        SELECT e.id, e.status || ' / ' || m.state FROM recontact_messageevent e
        JOIN recontact_message m ON m.id = e.message_id
        WHERE e.effect = 'moved' AND CASE e.status
            WHEN 'read' THEN m.state <> 'read'
            WHEN 'delivered' THEN m.state NOT IN ('delivered', 'read')
            WHEN 'failed' THEN m.state NOT IN ('failed', 'delivered', 'read')
            WHEN 'sent' THEN m.state NOT IN ('sent', 'delivered', 'read', 'failed')
            ELSE m.state NOT IN ('accepted', 'sent', 'delivered', 'read', 'failed') END""",
    "every message carries the estimate it was queued with": """
        SELECT m.id, coalesce(m.estimate::text, 'none') FROM recontact_message m WHERE NOT EXISTS (
            SELECT 1 FROM recontact_costentry c WHERE c.message_id = m.id AND c.kind = 'estimate'
            AND c.amount = m.estimate AND c.currency = m.currency)""",
    "nothing undelivered is reported as charged": """
        SELECT c.message_id, c.amount::text FROM recontact_costentry c JOIN recontact_message m ON m.id = c.message_id
        WHERE c.kind = 'report' AND c.amount > 0 AND m.state NOT IN ('delivered', 'read')""",
    "a retry follows what has ended, so at most one of its chain is alive": """
        SELECT m.id, 'retry of ' || m.retry_of_id || ', ' || o.state FROM recontact_message m
        JOIN recontact_message o ON o.id = m.retry_of_id
        WHERE o.state NOT IN ('failed', 'rejected', 'expired', 'delivered', 'read')
          AND (o.state <> 'cancelled' OR o.reason <> 'renewed')""",
    "the tries of a chain are counted": """
        SELECT m.id, m.try_number || ' after ' || o.try_number FROM recontact_message m
        JOIN recontact_message o ON o.id = m.retry_of_id WHERE m.try_number <> o.try_number + 1""",
    "a message of a campaign to phones is one recipient's": """
        SELECT m.id, 'campaign ' || m.campaign_id FROM recontact_message m
        JOIN recontact_campaign c ON c.id = m.campaign_id AND c.source <> 'queries'
        WHERE m.retry_of_id IS NULL AND NOT EXISTS (SELECT 1 FROM recontact_campaignrecipient r
              WHERE r.message_id = m.id AND r.campaign_id = m.campaign_id AND r.outcome IN ('ready', 'corrected'))""",
    "a recipient has a message or a reason, not both": """
        SELECT r.id, r.outcome || ' ' || r.dropped FROM recontact_campaignrecipient r
        LEFT JOIN recontact_message m ON m.id = r.message_id
        WHERE r.message_id IS NOT NULL
          AND (r.dropped <> '' OR r.outcome NOT IN ('ready', 'corrected') OR m.campaign_id IS DISTINCT FROM r.campaign_id
               OR m.retry_of_id IS NOT NULL)""",
    "everybody in a completed campaign had his turn": """
        SELECT r.id, 'campaign ' || r.campaign_id FROM recontact_campaign c
        JOIN recontact_campaignrecipient r ON r.campaign_id = c.id
        WHERE c.state = 'completed' AND r.outcome IN ('ready', 'corrected') AND r.message_id IS NULL AND r.dropped = ''""",
    "nothing of a completed campaign is queued": """
        SELECT m.id, 'campaign ' || m.campaign_id || ' ' || c.state FROM recontact_message m
        JOIN recontact_campaign c ON c.id = m.campaign_id
        WHERE m.state = 'queued' AND c.state = 'completed'""",
    "nothing of a cancelled campaign stays queued": """
        SELECT m.id, 'campaign ' || m.campaign_id FROM recontact_message m JOIN recontact_campaign c ON c.id = m.campaign_id
        WHERE m.state = 'queued' AND c.state = 'cancelled' AND c.completed_at < clock_timestamp() - interval '15 minutes'""",
    "one open query per customer and number": """
        SELECT min(id), count(*)::text FROM recontact_query WHERE state <> 'resolved'
        GROUP BY customer_id, sender_number_id HAVING count(*) > 1""",
    **counting.CHECKS,
}


def checks() -> dict[str, str]:
    """All checks by name, each an SQL query of (row id, what was found) for every difference."""
    return {**CHECKS, **rollup.checks(), **work_sums.checks(), **proof.CHECKS}


def differences() -> Iterator[Difference]:
    """Everything that does not agree; nothing at all when the books are right."""
    with connection.cursor() as cursor:
        for name, sql in checks().items():
            cursor.execute(sql)
            for row_id, found in cursor.fetchall():
                yield Difference(name, row_id, str(found))


_BALANCE = """
    SELECT count(*) AS planned, count(*) FILTER (WHERE state = 'queued'), count(*) FILTER (WHERE state = 'sending'),
           count(*) FILTER (WHERE state = 'accepted'), count(*) FILTER (WHERE state = 'sent'),
           count(*) FILTER (WHERE state = 'delivered'), count(*) FILTER (WHERE state = 'read'),
           count(*) FILTER (WHERE state = 'failed'), count(*) FILTER (WHERE state = 'rejected'),
           count(*) FILTER (WHERE state = 'uncertain'), count(*) FILTER (WHERE state = 'skipped'),
           count(*) FILTER (WHERE state = 'cancelled'), count(*) FILTER (WHERE state = 'expired')
    FROM recontact_message m
    WHERE NOT EXISTS (SELECT 1 FROM recontact_message r WHERE r.retry_of_id = m.id)
      AND (%(campaign)s::bigint IS NULL OR m.campaign_id = %(campaign)s)
      AND (%(day)s::date IS NULL OR m.created_at::date = %(day)s)
"""
_NAMES = (
    "queued", "sending", "accepted", "sent", "delivered", "read", "failed",
    "rejected", "uncertain", "skipped", "cancelled", "expired",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Balance:
    """Planned messages and what became of them, from one query; a chain of retries counts once, by its last."""

    planned: int
    outcomes: dict[str, int]

    @property
    def holds(self) -> bool:
        return self.planned == sum(self.outcomes.values())


def balance(*, campaign_id: int | None = None, day: str | None = None) -> Balance:
    """The balance of a campaign, of a day (ISO date, UTC), or of everything."""
    with connection.cursor() as cursor:
        cursor.execute(_BALANCE, {"campaign": campaign_id, "day": day})
        planned, *counts = cursor.fetchone()
    return Balance(planned, dict(zip(_NAMES, counts, strict=True)))
