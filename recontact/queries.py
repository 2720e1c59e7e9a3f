"""What becomes of queries: taken, given, referred, put off, resolved, reopened.

Each in one transaction, with the customer and the query locked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from django.db import transaction
from django.utils import formats, timezone
from django.utils.translation import gettext as _

from recontact.access import query_is_foreign
from recontact.clock import database_now
from recontact.customers import customer_lock
from recontact.models import Query, QueryEvent, Team

#: No moment, but the customer's next word, ends a query's being put off.
UNTIL_ANSWER = datetime(9000, 1, 1, tzinfo=UTC)
SNOOZE_AT_MOST = timedelta(days=366)


class QueryCode(StrEnum):
    """Why something is not done with a query. The codes never change their meaning."""

    TAKEN = "query_taken"
    FOREIGN = "query_foreign"
    RESOLVED = "query_resolved"
    NOT_RESOLVED = "query_not_resolved"
    MERGED = "query_merged"
    OPEN_QUERY_EXISTS = "open_query_exists"
    RESOLUTION_MISSING = "resolution_missing"
    TARGET_MISSING = "target_missing"
    TARGET_UNFIT = "target_unfit"
    UNASSIGNED = "query_unassigned"
    PAST = "moment_past"


#: Codes that mean "the request itself is wrong"; every other one is a conflict with the present state (409).
_BAD_REQUEST_CODES = frozenset(
    {QueryCode.RESOLUTION_MISSING, QueryCode.TARGET_MISSING, QueryCode.TARGET_UNFIT, QueryCode.PAST}
)


class QueryRefused(Exception):
    """Nothing was changed, for this reason. `params` are the values of its sentence."""

    def __init__(self, code: QueryCode, params: Mapping[str, Any] | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.params = dict(params or {})

    @property
    def sentence(self) -> str:
        """The reason in the reader's language."""
        return _sentences()[self.code] % self.params

    @property
    def http_status(self) -> int:
        return 400 if self.code in _BAD_REQUEST_CODES else 409


def _sentences() -> dict[QueryCode, str]:
    return {
        QueryCode.TAKEN: _("%(agent)s has taken this query already."),
        QueryCode.FOREIGN: _("The query belongs to %(agent)s. A coordinator can refer it to you."),
        QueryCode.RESOLVED: _("The query is resolved. Reopen it first."),
        QueryCode.NOT_RESOLVED: _("The query is open: there is nothing to reopen."),
        QueryCode.MERGED: _("This query was merged into %(query)s: continue there."),
        QueryCode.OPEN_QUERY_EXISTS: _("The customer has the open query %(query)s with this number: continue there."),
        QueryCode.RESOLUTION_MISSING: _("Say in a few words how the query was resolved."),
        QueryCode.TARGET_MISSING: _("Choose an agent or a team."),
        QueryCode.TARGET_UNFIT: _("%(agent)s cannot see queries: choose somebody else."),
        QueryCode.UNASSIGNED: _("Take the query first."),
        QueryCode.PAST: _("Choose a moment in the future, at most a year ahead."),
    }


@transaction.atomic
def query_take(*, query_id: int, user: Any) -> Query:
    """Make an unassigned open query the user's own. Taking one's own again changes nothing.

    Raises QueryRefused: somebody else has it (named), or it is resolved.
    """
    query = _locked(query_id)
    _refuse_resolved(query)
    if query.assigned_to_id == user.pk:
        return query
    if query.assigned_to_id is not None:
        raise QueryRefused(QueryCode.TAKEN, {"agent": str(query.assigned_to)})
    query.assigned_to, query.state, query.taken_at = user, Query.State.IN_PROGRESS, database_now()
    query.save(update_fields=["assigned_to", "state", "taken_at"])
    _event(query, QueryEvent.Kind.TAKEN, user)
    return query


@transaction.atomic
def query_resolve(*, query_id: int, user: Any, resolution: str) -> Query:
    """Close a query with the resolution in words (at most 100 characters are kept). Raises QueryRefused."""
    words = _clean(resolution)
    if not words:
        raise QueryRefused(QueryCode.RESOLUTION_MISSING)
    query = _locked(query_id)
    _refuse_resolved(query)
    _refuse_foreign(query, user)
    query.state, query.resolved_at, query.resolution = Query.State.RESOLVED, database_now(), words[:100]
    query.waiting_since = query.snoozed_until = None
    query.save(update_fields=["state", "resolved_at", "resolution", "waiting_since", "snoozed_until"])
    _event(query, QueryEvent.Kind.RESOLVED, user, words)
    return query


@transaction.atomic
def query_reopen(*, query_id: int, user: Any) -> Query:
    """Open a resolved query again; it is its agent's, or the user's when it had none. Its recontact stays as it was.

    Raises QueryRefused: it is open, was merged away, is another's, or the customer has another open query at this number.
    """
    query = _locked(query_id)
    if query.is_open:
        raise QueryRefused(QueryCode.NOT_RESOLVED)
    merged = query.events.filter(kind=QueryEvent.Kind.MERGED).first()
    if merged is not None:
        raise QueryRefused(QueryCode.MERGED, {"query": merged.detail})
    _refuse_foreign(query, user)
    rows = Query.objects.filter(customer_id=query.customer_id, sender_number_id=query.sender_number_id)
    other = rows.exclude(state=Query.State.RESOLVED).values_list("pk", flat=True).first()
    if other is not None:
        raise QueryRefused(QueryCode.OPEN_QUERY_EXISTS, {"query": other})
    now = database_now()
    query.assigned_to = query.assigned_to or user
    query.taken_at = query.taken_at or now
    query.state, query.resolved_at, query.resolution, query.activity_at = Query.State.IN_PROGRESS, None, "", now
    query.save(update_fields=["assigned_to", "taken_at", "state", "resolved_at", "resolution", "activity_at"])
    _event(query, QueryEvent.Kind.REOPENED, user)
    return query


