"""Adding up: what became of messages moves their reservations and the periods' sums, in bulk, behind the sending.

The triggers note each change in the transaction that made it. Here the notes are taken away and added in one transaction,
so a crash adds each exactly once; until then a sum holds too much rather than too little.
"""

from __future__ import annotations

from decimal import Decimal

from django.db import connection, transaction

from recontact.budgets.alerts import alerts_note
from recontact.budgets.periods import periods_locked
from recontact.models import BudgetReservation, Campaign

_TAKE = """
    WITH taken AS (DELETE FROM recontact_budgetchange RETURNING campaign_id, message_id, currency, ahead, pending, spent)
    SELECT campaign_id, message_id, currency, sum(ahead), sum(pending), sum(spent) FROM taken GROUP BY 1, 2, 3
"""
_PERIODS = """
    SELECT DISTINCT period_id FROM recontact_budgetreservation WHERE message_id = ANY(%s::bigint[])
    UNION SELECT DISTINCT period_id FROM recontact_budgetreservation WHERE campaign_id = ANY(%s::bigint[])
"""
_ADD = """
    WITH v AS (
        SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::numeric[], %s::numeric[], %s::numeric[])
               AS v(campaign, message, currency, ahead, pending, spent)),
    moved AS (
        UPDATE recontact_budgetreservation r
        SET ahead = CASE WHEN r.closed_at IS NULL THEN r.ahead + v.ahead ELSE 0 END,
            pending = r.pending + v.pending, spent = r.spent + v.spent
        FROM v WHERE (r.message_id = v.message OR r.campaign_id = v.campaign) AND r.currency = v.currency
        RETURNING r.period_id, r.by_campaign, r.rate * v.spent AS spent,
                  r.rate * (v.pending + CASE WHEN r.closed_at IS NULL THEN v.ahead ELSE 0 END) AS reserved)
    UPDATE recontact_budgetperiod p
    SET reserved = p.reserved + s.reserved, spent = p.spent + s.spent, campaigns = p.campaigns + s.campaigns
    FROM (SELECT period_id, sum(reserved) AS reserved, sum(spent) AS spent,
                 coalesce(sum(reserved + spent) FILTER (WHERE by_campaign), 0) AS campaigns FROM moved GROUP BY 1) s
    WHERE s.period_id = p.id
"""
_CLOSE = """
    WITH over AS (
        SELECT id, period_id, ahead * rate AS held FROM recontact_budgetreservation
        WHERE campaign_id = ANY(%s::bigint[]) AND closed_at IS NULL),
    closed AS (
        UPDATE recontact_budgetreservation r SET ahead = 0, closed_at = clock_timestamp() FROM over WHERE r.id = over.id)
    UPDATE recontact_budgetperiod p SET reserved = p.reserved - s.held, campaigns = p.campaigns - s.held
    FROM (SELECT period_id, sum(held) AS held FROM over GROUP BY 1) s WHERE s.period_id = p.id
"""


@transaction.atomic
def changes_add_up() -> int:
    """Add every change that was noted to its reservation and period; give back what campaigns that ended held ahead.

    Returns how many messages and campaigns changed or ended. Safe to run twice at the same time.
    """
    # Before the notes are taken: whatever a campaign that has ended made is noted by then.
    ended = list(
        BudgetReservation.objects.filter(closed_at=None, campaign__state__in=Campaign.ENDED)
        .order_by("campaign")
        .values_list("campaign", flat=True)
        .distinct()
    )
    with connection.cursor() as cursor:
        cursor.execute(_TAKE)
        changes: list[tuple[int | None, int | None, str, Decimal, Decimal, Decimal]] = cursor.fetchall()
        if not changes and not ended:
            return 0
        messages = [message for _campaign, message, *_rest in changes if message is not None]
        campaigns = [campaign for campaign, *_rest in changes if campaign is not None]
        cursor.execute(_PERIODS, [messages, [*campaigns, *ended]])
        periods = periods_locked([row[0] for row in cursor.fetchall()])
        if changes:
            cursor.execute(_ADD, [list(column) for column in zip(*changes, strict=True)])
        if ended:
            cursor.execute(_CLOSE, [ended])
    for period in periods:
        period.refresh_from_db(fields=["reserved", "spent", "campaigns"])
    alerts_note(periods)
    return len(changes) + len(ended)
