"""The side of a ticket: who the customer is, what the query is about, what came before."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, QuerySet

from customer_service.wording import duration_words
from recontact.access import reached_by
from recontact.costs.money import money_text
from recontact.costs.spent import spent_of, spent_rows
from recontact.models import Message, OptOut, Query
from recontact.places import place_name
from recontact.prepared import Prepared

EARLIER_SHOWN = 5
_LOST = (Message.State.REJECTED, Message.State.SKIPPED, Message.State.CANCELLED, Message.State.EXPIRED)


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
    everything = user.has_perm("recontact.view_all_queries")
    who: dict[str, int] = {"customer": customer.pk} if everything else {"customer": customer.pk, "user": user.pk}
    counts = dict((_COUNTS if everything else _COUNTS_REACHED)(**who))
    return Side(
        country=place_name(customer.country) if customer.country else "",
        opt_outs=_OPT_OUTS(customer=customer.pk),
        queries=sum(counts.values()),
        resolved=counts.get(Query.State.RESOLVED, 0),
        spent=_spent(_SPENT(customer=customer.pk)) if sees_costs else "",
        spent_here=_spent(_SPENT_HERE(query=query.pk)) if sees_costs else "",
        waiting=_waiting(query, now),
        data=[(str(name), str(value)) for name, value in query.data.items() if isinstance(value, str | int | float)],
        earlier=(_EARLIER if everything else _EARLIER_REACHED)(**who, query=query.pk),
    )


def _by_state(rows: QuerySet[Query]) -> QuerySet[Query, tuple[str, int]]:
    return rows.order_by().values_list("state").annotate(count=Count("pk"))


def _earlier(rows: QuerySet[Query], query: int) -> QuerySet[Query]:
    return rows.exclude(pk=query).select_related("assigned_to").order_by("-activity_at", "-id")[:EARLIER_SHOWN]


def _of(customer: int) -> QuerySet[Query]:
    return Query.objects.filter(customer=customer)


_COUNTS = Prepared(lambda customer: _by_state(_of(customer)))
_COUNTS_REACHED = Prepared(lambda customer, user: _by_state(_of(customer).filter(reached_by(user))))
_EARLIER = Prepared(lambda customer, query: _earlier(_of(customer), query))
_EARLIER_REACHED = Prepared(lambda customer, user, query: _earlier(_of(customer).filter(reached_by(user)), query))
_OPT_OUTS = Prepared(lambda customer: OptOut.objects.filter(customer=customer, revoked_at__isnull=True))
_SPENT = Prepared(lambda customer: spent_rows(Message.objects.filter(customer=customer)))
_SPENT_HERE = Prepared(lambda query: spent_rows(Message.objects.filter(query=query)))
_ANSWERED = Prepared(
    lambda query, written_at: (
        Message.objects.filter(query=query, created_at__gt=written_at)
        .exclude(state__in=[state.value for state in _LOST])
        .values_list("pk", flat=True)[:1]
    ),
    moments=["written_at"],
)


def _spent(rows: Iterable[dict[str, Any]]) -> str:
    """What they cost and may still cost, by currency."""
    sums = ((each.amount + each.open, each.currency) for each in spent_of(rows))
    return " + ".join(money_text(amount, currency) for amount, currency in sums if amount)


def _waiting(query: Query, now: datetime) -> str:
    """How long the customer has been waiting for a word of ours; empty when it is his turn."""
    if not query.is_open or query.last_inbound_at is None:
        return ""
    answered = _ANSWERED(query=query.pk, written_at=query.last_inbound_at)
    return "" if answered else duration_words(now - query.last_inbound_at)
