"""The side of a ticket: who the customer is, what the query is about, what came before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Q, QuerySet

from customer_service.wording import duration_words
from recontact.access import queries_for
from recontact.costs.money import money_text
from recontact.costs.spent import spent_on
from recontact.models import Message, OptOut, Query
from recontact.places import place_name

EARLIER_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Side:
    """What stands beside the timeline. `spent` on the customer and `spent_here`, on the query, are empty for those who may
    not see costs."""

    country: str
    opt_outs: Sequence[OptOut]
    queries: int
    resolved: int
    spent: str
    spent_here: str
    waiting: str
    data: Sequence[tuple[str, str]]
    earlier: Sequence[Query]


def side_of(query: Query, *, user: Any, now: datetime) -> Side:
    """The facts beside the query's timeline; only queries that the user reaches are listed or counted."""
    customer, sees_costs = query.customer, user.has_perm("recontact.see_costs")
    reached = queries_for(user).filter(customer=customer)
    counts = reached.aggregate(all=Count("pk"), resolved=Count("pk", filter=Q(state=Query.State.RESOLVED)))
    return Side(
        country=place_name(customer.country) if customer.country else "",
        opt_outs=list(customer.opt_outs.filter(revoked_at__isnull=True)),
        queries=counts["all"],
        resolved=counts["resolved"],
        spent=_spent(Message.objects.filter(customer=customer)) if sees_costs else "",
        spent_here=_spent(Message.objects.filter(query=query)) if sees_costs else "",
        waiting=_waiting(query, now),
        data=[(str(name), str(value)) for name, value in query.data.items() if isinstance(value, str | int | float)],
        earlier=list(
            reached.exclude(pk=query.pk).select_related("assigned_to").order_by("-activity_at", "-id")[:EARLIER_SHOWN]
        ),
    )


def _spent(messages: QuerySet[Message]) -> str:
    """What they cost and may still cost, by currency."""
    sums = ((each.amount + each.open, each.currency) for each in spent_on(messages))
    return " + ".join(money_text(amount, currency) for amount, currency in sums if amount)


def _waiting(query: Query, now: datetime) -> str:
    """How long the customer has been waiting for a word of ours; empty when it is his turn."""
    if not query.is_open or query.last_inbound_at is None:
        return ""
    lost = (Message.State.REJECTED, Message.State.SKIPPED, Message.State.CANCELLED, Message.State.EXPIRED)
    answered = Message.objects.filter(query=query, created_at__gt=query.last_inbound_at).exclude(state__in=lost)
    return "" if answered.exists() else duration_words(now - query.last_inbound_at)
