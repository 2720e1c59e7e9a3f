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
    return Query.objects.filter(reach_condition(user))


def reach_condition(user: Any, *, to: str = "") -> Q:
    """What makes a query one that the user reaches without `view_all_queries`; `to` is the way to it, like "query__"."""
    mine, teams = Q(**{f"{to}assigned_to": user}), Q(**{f"{to}team__in": user.teams.all()})
    nobodys = Q(**{f"{to}pk__isnull": False, f"{to}assigned_to__isnull": True, f"{to}team__isnull": True})
    return mine | teams | nobodys


def query_access(user: Any, query_id: int) -> Query | None:
    """The query, if `user` may see it; else None, whether it exists or not."""
    return queries_for(user).filter(pk=query_id).select_related("customer", "sender_number__account").first()


def query_is_foreign(user: Any, query: Query) -> bool:
    """True when the query is another agent's and `user` may not act in his place (coordinators and managers may)."""
    if query.assigned_to_id is None or query.assigned_to_id == user.pk:
        return False
    return not (user.has_perm("recontact.refer_query") or user.has_perm("recontact.bulk_recontact"))
