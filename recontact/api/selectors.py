"""What the API reads, each list in a fixed number of queries, and only what the user may see."""

from __future__ import annotations

from typing import Any

from django.db.models import OuterRef, Prefetch, Q, QuerySet, Subquery

from recontact.access import queries_for, reach_condition
from recontact.models import Message, Query, Recontact, ServiceWindow


def queries_shown(user: Any) -> QuerySet[Query]:
    """The user's queries with customer, number, the recontact that stands (`standing_recontacts`) and `window_expires_at`."""
    return _queries_with_all(queries_for(user))


def query_opened(query_id: int) -> Query:
    """A query just opened, with all that its detail shows: whoever opened it is told about it."""
    return _queries_with_all(Query.objects.all()).get(pk=query_id)


def _queries_with_all(queries: QuerySet[Query]) -> QuerySet[Query]:
    standing = (
        Recontact.objects.exclude(state=Recontact.State.RELEASED)
        .select_related("message", "reserved_by")
        .defer("message__components", "message__bubble", "message__body")
    )
    window = ServiceWindow.objects.filter(
        customer_id=OuterRef("customer_id"), sender_number_id=OuterRef("sender_number_id")
    )
    return (
        queries.select_related("customer", "sender_number__account", "team", "assigned_to")
        .prefetch_related(Prefetch("recontacts", queryset=standing, to_attr="standing_recontacts"))
        .annotate(window_expires_at=Subquery(window.values("expires_at")[:1]))
    )


def messages_shown(user: Any) -> QuerySet[Message]:
    """The messages of the queries that the user reaches, and those he sent himself one by one; all with `view_all_queries`."""
    messages = Message.objects.select_related("customer", "sender_number", "created_by").prefetch_related(
        "cost_entries"
    )
    if not user.has_perm("recontact.view_message"):
        return messages.none()
    if user.has_perm("recontact.view_all_queries"):
        return messages
    own = Q(created_by=user, campaign=None)
    if not user.has_perm("recontact.view_query"):
        return messages.filter(own)
    # Looked up message by message: as a list of all that he reaches, the database would make that list first.
    return messages.filter(own | reach_condition(user, to="query__"))


def message_sent(message_id: int) -> Message:
    """A message just queued, with all that its detail shows: whoever sent it is told about it."""
    return Message.objects.select_related("customer", "sender_number", "created_by").get(pk=message_id)
