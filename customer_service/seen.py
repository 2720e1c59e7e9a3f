"""Whether the agent of a query has seen what the customer wrote last."""

from __future__ import annotations

from typing import Any

from django.db.models import F, Q

from recontact.clock import ClockTimestamp
from recontact.models import Query


def seen(query: Query, *, user: Any) -> None:
    """`user` has the query's ticket on his screen. Only its agent's looking counts, and it is written once per answer."""
    if query.assigned_to_id != user.pk or query.last_inbound_at is None:
        return
    if query.seen_at is not None and query.seen_at >= query.last_inbound_at:
        return
    rows = Query.objects.filter(Q(seen_at=None) | Q(seen_at__lt=F("last_inbound_at")), pk=query.pk, assigned_to=user)
    rows.update(seen_at=ClockTimestamp())
