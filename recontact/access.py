"""Which queries a user reaches: an agent his own, his teams' and unassigned ones; with `view_all_queries`, all."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet

from recontact.models import Query, Team
from recontact.prepared import Prepared


def queries_for(user: Any) -> QuerySet[Query]:
    """Every query that `user` may see. Views have no other way to get one."""
    if not user.has_perm("recontact.view_query"):
        return Query.objects.none()
    if user.has_perm("recontact.view_all_queries"):
        return Query.objects.all()
    return Query.objects.filter(reach_condition(user))


def reach_condition(user: Any, *, to: str = "") -> Q:
    """What makes a query one that the user reaches without `view_all_queries`; `to` is the way to it, like "query__"."""
    return reached_by(user.pk, to=to)


def reached_by(user_id: int, *, to: str = "") -> Q:
    """The same for whoever has this id: a statement that is prepared knows him only when it is asked."""
    mine, teams = Q(**{f"{to}assigned_to": user_id}), Q(**{f"{to}team__in": Team.objects.filter(members=user_id)})
    nobodys = Q(**{f"{to}pk__isnull": False, f"{to}assigned_to__isnull": True, f"{to}team__isnull": True})
    return mine | teams | nobodys


def query_access(user: Any, query_id: int) -> Query | None:
    """The query, if `user` may see it; else None, whether it exists or not."""
    if not user.has_perm("recontact.view_query"):
        return None
    if user.has_perm("recontact.view_all_queries"):
        return next(iter(_ANY(query=query_id)), None)
    return next(iter(_REACHED(query=query_id, user=user.pk)), None)


def _whole(rows: QuerySet[Query]) -> QuerySet[Query]:
    """With what a ticket says of them."""
    return rows.select_related("customer", "sender_number__account", "assigned_to", "team")


_ANY = Prepared(lambda query: _whole(Query.objects.filter(pk=query)))
_REACHED = Prepared(lambda query, user: _whole(Query.objects.filter(reached_by(user), pk=query)))


def query_is_foreign(user: Any, query: Query) -> bool:
    """True when the query is another agent's and `user` may not act in his place (coordinators and managers may)."""
    if query.assigned_to_id is None or query.assigned_to_id == user.pk:
        return False
    return not (user.has_perm("recontact.refer_query") or user.has_perm("recontact.bulk_recontact"))
