"""The budgets counted from the rows themselves: to open one in the middle of a period, to prove the sums, to build them anew.

A reservation plus the changes of its messages that were not added up yet is always what the messages are now. Both are
read in one statement, so nothing has to stand still meanwhile.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import connection, transaction

from recontact.budgets.alerts import alerts_note
from recontact.budgets.periods import periods_lock, periods_locked
from recontact.budgets.scope import rate_between
from recontact.clock import database_now
from recontact.models import Budget, BudgetPeriod, BudgetReservation
from recontact.models.budget_triggers import charge_of, cost_class

#: Messages under way while a budget was opened are all in the rows by then.
COUNT_AGAIN_AFTER = timedelta(seconds=60)

_MESSAGE = f"""SELECT m.estimate, {cost_class("m")} AS class, {charge_of("m")} AS charge
    FROM recontact_message m WHERE m.estimate IS NOT NULL AND m.currency = r.currency"""  # noqa: S608 -- only our own names go in
_FACTS = f"""
    SELECT r.id, r.period_id, r.amount, r.closed_at, r.ahead, r.pending, r.spent,
           f.pending AS now_pending, f.spent AS now_spent, f.drawn,
           coalesce(g.ahead, 0) AS more_ahead, coalesce(g.pending, 0) AS more_pending, coalesce(g.spent, 0) AS more_spent
    FROM recontact_budgetreservation r
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(x.estimate) FILTER (WHERE x.class = 'pending'), 0) AS pending,
               coalesce(sum(x.charge), 0) AS spent,
               coalesce(sum(x.estimate) FILTER (WHERE x.class <> 'free'), 0) AS drawn
        FROM ({_MESSAGE} AND m.id = r.message_id UNION ALL {_MESSAGE} AND m.campaign_id = r.campaign_id) x) f
    LEFT JOIN LATERAL (
        SELECT sum(b.ahead) AS ahead, sum(b.pending) AS pending, sum(b.spent) AS spent FROM recontact_budgetchange b
        WHERE b.currency = r.currency AND (b.message_id = r.message_id OR b.campaign_id = r.campaign_id)) g ON true
"""  # noqa: S608 -- only our own names go in

#: The budgets' part of the books (recontact.books.CHECKS).
CHECKS = {
    "a budget's sums are those of its reservations": """
        SELECT p.id, p.reserved || ' + ' || p.spent || ' / ' || coalesce(s.reserved, 0) || ' + ' || coalesce(s.spent, 0)
        FROM recontact_budgetperiod p LEFT JOIN (
            SELECT period_id, sum((ahead + pending) * rate) AS reserved, sum(spent * rate) AS spent,
                   sum((ahead + pending + spent) * rate) FILTER (WHERE by_campaign) AS campaigns
            FROM recontact_budgetreservation GROUP BY period_id) s ON s.period_id = p.id
        WHERE (p.reserved, p.spent, p.campaigns)
              <> (coalesce(s.reserved, 0), coalesce(s.spent, 0), coalesce(s.campaigns, 0))""",
    "a budget's reservation holds what its messages cost": f"""
        SELECT id, pending + more_pending || ' + ' || spent + more_spent || ' / ' || now_pending || ' + ' || now_spent
        FROM ({_FACTS}) t
        WHERE pending + more_pending <> now_pending OR spent + more_spent <> now_spent
           OR ahead + CASE WHEN closed_at IS NULL THEN more_ahead ELSE 0 END
              <> CASE WHEN closed_at IS NULL THEN amount - drawn ELSE 0 END""",  # noqa: S608
}

_RECOUNT = f"""
    UPDATE recontact_budgetreservation r
    SET pending = t.now_pending - t.more_pending, spent = t.now_spent - t.more_spent,
        ahead = CASE WHEN t.closed_at IS NULL THEN t.amount - t.drawn - t.more_ahead ELSE 0 END
    FROM ({_FACTS} WHERE r.period_id = %s) t WHERE t.id = r.id
