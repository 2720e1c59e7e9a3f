"""Which queries a user reaches: an agent his own, his teams' and unassigned ones; with `view_all_queries`, all."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet

from recontact.models import Query


def queries_for(user: Any) -> QuerySet[Query]:
    """Every query that `user` may see. Views have no other way to get one."""
    if not user.has_perm("recontact.view_query"):
        return Query.objects.none()
    if user.has_perm("recontact.view_all_queries"):
        return Query.objects.all()
    mine = Q(assigned_to=user) | Q(team__in=user.teams.all()) | Q(assigned_to__isnull=True, team__isnull=True)
    return Query.objects.filter(mine)


def query_access(user: Any, query_id: int) -> Query | None:
    """The query, if `user` may see it; else None, whether it exists or not."""
    return queries_for(user).filter(pk=query_id).select_related("customer", "sender_number__account").first()


def query_is_foreign(user: Any, query: Query) -> bool:
    """True when the query is another agent's and `user` may not act in his place (coordinators and managers may)."""
    if query.assigned_to_id is None or query.assigned_to_id == user.pk:
        return False
    return not (user.has_perm("recontact.refer_query") or user.has_perm("recontact.bulk_recontact"))
