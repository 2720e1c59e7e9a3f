"""Giving waiting queries to agents: to those online, under their quota, who have waited longest; back to the last agent first.

One assigner works at a time, whoever woke it: an advisory lock, taken before any row's. So no two of them count the same
agent's queries, and none gives what another has given. What nobody may take stays in Pending.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.db import connection, transaction

from customer_service.desks import QUIET
from customer_service.models import Desk, TeamSettings
from recontact.advisory_locks import AdvisoryLock
from recontact.clock import ClockTimestamp
from recontact.models import Query
from recontact.queries import query_assign

#: In one round; the next one follows within seconds.
AT_ONCE = 200

_AGENT = """
    SELECT d.id
    FROM customer_service_desk d
    JOIN recontact_team_members tm ON tm.user_id = d.user_id AND tm.team_id = %(team)s
    JOIN {users} u ON u.id = d.user_id AND u.is_active
    WHERE d.state = 'online' AND d.seen_at > clock_timestamp() - %(quiet)s
      AND (SELECT count(*) FROM recontact_query q
           WHERE q.assigned_to_id = d.user_id AND q.state = 'in_progress' AND q.snoozed_until IS NULL)
          < coalesce(d.quota, %(quota)s)
    ORDER BY d.user_id IS DISTINCT FROM (
                 SELECT l.assigned_to_id FROM recontact_query l
                 WHERE l.customer_id = %(customer)s AND l.id <> %(query)s AND l.assigned_to_id IS NOT NULL
                 ORDER BY l.activity_at DESC LIMIT 1),
             d.assigned_at NULLS FIRST, d.id
    LIMIT 1
"""


def assign_waiting() -> int:
    """Give what waits in the teams that want it, the longest waiting first, until nobody may take more. How many were given."""
    given = 0
    for settings in TeamSettings.objects.filter(automatic=True).order_by("pk"):
        passed_over: list[int] = []
        while given < AT_ONCE:
            found = _assign_next(settings, passed_over)
            if found is None:
                break
            if found:
                given += 1
    return given


@transaction.atomic
def _assign_next(settings: TeamSettings, passed_over: list[int]) -> bool | None:
    """Give the team's longest waiting query. None: there is none, or nobody for it; False: somebody else was quicker."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [AdvisoryLock.ASSIGNMENT])
    waiting = Query.objects.filter(
        team=settings.team_id, state=Query.State.PENDING, assigned_to=None, snoozed_until=None
    )
    query = waiting.exclude(pk__in=passed_over).order_by("activity_at", "pk").first()
    desk = _agent_for(query, settings) if query is not None else None
    if query is None or desk is None:
        return None
    if query_assign(query_id=query.pk, agent=desk.user) is None:
        passed_over.append(query.pk)
        return False
    Desk.objects.filter(pk=desk.pk).update(assigned_at=ClockTimestamp())
    return True


def _agent_for(query: Query, settings: TeamSettings) -> Desk | None:
    values: dict[str, Any] = {
        "team": settings.team_id,
        "quota": settings.quota,
        "quiet": QUIET,
        "customer": query.customer_id,
        "query": query.pk,
    }
    with connection.cursor() as cursor:
        cursor.execute(_AGENT.format(users=get_user_model()._meta.db_table), values)
        row = cursor.fetchone()
    return Desk.objects.select_related("user").get(pk=row[0]) if row is not None else None
