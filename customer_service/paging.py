"""A page of a list out of a million queries: each way by which a person reaches queries is one walk along an index.

An agent reaches his own queries, his teams' and those of nobody. Asked for at once, the database would read a whole state to
sort out whose they are; asked for one after the other, each walk ends after a page, and the page is the best of them.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache, reduce
from operator import or_
from typing import Any, cast

from django.db.models import Q, QuerySet
from django.db.models.expressions import RawSQL

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
from recontact.models import Query, Team
from recontact.prepared import Prepared, Statement

_TEAMS = Prepared(lambda user: Team.objects.filter(members=user).order_by("pk").values_list("pk", flat=True))


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
        return cls(user.pk, everything=False, team_ids=tuple(_TEAMS(user=user.pk)))

    @property
    def values(self) -> dict[str, int]:
        """The arguments of the statements here."""
        return dict(zip(_names(len(self.team_ids)), (self.user_id, *self.team_ids), strict=True))


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


_NEWEST_FIRST = _Part(Q(), "activity_at", down=True)


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
    found: list[tuple[int, datetime, int]] = []
    for number, part in enumerate(_parts(asked, now)):
        if place is not None and number < place.part:
            continue
        if place is not None and number == place.part:
            rows = _rows(_branches(reach, asked), part, place, limit + 1)
        else:
            rows = part_of(reach, asked, number, limit + 1)(**reach.values, now=now)
        found += [(number, value, pk) for value, pk in rows]
        if len(found) > limit:
            break
    shown = found[:limit]
    following = place_write(Place(shown[-1][0], shown[-1][1], shown[-1][2], now)) if len(found) > limit else ""
    return [pk for _part, _value, pk in shown], following


def versions_of(reach: Reach, asked: Asked, limit: int) -> Statement:
    """The first rows of a list, newest first, as (value, id, customer, xmin, ctid), for all who reach queries in as many ways."""
    return _versions_of(reach.everything, len(reach.team_ids), replace(asked, search=""), limit)


@lru_cache(maxsize=2048)
def _versions_of(everything: bool, teams: int, asked: Asked, limit: int) -> Statement:
    def build(**blanks: int) -> QuerySet[Query, Any]:
        branches = _branches(_blank_reach(everything, blanks), asked)
        return cast("QuerySet[Query, Any]", _rows(branches, _NEWEST_FIRST, None, limit, _VERSION))

    return Prepared(build, names=_names(teams)).statement


def part_of(reach: Reach, asked: Asked, number: int, limit: int) -> Prepared[tuple[datetime, int]]:
    """The first rows of a part of a list's order, as (value, id), for all who reach queries in as many ways (`Reach.values`)."""
    shape = replace(asked, search="")
    return _part_of(reach.everything, len(reach.team_ids), shape, number, limit)


@lru_cache(maxsize=2048)
def _part_of(everything: bool, teams: int, asked: Asked, number: int, limit: int) -> Prepared[tuple[datetime, int]]:
    def build(*, now: datetime, **blanks: int) -> QuerySet[Query, tuple[datetime, int]]:
        found = _rows(_branches(_blank_reach(everything, blanks), asked), _parts(asked, now)[number], None, limit)
        return cast("QuerySet[Query, tuple[datetime, int]]", found)

    return Prepared(build, names=(*_names(teams), "now"), moments=("now",), kept=not asked.filters)


def counts_up_to(reach: Reach, tabs: Sequence[str], limit: int) -> list[int]:
    """How many each tab shows, counted no further than `limit`; one statement for all of them."""
    (row,) = _counts(reach.everything, len(reach.team_ids), tuple(tabs), limit).rows(dict(reach.values))
    return list(row)


@lru_cache(maxsize=256)
def _counts(everything: bool, teams: int, tabs: tuple[str, ...], limit: int) -> Statement:
    counted = [_counted(everything, teams, tab, limit) for tab in tabs]
    pieces = [f"(SELECT count(*) FROM ({statement.sql}) AS counted)" for statement in counted]  # noqa: S608 -- the ORM's
    return Statement(f"SELECT {', '.join(pieces)}", [name for statement in counted for name in statement.names])


def _counted(everything: bool, teams: int, tab: str, limit: int) -> Statement:
    """The rows of a tab. None comes by two ways, so that the walk may end at the limit without telling them apart."""

    def build(**blanks: int) -> QuerySet[Query, int]:
        reach = _blank_reach(everything, blanks)
        first, *others = [Query.objects.filter(way).order_by().values_list("pk", flat=True) for way in ways(reach, tab)]
        elsewhere = [branch.exclude(assigned_to=reach.user_id) for branch in others]
        return first.union(*elsewhere, all=True)[:limit] if elsewhere else first[:limit]

    return Prepared(build, names=_names(teams)).statement


def _names(teams: int) -> tuple[str, ...]:
    return ("user", *(f"team{place}" for place in range(teams)))


def _blank_reach(everything: bool, blanks: dict[str, int]) -> Reach:
    user, *teams = blanks.values()
    return Reach(user, everything=everything, team_ids=tuple(teams))


def _branches(reach: Reach, asked: Asked) -> list[QuerySet[Query]]:
    wanted = filter_condition(asked.filters)
    found = [Query.objects.filter(way & wanted) for way in ways(reach, asked.tab)]
    if asked.tab == MINE and asked.sort == NEWEST:
        # Of both states at once the index is in no order: all of them would be read to sort out the newest.
        return [rows.filter(state=state) for rows in found for state in (Query.State.PENDING, Query.State.IN_PROGRESS)]
    return found


def _parts(asked: Asked, now: datetime) -> list[_Part]:
    """The order as index walks: first what has the value that is sorted by, then the rest, newest first."""
    if asked.sort == NEWEST or asked.tab == RESOLVED:
        return [_NEWEST_FIRST]
    if asked.sort == WAITING:
        first = OPEN & Q(waiting_since__isnull=False)
        rest = Q(state=Query.State.RESOLVED) | Q(waiting_since=None)
        return [_Part(first, "waiting_since", down=False), _Part(rest, "activity_at", down=True)]
    first = OPEN & Q(window_closes_at__gt=now)
    rest = Q(state=Query.State.RESOLVED) | Q(window_closes_at=None) | Q(window_closes_at__lte=now)
    return [_Part(first, "window_closes_at", down=False), _Part(rest, "activity_at", down=True)]


#: What tells one version of a row from the next, as PostgreSQL keeps it.
_VERSION = (
    "customer_id",
    RawSQL('"recontact_query"."xmin"::text', ()),
    RawSQL('"recontact_query"."ctid"', ()),
)


def _rows(
    branches: Sequence[QuerySet[Query]], part: _Part, place: Place | None, limit: int, also: Sequence[Any] = ()
) -> Any:
    """The (value, id, whatever `also` names) of the next rows of the part, from all branches, each once; not asked for yet."""
    sign, before = ("-", "lt") if part.down else ("", "gt")
    order = (f"{sign}{part.column}", f"{sign}id")
    begins = Q()
    if place is not None:
        begins = Q(**{f"{part.column}__{before}e": place.value}) & (
            Q(**{f"{part.column}__{before}": place.value}) | Q(**{f"id__{before}": place.pk})
        )
    pieces = [
        branch.filter(part.condition & begins).order_by(*order).values_list(part.column, "id", *also)[:limit]
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
