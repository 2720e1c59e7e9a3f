"""Celery's way in: each task is a wrapper of a service."""

from __future__ import annotations

from celery import shared_task

from customer_service.assignment import assign_waiting
from customer_service.desks import desks_look
from customer_service.inbound_files import waiting_fetch
from recontact.clock import ClockTimestamp
from recontact.models import Query
from recontact.queries import query_wake


@shared_task
def queries_assign() -> int:
    """Give what waits to who is free."""
    return assign_waiting()


@shared_task
def media_fetch_waiting() -> int:
    """Fetch the files that customers sent."""
    return waiting_fetch()


@shared_task
def desks_watch() -> int:
    """Disconnect who is gone."""
    return len(desks_look())


@shared_task
def queries_wake() -> int:
    """Bring back what was put off until now."""
    due = Query.objects.filter(snoozed_until__lte=ClockTimestamp()).order_by("snoozed_until")
    ids = list(due.values_list("pk", flat=True)[:500])
    return sum(query_wake(query_id=pk, due_only=True) is not None for pk in ids)
