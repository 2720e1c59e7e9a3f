"""What a few messages cost, from their own rows: those of a query, of a customer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Case, Count, F, Q, QuerySet, Sum, Value, When
from django.db.models.functions import Coalesce, NullIf

from recontact.models import Message
from recontact.states import NEVER_SENT

_CHARGED = Q(state__in=["delivered", "read"]) & ~Q(billed=False) | Q(state="failed", billed=True)
_OPEN = Q(state__in=["queued", "sending", "uncertain", "accepted", "sent"])


@dataclass(frozen=True, slots=True)
class Spent:
    """In one currency: how many messages went out or may, what was charged for them, and what may still be."""

    currency: str
    messages: int
    amount: Decimal
    open: Decimal


def spent_on(messages: QuerySet[Message]) -> Sequence[Spent]:
    """By currency; the provider's price, and our estimate where none was told. One query, over all of these messages."""
    return spent_of(spent_rows(messages))


def spent_of(rows: Iterable[dict[str, Any]]) -> Sequence[Spent]:
    """What the rows of `spent_rows` say."""
    return [Spent(row["priced_in"], row["count"], row["amount"], row["open"]) for row in rows]


def spent_rows(messages: QuerySet[Message]) -> QuerySet[Any, Any]:
    """The same, not asked for yet."""
    price = Case(When(reported__isnull=False, then=F("reported")), When(_CHARGED, then=F("estimate")))
    return (
        messages.order_by()
        .exclude(state__in=list(NEVER_SENT))
        .annotate(priced_in=Coalesce(NullIf("reported_currency", Value("")), F("currency")))
        .values("priced_in")
        .annotate(
            count=Count("pk"),
            amount=Coalesce(Sum(price), Decimal(0)),
            open=Coalesce(Sum("estimate", filter=_OPEN), Decimal(0)),
        )
        .exclude(priced_in="")
        .order_by("priced_in")
    )
