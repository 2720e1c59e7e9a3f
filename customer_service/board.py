"""What a coordinator watches: who is at work and with how much, who waits, whose window closes, what recontacts came to today."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, F, Min, Q, Sum
from django.utils import timezone

from customer_service.models import Desk, TeamSettings
from customer_service.wording import duration_words
from recontact.clock import database_now
from recontact.costs.money import money_text
from recontact.models import Query, Recontact

CLOSES_SOON = timedelta(hours=2)
_QUOTA = 8


@dataclass(frozen=True, slots=True)
class AgentLine:
    """One agent at work: `open` of at most `quota` queries, `waiting` of them with an answer due."""

    desk: Desk
    teams: str
    since: str
    open: int
    waiting: int
    quota: int

    @property
    def is_full(self) -> bool:
        return self.open >= self.quota


@dataclass(frozen=True, slots=True)
class Board:
    """The figures of this moment. `oldest` is empty when nobody waits; `cost` for those who may see costs."""

    agents: Sequence[AgentLine]
    pending: int
    oldest: str
    closing: int
    recontacts: int
    answered: int
    cost: str

    @property
    def answer_rate(self) -> int | None:
        """Of a hundred recontacts of today, how many were answered until now."""
        return round(100 * self.answered / self.recontacts) if self.recontacts else None


def board_now() -> Board:
    """The board in eight database queries, each along an index."""
    now = database_now()
    open_queries = Query.objects.filter(snoozed_until=None)
    pending = open_queries.filter(state=Query.State.PENDING)
    waiting = pending.aggregate(count=Count("pk"), oldest=Min("waiting_since"))
    closing = open_queries.filter(
        state__in=[Query.State.PENDING, Query.State.IN_PROGRESS],
        waiting_since__isnull=False,
        window_closes_at__gt=now,
        window_closes_at__lte=now + CLOSES_SOON,
    )
    recontacts, answered, cost = _recontacts_of_today(now)
    return Board(
        agents=_agents(now),
        pending=waiting["count"],
        oldest=duration_words(now - waiting["oldest"]) if waiting["oldest"] is not None else "",
        closing=closing.count(),
        recontacts=recontacts,
        answered=answered,
        cost=cost,
    )


def _agents(now: datetime) -> list[AgentLine]:
    desks = Desk.objects.exclude(state=Desk.State.OFFLINE).select_related("user").prefetch_related("user__teams")
    rows = Query.objects.filter(assigned_to__in=desks.values("user"), state=Query.State.IN_PROGRESS, snoozed_until=None)
    counts = (
        rows.order_by()
        .values("assigned_to")
        .annotate(open=Count("pk"), waiting=Count("pk", filter=Q(waiting_since__isnull=False)))
    )
    by_agent = {row["assigned_to"]: row for row in counts}
    quotas = dict(TeamSettings.objects.values_list("team", "quota"))
    lines = []
    for desk in desks.order_by("state", "user__first_name", "pk"):
        user: Any = desk.user
        teams = list(user.teams.all())
        row = by_agent.get(desk.user_id, {"open": 0, "waiting": 0})
        lines.append(
            AgentLine(
                desk=desk,
                teams=", ".join(team.name for team in teams),
                since=duration_words(now - desk.since) if desk.since is not None else "",
                open=row["open"],
                waiting=row["waiting"],
                quota=desk.quota or max((quotas[team.pk] for team in teams if team.pk in quotas), default=_QUOTA),
            )
        )
    return lines


def _recontacts_of_today(now: datetime) -> tuple[int, int, str]:
    """How many since midnight (of the reader), how many of them answered, and what they cost by their estimates."""
    midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    # A recontact moves its query up, so what is of today is found among the queries of today.
    rows = Recontact.objects.filter(query__activity_at__gte=midnight, reserved_at__gte=midnight)
    sums = (
        rows.exclude(state=Recontact.State.RELEASED)
        .order_by()
        .values(currency=F("message__currency"))
        .annotate(
            count=Count("pk"),
            answered=Count("pk", filter=Q(query__last_inbound_at__gt=F("reserved_at"))),
            cost=Sum("message__estimate"),
        )
    )
    found = list(sums.order_by("currency"))
    cost = " + ".join(money_text(row["cost"], row["currency"]) for row in found if row["cost"])
    return sum(row["count"] for row in found), sum(row["answered"] for row in found), cost
