"""Following up: open queries whose recontact nobody answered for days, shown and resolved together."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _

from customer_service.lists import OPEN
from recontact.access import queries_for
from recontact.clock import ClockTimestamp
from recontact.models import Query, Recontact
from recontact.models.query import UNANSWERED
from recontact.queries import QueryRefused, query_resolve

#: Shown and resolved at once; the page says when there are more.
AT_ONCE = 200
DAYS = (1, 2, 3, 7, 14, 30)
USUAL_DAYS = 3


@dataclass(frozen=True, slots=True)
class Resolved:
    """What became of them: `refused` were changed by somebody meanwhile."""

    count: int
    refused: int


def unanswered(user: Any, *, days: int) -> QuerySet[Query]:
    """The open queries that the user reaches whose standing recontact is so many days old and has no answer, oldest first."""
    standing = Recontact.objects.filter(query_id=OuterRef("pk")).exclude(state=Recontact.State.RELEASED)
    old = queries_for(user).filter(OPEN, UNANSWERED, recontact_asked_at__lte=ClockTimestamp() - timedelta(days=days))
    return old.filter(Exists(standing)).order_by("recontact_asked_at", "pk")


def unanswered_resolve(*, user: Any, days: int, resolution: str, chosen: Collection[int]) -> Resolved:
    """Resolve those of them that were chosen (ids), each by itself, as if by hand. Who answers meanwhile is passed over."""
    done = refused = 0
    for pk in sorted(chosen)[:AT_ONCE]:
        if not unanswered(user, days=days).filter(pk=pk).exists():
            refused += 1
            continue
        try:
            query_resolve(query_id=pk, user=user, resolution=resolution or _("No answer to the recontact"))
            done += 1
        except QueryRefused:
            refused += 1
    return Resolved(done, refused)