@transaction.atomic
def query_refer(*, query_id: int, user: Any, agent: Any = None, team: Team | None = None, comment: str = "") -> Query:
    """Hand an open query to an agent (then it is his), or to a team (then it waits for one of its members).

    The caller has checked the permission to refer. Raises QueryRefused.
    """
    if agent is None and team is None:
        raise QueryRefused(QueryCode.TARGET_MISSING)
    if agent is not None and not (agent.is_active and agent.has_perm("recontact.view_query")):
        raise QueryRefused(QueryCode.TARGET_UNFIT, {"agent": str(agent)})
    query = _locked(query_id)
    _refuse_resolved(query)
    query.assigned_to = agent
    query.team = team or (agent.teams.first() if agent is not None else None) or query.team
    query.state = Query.State.IN_PROGRESS if agent is not None else Query.State.PENDING
    query.taken_at = database_now() if agent is not None else None
    query.snoozed_until = None
    query.save(update_fields=["assigned_to", "team", "state", "taken_at", "snoozed_until"])
    target = " · ".join(str(part) for part in (agent, team) if part is not None)
    _event(query, QueryEvent.Kind.REFERRED, user, ": ".join(filter(None, [target, _clean(comment)])))
    return query


@transaction.atomic
def query_assign(*, query_id: int, agent: Any) -> Query | None:
    """Give a waiting query of nobody to an agent, as the portal does by itself. None: somebody has it, or it waits no more."""
    query = _locked(query_id)
    if query.assigned_to_id is not None or query.state != Query.State.PENDING:
        return None
    query.assigned_to, query.state, query.taken_at = agent, Query.State.IN_PROGRESS, database_now()
    query.save(update_fields=["assigned_to", "state", "taken_at"])
    _event(query, QueryEvent.Kind.ASSIGNED, None, str(agent))
    return query


@transaction.atomic
def query_return(*, query_id: int, agent: Any, detail: str = "") -> Query | None:
    """Put an agent's open query back to Pending, because he left. None: it is no longer his, or resolved."""
    query = _locked(query_id)
    if query.assigned_to_id != agent.pk or not query.is_open:
        return None
    query.assigned_to, query.state, query.taken_at, query.snoozed_until = None, Query.State.PENDING, None, None
    query.save(update_fields=["assigned_to", "state", "taken_at", "snoozed_until"])
    _event(query, QueryEvent.Kind.RETURNED, None, detail)
    return query


@transaction.atomic
def query_snooze(*, query_id: int, user: Any, until: datetime | None) -> Query:
    """Put an agent's query off until a moment, or (None) until the customer writes. Raises QueryRefused."""
    query = _locked(query_id)
    _refuse_resolved(query)
    _refuse_foreign(query, user)
    if query.assigned_to_id is None:
        raise QueryRefused(QueryCode.UNASSIGNED)
    now = database_now()
    if until is not None and not now < until <= now + SNOOZE_AT_MOST:
        raise QueryRefused(QueryCode.PAST)
    query.snoozed_until = until or UNTIL_ANSWER
    query.save(update_fields=["snoozed_until"])
    shown = timezone.localtime(until) if until is not None else None
    _event(query, QueryEvent.Kind.SNOOZED, user, formats.date_format(shown, "SHORT_DATETIME_FORMAT") if shown else "")
    return query


@transaction.atomic
def query_wake(*, query_id: int, user: Any = None, due_only: bool = False) -> Query | None:
    """Bring a query back that was put off, to the top of the lists. None: it was not put off (or, `due_only`, not yet due)."""
    query = _locked(query_id)
    now = database_now()
    if query.snoozed_until is None or (due_only and query.snoozed_until > now):
        return None
    if user is not None:
        _refuse_foreign(query, user)
    query.snoozed_until, query.activity_at = None, now
    query.save(update_fields=["snoozed_until", "activity_at"])
    _event(query, QueryEvent.Kind.WOKEN, user)
    return query


@transaction.atomic
def query_describe(*, query_id: int, user: Any, topic: str, tags: Sequence[str]) -> Query:
    """Say what the query is about. Raises QueryRefused when it is another's."""
    query = _locked(query_id)
    _refuse_foreign(query, user)
    query.topic, query.tags = topic[:60], list(dict.fromkeys(tag[:30] for tag in tags))
    query.save(update_fields=["topic", "tags"])
    return query


def _locked(query_id: int) -> Query:
    """The query's row, locked after its customer's: the order every writer keeps."""
    customer_lock(Query.objects.values_list("customer_id", flat=True).get(pk=query_id))
    rows = Query.objects.select_for_update(of=("self",), no_key=True).select_related("assigned_to", "team")
    return rows.get(pk=query_id)


def _refuse_resolved(query: Query) -> None:
    if not query.is_open:
        raise QueryRefused(QueryCode.RESOLVED)


def _refuse_foreign(query: Query, user: Any) -> None:
    if query_is_foreign(user, query):
        raise QueryRefused(QueryCode.FOREIGN, {"agent": str(query.assigned_to)})


def _clean(text: str) -> str:
    return " ".join(text.replace("\x00", "").split())


def _event(query: Query, kind: str, user: Any, detail: str = "") -> None:
    QueryEvent.objects.create(query=query, kind=kind, actor=user, detail=detail[:300])
