"""What the Manager's pages read: counts and lists, each in a constant number of queries."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Exists, F, Min, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.db.models.functions import Now

from recontact.models import Message, Query, Recontact, ServiceWindow
from recontact.phones import phone_display


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits at one sender number."""

    phone: str
    account: str
    count: int
    oldest: datetime


def waiting_by_number() -> list[Waiting]:
    """Queued messages by sender number, most first, with when the oldest was due."""
    rows = (
        Message.objects.filter(state=Message.State.QUEUED)
        .values(phone=F("sender_number__phone"), account_name=F("account__name"))
        .annotate(count=Count("pk"), oldest=Min("due_at"))
        .order_by("-count")
    )
    return [Waiting(phone_display(row["phone"]), row["account_name"], row["count"], row["oldest"]) for row in rows]


def queries_listed(rows: QuerySet[Query]) -> QuerySet[Query]:
    """Queries with what their list shows: window, recontacts with their messages, customer, agent, team, number."""
    return (
        rows.select_related("customer", "sender_number", "assigned_to", "team")
        .annotate(window_expires_at=Subquery(_windows().values("expires_at")[:1]))
        .prefetch_related(
            Prefetch(
                "recontacts",
                queryset=Recontact.objects.select_related("message", "reserved_by").defer(
                    "message__components", "message__bubble", "message__body"
                ),
                to_attr="ledger_rows",
            )
        )
    )


def queries_window(rows: QuerySet[Query], *, is_open: bool) -> QuerySet[Query]:
    """Those whose service window is open, or closed (or never was), by the database's clock."""
    condition = Exists(_windows().filter(expires_at__gt=Now()))
    return rows.filter(condition) if is_open else rows.filter(~condition)


def queries_recontacted(rows: QuerySet[Query], *, used: bool) -> QuerySet[Query]:
    """Those whose one recontact is taken, or not."""
    standing = Exists(Recontact.objects.filter(query=OuterRef("pk")).exclude(state=Recontact.State.RELEASED))
    return rows.filter(standing) if used else rows.filter(~standing)


def _windows() -> QuerySet[ServiceWindow]:
    return ServiceWindow.objects.filter(
        customer_id=OuterRef("customer_id"), sender_number_id=OuterRef("sender_number_id")
    )


def recontactable(rows: QuerySet[Query]) -> QuerySet[Query]:
    """Open, window closed, not yet recontacted: what a manager looks for."""
    still_open = rows.filter(~Q(state=Query.State.RESOLVED))
    return queries_recontacted(queries_window(still_open, is_open=False), used=False)
