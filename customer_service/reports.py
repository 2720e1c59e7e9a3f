"""What teams and agents did in a period: the kept sums of their work, and what their messages cost, for whom they are.

An agent sees his own figures; a coordinator those of his teams too; with `see_all_reports`, everybody's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection

from recontact.adding_up import zone
from recontact.costs.asked import BadQuestion, Question
from recontact.costs.grouped import costs_all, costs_grouped, currencies_of
from recontact.models import Team
from recontact.models.work_triggers import MEASURES
from recontact.work_sums import DAYS

BY = ("team", "agent")
#: Into what a period is cut -> SQL on the day.
BUCKETS = {
    "day": "day",
    "week": "date_trunc('week', day::timestamp)::date",
    "month": "date_trunc('month', day::timestamp)::date",
}
#: More pairs of team and agent than any company has.
_MOST_PAIRS = 5_000


@dataclass(frozen=True, slots=True)
class Reach:
    """Whose figures somebody may see: everybody's, or those of these teams and his own."""

    user_id: int
    everybody: bool
    teams: frozenset[int] = frozenset()

    @property
    def is_own_alone(self) -> bool:
        return not self.everybody and not self.teams

    def has(self, team_id: int, agent_id: int) -> bool:
        """Whether he may see what this agent did for this team."""
        return self.everybody or team_id in self.teams or agent_id == self.user_id


def reach_of(user: Any) -> Reach:
    """By the user's permissions and teams."""
    if user.has_perm("customer_service.see_all_reports"):
        return Reach(user.pk, everybody=True)
    if user.has_perm("customer_service.see_team_reports"):
        return Reach(user.pk, everybody=False, teams=frozenset(user.teams.values_list("pk", flat=True)))
    return Reach(user.pk, everybody=False)


@dataclass(frozen=True, slots=True)
class Asked:
    """Both days count. `team` and `agent` narrow; an empty currency is the period's most used one. Raises BadQuestion."""

    first: date
    last: date
    by: str = "agent"
    bucket: str = "day"
    currency: str = ""
    team: int | None = None
    agent: int | None = None

    def __post_init__(self) -> None:
        if self.by not in BY or self.bucket not in BUCKETS:
            raise BadQuestion("by")
        # The same limits as of costs.
        Question(self.first, self.last, (), self.currency)

    def costs(self, *by: str) -> Question:
        """The same question to the costs."""
        only = {name: str(value) for name, value in (("team", self.team), ("agent", self.agent)) if value is not None}
        return Question(self.first, self.last, by, self.currency, only)


@dataclass(frozen=True, slots=True)
class Work:
    """What somebody did. Seconds are sums; `cost` is what his messages were charged, in the report's currency."""

    taken: int = 0
    answers: int = 0
    answer_seconds: int = 0
    resolved: int = 0
    resolution_seconds: int = 0
    recontacts: int = 0
    recontacts_answered: int = 0
    cost: Decimal = Decimal(0)

    def __add__(self, other: Work) -> Work:
        sums = {name: getattr(self, name) + getattr(other, name) for name in (*MEASURES, "cost")}
        return Work(**sums)

    @property
    def first_answer(self) -> timedelta | None:
        """How long a customer waited for his first answer, on average."""
        return timedelta(seconds=self.answer_seconds / self.answers) if self.answers else None

    @property
    def resolution(self) -> timedelta | None:
        """How long a query took from its beginning until it was resolved, on average."""
        return timedelta(seconds=self.resolution_seconds / self.resolved) if self.resolved else None

    @property
    def answer_rate(self) -> int | None:
        """Of a hundred recontacts, how many the customer answered."""
        return round(100 * self.recontacts_answered / self.recontacts) if self.recontacts else None


@dataclass(slots=True)
class Report:
    """By team or agent (0: none), and by the first day of each bucket; each adds up to the total, but only rows have costs."""

    currency: str = ""
    currencies: list[str] = field(default_factory=list)
    rows: dict[int, Work] = field(default_factory=dict)
    buckets: dict[date, Work] = field(default_factory=dict)
    total: Work = field(default_factory=Work)


def report(asked: Asked, reach: Reach) -> Report:
    """The report as far as the reach goes. As many queries for any period."""
    costs = costs_grouped(asked.costs("team", "agent"), size=_MOST_PAIRS)
    found = Report(currency=costs.currency, currencies=costs.currencies)
    for bucket, team_id, agent_id, work in _sums(asked, reach):
        key = team_id if asked.by == "team" else agent_id
        found.rows[key] = found.rows.get(key, Work()) + work
        found.buckets[bucket] = found.buckets.get(bucket, Work()) + work
    for group in costs.groups:
        team_id, agent_id = group.keys
        if group.figures.charged and reach.has(team_id, agent_id):
            key = team_id if asked.by == "team" else agent_id
            found.rows[key] = found.rows.get(key, Work()) + Work(cost=group.figures.charged)
    found.total = sum(found.rows.values(), Work())
    return found


def report_cut(asked: Asked, reach: Reach, *, costs: bool) -> Iterator[tuple[date, int, str, Work]]:
    """For a file: (first day of the bucket, team or agent, currency, work), in this order. Costs in further currencies are lines
    of their own, without counts."""
    rows: dict[tuple[date, int], Work] = {}
    for bucket, team_id, agent_id, work in _sums(asked, reach):
        key = bucket, team_id if asked.by == "team" else agent_id
        rows[key] = rows.get(key, Work()) + work
    question = asked.costs(asked.bucket, "team", "agent")
    currencies = ([asked.currency] if asked.currency else currencies_of(question)) if costs else []
    first = currencies[0] if currencies else ""
    lines = {(*key, first): work for key, work in rows.items()}
    for currency in currencies:
        for group in costs_all(replace(question, currency=currency)):
            bucket, team_id, agent_id = group.keys
            if group.figures.charged and reach.has(team_id, agent_id):
                place = (bucket, team_id if asked.by == "team" else agent_id, currency)
                lines[place] = lines.get(place, Work()) + Work(cost=group.figures.charged)
    for (day, whose, currency), work in sorted(lines.items()):
        yield day, whose, currency, work


def teams_reached(reach: Reach) -> Sequence[Team]:
    """The teams that somebody can narrow his reports to."""
    rows = Team.objects.order_by("name")
    return list(rows if reach.everybody else rows.filter(pk__in=reach.teams))


def _sums(asked: Asked, reach: Reach) -> Iterator[tuple[date, int, int, Work]]:
    """The kept sums by bucket, team and agent."""
    conditions = ["day >= %(first)s", "day <= %(last)s"]
    if not reach.everybody:
        conditions.append("(team_id = ANY(%(teams)s::bigint[]) OR agent_id = %(me)s)")
    conditions += [f"{name}_id = %({name})s" for name in BY if getattr(asked, name) is not None]
    sums = ", ".join(f"sum({name})" for name in MEASURES)
    sql = f"""SELECT {BUCKETS[asked.bucket]} AS bucket, team_id, agent_id, {sums} FROM {DAYS} d
              WHERE {" AND ".join(conditions)} GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"""  # noqa: S608 -- only our own names go in
    words: Mapping[str, Any] = {
        "zone": zone(),
        "first": asked.first,
        "last": asked.last,
        "teams": list(reach.teams),
        "me": reach.user_id,
        "team": asked.team,
        "agent": asked.agent,
    }
    with connection.cursor() as cursor:
        cursor.execute(sql, words)
        for bucket, team_id, agent_id, *found in cursor.fetchall():
            counts: list[Any] = [int(count) for count in found]
            yield bucket, team_id, agent_id, Work(*counts)