"""  # noqa: S608
_SUMS = """
    UPDATE recontact_budgetperiod p SET reserved = s.reserved, spent = s.spent, campaigns = s.campaigns FROM (
        SELECT coalesce(sum((ahead + pending) * rate), 0) AS reserved, coalesce(sum(spent * rate), 0) AS spent,
               coalesce(sum((ahead + pending + spent) * rate) FILTER (WHERE by_campaign), 0) AS campaigns
        FROM recontact_budgetreservation WHERE period_id = %(period)s) s
    WHERE p.id = %(period)s
"""
_REOPEN = f"""
    WITH opened AS (
        UPDATE recontact_budgetreservation r SET closed_at = NULL, amount = t.drawn, ahead = -t.more_ahead
        FROM ({_FACTS} WHERE r.id = %s) t WHERE t.id = r.id RETURNING r.period_id, r.ahead * r.rate AS held)
    UPDATE recontact_budgetperiod p SET reserved = p.reserved + o.held, campaigns = p.campaigns + o.held
    FROM opened o WHERE o.period_id = p.id
"""  # noqa: S608

_FIRST_TEAM = """(SELECT t.id FROM recontact_team_members u JOIN recontact_team t ON t.id = u.team_id
                  WHERE u.user_id = {row}.created_by_id ORDER BY t.name LIMIT 1)"""
_UNSEEN = """NOT EXISTS (SELECT 1 FROM recontact_budgetreservation r JOIN recontact_budgetperiod p ON p.id = r.period_id
             WHERE p.budget_id = %(budget)s AND r.{which})"""
_COLUMNS = """INSERT INTO recontact_budgetreservation (period_id, campaign_id, message_id, by_campaign, currency, rate,
              exchange_rate_id, amount, ahead, pending, spent, created_at, closed_at)"""
_MESSAGES = f"""
    FROM recontact_message m LEFT JOIN recontact_campaign c ON c.id = m.campaign_id
    LEFT JOIN recontact_query q ON q.id = m.query_id
    WHERE m.created_at >= %(start)s AND m.created_at < %(end)s AND (m.estimate > 0 OR (m.estimate = 0 AND m.kind = 'template'))
      AND (c.id IS NULL OR c.source = 'queries') AND {{scope}}
      AND {_UNSEEN.format(which="message_id = m.id")}
"""
_CAMPAIGNS = f"""
    FROM recontact_campaign c JOIN providers_sendernumber n ON n.id = c.sender_number_id
    CROSS JOIN LATERAL (
        SELECT x.currency, sum(x.estimate) AS price FROM (
            SELECT m.currency, m.estimate FROM recontact_message m
            WHERE m.campaign_id = c.id AND m.estimate > 0 AND {cost_class("m")} <> 'free'
            UNION ALL SELECT t.currency, t.estimate FROM recontact_campaignrecipient t
            WHERE t.campaign_id = c.id AND t.estimate > 0 AND t.outcome IN ('ready', 'corrected')
              AND t.message_id IS NULL AND t.dropped = '' AND c.state NOT IN ('cancelled', 'completed')) x
        GROUP BY x.currency) d
    WHERE c.source <> 'queries' AND coalesce(c.launched_at, CASE WHEN c.state = 'scheduled' THEN c.starts_at END)
              BETWEEN %(start)s AND %(end)s - interval '1 microsecond' AND {{scope}}
      AND {_UNSEEN.format(which="campaign_id = c.id AND r.currency = d.currency")}
