"""What a list of conversations is asked for: tab, order, filters, search. Read from an address and written into one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from urllib.parse import urlencode

from django.db.models import OuterRef, Q, Subquery
from django.db.models.lookups import IsNull

from recontact.models import Query, Recontact
from recontact.models.query import UNANSWERED

PENDING, MINE, IN_PROGRESS, SNOOZED, RESOLVED, ALL = "pending", "mine", "progress", "snoozed", "resolved", "all"
NEWEST, WAITING, WINDOW = "newest", "waiting", "window"
SORTS = (NEWEST, WAITING, WINDOW)
YES, NO, NO_ANSWER, NOBODY = "yes", "no", "unanswered", "nobody"
SEARCH_LIMIT = 100
TAG_LIMIT = 30

OPEN = ~Q(state=Query.State.RESOLVED)
_STATES = {PENDING: Query.State.PENDING, IN_PROGRESS: Query.State.IN_PROGRESS, RESOLVED: Query.State.RESOLVED}


@dataclass(frozen=True, slots=True)
class Filters:
    """What narrows a list; empty = not. `agent` may be `nobody`; `recontact` is yes, no or unanswered."""

    topic: str = ""
    origin: str = ""
    tag: str = ""
    team: str = ""
    agent: str = ""
    number: str = ""
    campaign: str = ""
    recontact: str = ""

    def __bool__(self) -> bool:
        return any(getattr(self, field.name) for field in fields(self))


@dataclass(frozen=True, slots=True)
class Asked:
    """One list: a tab, or what a search finds in all of them."""

    tab: str = PENDING
    search: str = ""
    sort: str = NEWEST
    filters: Filters = Filters()

    @classmethod
    def read(cls, values: Mapping[str, str], *, tab: str = PENDING) -> Asked:
        """From an address; what it says wrong counts as not said. `tab` is the one where it names none."""
        chosen = {field.name: _clean(field.name, values.get(field.name, "")) for field in fields(Filters)}
        sort = values.get("sort", NEWEST)
        return cls(
            tab=values.get("tab") or tab,
            search=values.get("q", "").replace("\x00", "").strip()[:SEARCH_LIMIT],
            sort=sort if sort in SORTS else NEWEST,
            filters=Filters(**chosen),
        )

    @property
    def place(self) -> str:
        """The same list as the end of an address: it travels with every link, so that the way back is known."""
        said = {"tab": self.tab, "q": self.search, "sort": "" if self.sort == NEWEST else self.sort}
        said |= {field.name: getattr(self.filters, field.name) for field in fields(Filters)}
        return urlencode({name: value for name, value in said.items() if value})

    def without_filters(self) -> Asked:
        """The same list, whole."""
        return replace(self, filters=Filters())


def _clean(name: str, value: str) -> str:
    value = value.replace("\x00", "").strip()
    if name in ("team", "number", "campaign") or (name == "agent" and value != NOBODY):
        return value if value.isdecimal() and len(value) < 16 else ""
    if name == "recontact":
        return value if value in (YES, NO, NO_ANSWER) else ""
    if name == "origin":
        return value if value in Query.Origin.values else ""
    return value[: TAG_LIMIT if name == "tag" else 60]


def tab_condition(tab: str) -> Q:
    """The state that a tab shows. What is put off is in no tab but its own, until it comes back."""
    if tab == SNOOZED:
        return OPEN & Q(snoozed_until__isnull=False)
    if tab == MINE:
        return Q(state__in=[Query.State.PENDING, Query.State.IN_PROGRESS], snoozed_until=None)
    state = _STATES.get(tab)
    if state is None:
        return Q()
    return Q(state=state) if state == Query.State.RESOLVED else Q(state=state, snoozed_until=None)


def filter_condition(filters: Filters) -> Q:
    """The filters as one condition on queries."""
    wanted = Q()
    for name, column in (("topic", "topic"), ("origin", "origin"), ("number", "sender_number"), ("team", "team")):
        if value := getattr(filters, name):
            wanted &= Q(**{column: value})
    if filters.campaign:
        wanted &= Q(campaign=filters.campaign)
    if filters.tag:
        wanted &= Q(tags__contains=[filters.tag])
    if filters.agent:
        wanted &= Q(assigned_to=None) if filters.agent == NOBODY else Q(assigned_to=filters.agent)
    return wanted & _recontact_condition(filters.recontact)


def _recontact_condition(wanted: str) -> Q:
    """What stands the ledger says; the query's own column leads to the rows where it has to be asked.

    As a value and not as an EXISTS: of that the database would make a list of the whole ledger first.
    """
    standing = Subquery(
        Recontact.objects.filter(query_id=OuterRef("pk")).exclude(state=Recontact.State.RELEASED).values("pk")[:1]
    )
    if wanted == YES:
        return Q(recontact_asked_at__isnull=False) & Q(IsNull(standing, False))
    if wanted == NO:
        return Q(recontact_asked_at=None) | Q(IsNull(standing, True))
    if wanted == NO_ANSWER:
        return OPEN & UNANSWERED & Q(IsNull(standing, False))
    return Q()
