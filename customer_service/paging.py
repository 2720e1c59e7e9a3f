"""A page of a list out of a million queries: each way by which a person reaches queries is one walk along an index.

An agent reaches his own queries, his teams' and those of nobody. Asked for at once, the database would read a whole state to
sort out whose they are; asked for one after the other, each walk ends after a page, and the page is the best of them.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache, reduce
from operator import or_
from typing import Any

from django.db.models import Q, QuerySet

from customer_service.lists import (
    ALL,
    MINE,
    NEWEST,
    OPEN,
    RESOLVED,
    WAITING,
    Asked,
    filter_condition,
    tab_condition,
)
from recontact.clock import database_now
from recontact.models import Query


@dataclass(frozen=True, slots=True)
class Reach:
    """What a person reaches, as `recontact.access` says, in a form that a signed token can carry."""

    user_id: int
    everything: bool
    team_ids: tuple[int, ...] = ()

    @classmethod
    def of(cls, user: Any) -> Reach:
        """One database query, for those who do not see everything."""
        if user.has_perm("recontact.view_all_queries"):
            return cls(user.pk, everything=True)
        return cls(user.pk, everything=False, team_ids=tuple(user.teams.order_by("pk").values_list("pk", flat=True)))


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page ended: in which part of the order, at which value and id, seen at which moment."""

    part: int
    value: datetime
    pk: int
    now: datetime


@dataclass(frozen=True, slots=True)
class _Part:
    """One part of an order: the rows it holds, sorted by one column and the id, down when `down`."""

    condition: Q
    column: str
    down: bool


def ways(reach: Reach, tab: str) -> list[Q]:
    """The ways by which the person reaches what the tab shows; together they are all of it."""
    shown = tab_condition(tab)
    if tab == MINE:
        return [Q(assigned_to=reach.user_id) & shown]
    if reach.everything:
        return [shown]
    mine = Q(assigned_to=reach.user_id)
    teams = [Q(team=team) for team in reach.team_ids]
    return [way & shown for way in (mine, *teams, Q(assigned_to=None, team=None))]


def page_ids(reach: Reach, asked: Asked, *, limit: int, after: str = "") -> tuple[list[int], str]:
    """The ids of a tab's next rows in their order, and the place after them ("" = these were the last)."""
    place = place_read(after)
    now = place.now if place is not None else database_now()
    wanted = filter_condition(asked.filters)
    branches = [Query.objects.filter(way & wanted) for way in ways(reach, asked.tab)]
    found: list[tuple[int, datetime, int]] = []
    for number, part in enumerate(_parts(asked, now)):
        if place is not None and number < place.part:
            continue
        begins = place if place is not None and number == place.part else None
        missing = limit + 1 - len(found)
        found += [(number, value, pk) for value, pk in _rows(branches, part, begins, missing)]
        if len(found) > limit:
            break
    shown = found[:limit]
    following = place_write(Place(shown[-1][0], shown[-1][1], shown[-1][2], now)) if len(found) > limit else ""
    return [pk for _part, _value, pk in shown], following


@lru_cache(maxsize=2048)
def newest_sql(reach: Reach, asked: Asked, limit: int) -> tuple[str, tuple[Any, ...]]:
    """The statement of a list's first page by activity, as (activity, id), with its values: what is asked every two seconds."""
    wanted = filter_condition(asked.filters)
    branches = [Query.objects.filter(way & wanted) for way in ways(reach, asked.tab)]
    sql, values = _rows(branches, _Part(Q(), "activity_at", down=True), None, limit).query.sql_with_params()
    return str(sql), tuple(values)


def count_up_to(reach: Reach, tab: str, limit: int) -> int:
    """How many the tab shows, counted no further than `limit`."""
    branches = [Query.objects.filter(way).order_by().values_list("pk") for way in ways(reach, tab)]
    if len(branches) == 1:
        return branches[0][:limit].count()
    pieces = [branch[:limit] for branch in branches]
    return pieces[0].union(*pieces[1:])[:limit].count()


def _parts(asked: Asked, now: datetime) -> list[_Part]:
    """The order as index walks: first what has the value that is sorted by, then the rest, newest first."""
    if asked.sort == NEWEST or asked.tab == RESOLVED:
        return [_Part(Q(), "activity_at", down=True)]
    if asked.sort == WAITING:
        first = OPEN & Q(waiting_since__isnull=False)
        rest = Q(state=Query.State.RESOLVED) | Q(waiting_since=None)
        return [_Part(first, "waiting_since", down=False), _Part(rest, "activity_at", down=True)]
    first = OPEN & Q(window_closes_at__gt=now)
    rest = Q(state=Query.State.RESOLVED) | Q(window_closes_at=None) | Q(window_closes_at__lte=now)
    return [_Part(first, "window_closes_at", down=False), _Part(rest, "activity_at", down=True)]


def _rows(branches: Sequence[QuerySet[Query]], part: _Part, place: Place | None, limit: int) -> Any:
    """The (value, id) of the next rows of the part, from all branches, each row once; not asked for yet."""
    sign, before = ("-", "lt") if part.down else ("", "gt")
    order = (f"{sign}{part.column}", f"{sign}id")
    begins = Q()
    if place is not None:
        begins = Q(**{f"{part.column}__{before}e": place.value}) & (
            Q(**{f"{part.column}__{before}": place.value}) | Q(**{f"id__{before}": place.pk})
        )
    pieces = [
        branch.filter(part.condition & begins).order_by(*order).values_list(part.column, "id")[:limit]
        for branch in branches
    ]
    if len(pieces) == 1:
        return pieces[0]
    return pieces[0].union(*pieces[1:]).order_by(*order)[:limit]


def reached(reach: Reach) -> QuerySet[Query]:
    """Everything that the person reaches, for look-ups by id."""
    return Query.objects.filter(reduce(or_, ways(reach, ALL)))


def place_write(place: Place) -> str:
    """The place as it travels in an address."""
    words = (str(place.part), place.value.isoformat(), str(place.pk), place.now.isoformat())
    return base64.urlsafe_b64encode(" ".join(words).encode()).decode().rstrip("=")


def place_read(cursor: str) -> Place | None:
    """The place that a cursor names; None for an empty or a damaged one (then the list begins at the top)."""
    try:
        part, at, pk, now = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode().split(" ")
        place = Place(int(part), datetime.fromisoformat(at), int(pk), datetime.fromisoformat(now))
    except (ValueError, binascii.Error):
        return None
    zoned = place.value.tzinfo is not None and place.now.tzinfo is not None
    return place if zoned and 0 <= place.part < 2 and 0 <= place.pk < 2**63 else None