"""  # noqa: S608


@transaction.atomic
def budget_open(budget: Budget) -> set[str]:
    """Count what was sent already in the budget's present period, and from here on everything. For a budget that is new or
    active again. Returns the currencies that are not counted, because no rate converts them."""
    now = database_now()
    uncounted: set[str] = set()
    for period in periods_lock([budget], now):
        uncounted |= period_count(period)
        BudgetPeriod.objects.filter(pk=period.pk).update(count_again_at=now + COUNT_AGAIN_AFTER)
    return uncounted


@transaction.atomic
def period_count(period: BudgetPeriod) -> set[str]:
    """Count the period anew: add the reservations that its messages and campaigns lack, then every sum from the rows.

    What was reserved keeps its rate. Returns the currencies that are not counted, because no rate converts them.
    """
    [period] = periods_locked([period.pk])
    uncounted = _add_missing(period)
    with connection.cursor() as cursor:
        cursor.execute(_RECOUNT, [period.pk])
        cursor.execute(_SUMS, {"period": period.pk})
    period.refresh_from_db(fields=["reserved", "spent", "campaigns"])
    alerts_note([period])
    return uncounted


def periods_count_again() -> int:
    """Count the periods again that were opened a minute ago. Returns how many."""
    due = BudgetPeriod.objects.filter(count_again_at__lte=database_now()).order_by("pk")
    for period in (found := list(due)):
        period_count(period)
        BudgetPeriod.objects.filter(pk=period.pk, count_again_at=period.count_again_at).update(count_again_at=None)
    return len(found)


def reservation_reopen(reservation: BudgetReservation) -> None:
    """Let a campaign that ended hold something ahead again (its period's row locked); what it drew so far stays."""
    with connection.cursor() as cursor:
        cursor.execute(_REOPEN, [reservation.pk])


def _add_missing(period: BudgetPeriod) -> set[str]:
    budget = period.budget
    words: dict[str, Any] = {
        "budget": budget.pk,
        "period": period.pk,
        "start": period.starts_at,
        "end": period.ends_at,
        "account": budget.account_id,
        "team": budget.team_id,
        "source": budget.source,
    }
    messages = _MESSAGES.format(scope=_scope(budget, "m.account_id", f"coalesce(q.team_id, {_FIRST_TEAM})", "m"))
    campaigns = _CAMPAIGNS.format(scope=_scope(budget, "n.account_id", _FIRST_TEAM, "c"))
    uncounted = set()
    with connection.cursor() as cursor:
        # Only our own text and names are put together.
        cursor.execute(f"SELECT DISTINCT m.currency {messages} UNION SELECT d.currency {campaigns}", words)
        for (currency,) in cursor.fetchall():
            rate = rate_between(currency, budget.currency, period.starts_at) or rate_between(
                currency, budget.currency, database_now()
            )
            if rate is None:
                uncounted.add(currency)
                continue
            words |= {"currency": currency, "rate": rate.value, "row": None if rate.row is None else rate.row.pk}
            cursor.execute(
                f"""{_COLUMNS} SELECT %(period)s, NULL, m.id, c.id IS NOT NULL, m.currency, %(rate)s, %(row)s::bigint,
                    m.estimate, 0, 0, 0, clock_timestamp(), clock_timestamp() {messages} AND m.currency = %(currency)s""",
                words,
            )
            cursor.execute(
                f"""{_COLUMNS} SELECT %(period)s, c.id, NULL, true, d.currency, %(rate)s, %(row)s::bigint, d.price, 0, 0, 0,
                    clock_timestamp(), CASE WHEN c.state IN ('cancelled', 'completed') THEN clock_timestamp() END
                    {campaigns} AND d.currency = %(currency)s""",
                words,
            )
    return uncounted


def _scope(budget: Budget, account: str, team: str, row: str) -> str:
    """SQL: whether the row is in the budget's scope."""
    match budget.scope:
        case Budget.Scope.ACCOUNT:
            return f"{account} = %(account)s"
        case Budget.Scope.TEAM:
            return f"{team.format(row=row)} = %(team)s"
        case Budget.Scope.SOURCE:
            return "coalesce(c.source, '') = %(source)s"
        case _:
            return "true"
