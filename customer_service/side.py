"""The side of a ticket: who the customer is, what the query is about, what came before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Q, Sum

from customer_service.wording import duration_words
from recontact.access import queries_for
from recontact.costs.money import money_text
from recontact.models import Customer, Message, OptOut, Query
from recontact.places import place_name

EARLIER_SHOWN = 5
_LEFT = (Message.State.ACCEPTED, Message.State.SENT, Message.State.DELIVERED, Message.State.READ)


@dataclass(frozen=True, slots=True)
class Side:
    """What stands beside the timeline. `spent` is empty for those who may not see costs."""

    country: str
    opt_outs: Sequence[OptOut]
    queries: int
    resolved: int
    spent: str
    waiting: str
    data: Sequence[tuple[str, str]]
    earlier: Sequence[Query]


def side_of(query: Query, *, user: Any, now: datetime) -> Side:
    """The facts beside the query's timeline; only queries that the user reaches are listed or counted."""
    customer = query.customer
    reached = queries_for(user).filter(customer=customer)
    counts = reached.aggregate(all=Count("pk"), resolved=Count("pk", filter=Q(state=Query.State.RESOLVED)))
    return Side(
        country=place_name(customer.country) if customer.country else "",
        opt_outs=list(customer.opt_outs.filter(revoked_at__isnull=True)),
        queries=counts["all"],
        resolved=counts["resolved"],
        spent=_spent(customer) if user.has_perm("recontact.see_costs") else "",
        waiting=_waiting(query, now),
        data=[(str(name), str(value)) for name, value in query.data.items() if isinstance(value, str | int | float)],
        earlier=list(
            reached.exclude(pk=query.pk).select_related("assigned_to").order_by("-activity_at", "-id")[:EARLIER_SHOWN]
        ),
    )


def _spent(customer: Customer) -> str:
    """What the messages that left cost by their estimates, by currency."""
    rows = Message.objects.filter(customer=customer, state__in=_LEFT).exclude(billed=False).exclude(estimate=None)
    sums = rows.order_by("currency").values("currency").annotate(total=Sum("estimate"))
    return " + ".join(money_text(row["total"], row["currency"]) for row in sums if row["total"])


def _waiting(query: Query, now: datetime) -> str:
    """How long the customer has been waiting for a word of ours; empty when it is his turn."""
    if not query.is_open or query.last_inbound_at is None:
        return ""
    lost = (Message.State.REJECTED, Message.State.SKIPPED, Message.State.CANCELLED, Message.State.EXPIRED)
    answered = Message.objects.filter(query=query, created_at__gt=query.last_inbound_at).exclude(state__in=lost)
    return "" if answered.exists() else duration_words(now - query.last_inbound_at)
