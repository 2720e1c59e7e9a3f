"""How much of a portfolio's limit is used: people written to first, in the last 24 hours, over all its numbers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, F, Min, Q, QuerySet
from django.db.models.functions import Now

from providers.models import Portfolio, SenderNumber
from recontact.models import Message, PortfolioUse
from recontact.states import NEVER_SENT, MessageState

DAY = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Used:
    """People that a portfolio's numbers wrote to, against its limit (None = none is known), and its numbers' names."""

    people: int
    limit: int | None
    numbers: list[str]

    @property
    def percent(self) -> int:
        """Of the limit, at most 100; 0 without one."""
        return min(100, round(100 * self.people / self.limit)) if self.limit else 0


@dataclass(frozen=True, slots=True)
class WaitingNow:
    """Queued messages, how many of them are due, and when the oldest of those became so (None = none is)."""

    count: int
    due: int
    oldest_due_at: datetime | None


def people_by_number(numbers: Iterable[SenderNumber]) -> dict[int, int]:
    """Number id (portfolio loaded) -> people that its portfolio's limit counts in 24 hours, over all its numbers, each once.

    Numbers without a known limit are left out: nothing counts for them. Read from the slots that are taken, as the sending does;
    of a portfolio that took none yet the messages are counted. At most two queries.
    """
    limited = [number for number in numbers if number.portfolio is not None and number.portfolio.messaging_limit]
    portfolios = {number.portfolio_id for number in limited}
    people = dict(PortfolioUse.objects.filter(pk__in=portfolios).values_list("pk", "taken"))
    if unused := portfolios - people.keys():
        rows = _first_messages().filter(sender_number__portfolio__in=unused).order_by()
        by_portfolio = rows.values(portfolio=F("sender_number__portfolio"))
        counted = by_portfolio.annotate(people=Count("customer", distinct=True)).values_list("portfolio", "people")
        people |= dict(counted)
    return {number.pk: people.get(number.portfolio_id or 0, 0) for number in limited}


def portfolio_people(portfolio: Portfolio) -> int:
    """The people that count against the portfolio's limit now: the slots that are taken, or where none was yet, those whom its
    numbers wrote to."""
    taken = PortfolioUse.objects.filter(pk=portfolio.pk).values_list("taken", flat=True).first()
    if taken is not None:
        return taken
    rows = _first_messages().filter(sender_number__portfolio=portfolio)
    return int(rows.aggregate(people=Count("customer", distinct=True))["people"])


def portfolio_used(portfolio: Portfolio) -> Used:
    """How much of the portfolio's limit is used now, and by which numbers."""
    numbers = [str(number) for number in portfolio.numbers.all()]
    return Used(portfolio_people(portfolio), portfolio.messaging_limit, numbers)


def waiting_of(messages: Q) -> WaitingNow:
    """What of these messages is queued."""
    due = Q(due_at__lte=Now())
    found = Message.objects.filter(messages, state=MessageState.QUEUED).aggregate(
        count=Count("pk"), due=Count("pk", filter=due), oldest=Min("due_at", filter=due)
    )
    return WaitingNow(found["count"], found["due"], found["oldest"])


def _first_messages() -> QuerySet[Message]:
    """HSMs that went out, or may have, in the last 24 hours.

    The provider leaves out those inside an open window. Which those were is not known afterwards, so they count here:
    the figure is never below the provider's own.
    """
    rows = Message.objects.filter(kind=Message.Kind.TEMPLATE, claimed_at__isnull=False, claimed_at__gte=Now() - DAY)
    return rows.exclude(state__in=[*NEVER_SENT, MessageState.QUEUED])
