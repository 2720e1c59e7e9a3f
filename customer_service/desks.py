"""Agents at work: online, paused, offline. Who leaves, or works on for twelve hours, is disconnected."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.core.cache import cache
from django.db import transaction
from django.utils.translation import gettext as _

from customer_service.models import Desk, Presence, TeamSettings
from recontact.clock import ClockTimestamp, database_now
from recontact.models import Query
from recontact.prepared import Prepared, Statement
from recontact.queries import query_return

#: Nobody works longer without saying that he is still there.
LONGEST = timedelta(hours=12)
WARNING = timedelta(minutes=30)
#: Without a sign of his browser an agent is given no more queries, and then counts as gone.
QUIET = timedelta(seconds=90)
GONE = timedelta(minutes=5)
_KEY = "desk:seen:{}"
_OPEN_ELSEWHERE = timedelta(seconds=45)


def desk_of(user: Any) -> Desk:
    """The user's desk; offline where he never was at work."""
    return Desk.objects.filter(user=user).first() or Desk(user=user)


@transaction.atomic
def desk_set(*, user: Any, state: str, pause: str = "") -> Desk:
    """Say that the user is online, paused (with a reason) or offline. Going offline leaves his queries as his team wants."""
    Desk.objects.get_or_create(user=user)
    desk = Desk.objects.select_for_update().get(user=user)
    now = database_now()
    if desk.state == Desk.State.OFFLINE or desk.connected_at is None:
        desk.connected_at = now
    if desk.state != state:
        desk.since = now
    desk.state, desk.pause = state, pause if state == Desk.State.PAUSED else ""
    desk.seen_at = now
    if state == Desk.State.OFFLINE:
        desk.connected_at = None
        transaction.on_commit(lambda: queries_leave(user))
    desk.save()
    return desk


def desk_extend(*, user: Any) -> None:
    """One click: the twelve hours begin anew."""
    Desk.objects.filter(user=user).exclude(state=Desk.State.OFFLINE).update(connected_at=ClockTimestamp())


def desk_ends_soon(desk: Desk, now: datetime) -> bool:
    """Whether the agent is to be asked if he is still there."""
    return desk.connected_at is not None and now >= desk.connected_at + LONGEST - WARNING


def desk_sign(user_id: int) -> None:
    """A sign of the agent's browser. It lasts a minute in the cache; `desks_look` writes it down."""
    cache.set(_KEY.format(user_id), 1, timeout=60)


def desks_look() -> list[int]:
    """Write down the last signs, and disconnect who gave none for minutes or has worked for twelve hours; their user ids."""
    working = list(Desk.objects.exclude(state=Desk.State.OFFLINE).select_related("user"))
    signs = cache.get_many([_KEY.format(desk.user_id) for desk in working])
    now = database_now()
    seen = [desk for desk in working if _KEY.format(desk.user_id) in signs]
    for desk in seen:
        desk.seen_at = now
    Desk.objects.filter(pk__in=[desk.pk for desk in seen]).update(seen_at=now)
    gone = [desk for desk in working if _is_over(desk, now)]
    for desk in gone:
        desk_set(user=desk.user, state=Desk.State.OFFLINE)
    Presence.objects.filter(seen_at__lt=now - timedelta(hours=1)).delete()
    return [desk.user_id for desk in gone]


def _is_over(desk: Desk, now: datetime) -> bool:
    unseen = desk.seen_at is None or desk.seen_at < now - GONE
    return unseen or (desk.connected_at is not None and desk.connected_at < now - LONGEST)


def queries_leave(user: Any) -> int:
    """The agent disconnected: those of his queries whose team wants it go back to Pending. How many did."""
    back = TeamSettings.objects.filter(on_disconnection=TeamSettings.OnDisconnection.PENDING).values("team")
    rows = Query.objects.filter(assigned_to=user, team__in=back, state=Query.State.IN_PROGRESS)
    detail = _("%(agent)s is offline") % {"agent": user}
    ids = list(rows.values_list("pk", flat=True))
    return sum(query_return(query_id=pk, agent=user, detail=detail) is not None for pk in ids)


_SIGN = Statement(
    f"""
    INSERT INTO {Presence._meta.db_table} (query_id, user_id, seen_at) VALUES (%s, %s, clock_timestamp())
    ON CONFLICT (query_id, user_id) DO UPDATE SET seen_at = EXCLUDED.seen_at RETURNING id
    """,  # noqa: S608 -- the table's own name
    ["query", "user"],
)


def ticket_sign(*, query_id: int, user_id: int) -> None:
    """The user has the ticket on his screen. It holds for `_OPEN_ELSEWHERE`."""
    _SIGN.rows({"query": query_id, "user": user_id})


def ticket_opened(*, query: Query, user: Any) -> list[Any]:
    """Note that the user has the ticket on his screen; the others who have, by name."""
    ticket_sign(query_id=query.pk, user_id=user.pk)
    return [each.user for each in _OTHERS(query=query.pk, user=user.pk)]


_OTHERS = Prepared(
    lambda query, user: (
        Presence.objects.filter(query=query, seen_at__gt=ClockTimestamp() - _OPEN_ELSEWHERE)
        .exclude(user=user)
        .select_related("user")
        .order_by("user__first_name", "pk")
    )
)
