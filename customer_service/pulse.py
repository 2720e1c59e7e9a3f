"""The pulse of an open screen: a tiny question every two seconds, and "something changed" or "nothing did" as the answer.

A fingerprint of what the screen shows is taken straight from the rows' versions (PostgreSQL's xmin and ctid), so it misses
nothing, whoever wrote, and costs little: no session, no user, no page. What may be asked is signed into the token that came
with the page; the answer tells nothing but that the page is old, and the new one is asked for in the ordinary way.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from functools import lru_cache
from typing import Any

from django.core import signing
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse

from customer_service.desks import desk_sign, ticket_sign
from customer_service.lists import NEWEST, Asked, Filters
from customer_service.paging import Reach, page_ids, versions_of
from recontact.prepared import Statement

PATH = "/service/pulse/"
#: A screen that stays open longer than a working day is loaded anew.
LIFETIME = timedelta(hours=13)
_SALT = "customer_service.pulse"
LIST, TICKET = "list", "ticket"
#: The fingerprint of a ticket that is gone.
NOTHING = "none"
SIGN_EVERY_SECONDS = 30.0
SIGNS_KEPT = 10_000
#: When somebody was last said to be at work, by user, or at a ticket, by user and query.
_signs: dict[tuple[int, ...], float] = {}

_ROWS = """
    SELECT md5(string_agg(concat_ws(':', q.id, q.version, q.place, c.xmin, m.id, m.xmin, m.ctid), ',' ORDER BY q.id))
    FROM ({page}) AS q(at, id, customer, version, place) JOIN recontact_customer c ON c.id = q.customer
    LEFT JOIN LATERAL (
        SELECT m.id, m.xmin, m.ctid FROM recontact_message m WHERE m.query_id = q.id ORDER BY m.id DESC LIMIT 1
    ) m ON true
"""
#: A message that is older than these last ones no longer changes but by a late word, which a slower round brings.
_TICKET = Statement(
    """
    SELECT md5(concat_ws(':', q.xmin, q.ctid, c.xmin, w.xmin, w.expires_at > clock_timestamp(),
        (SELECT string_agg(concat(m.xmin, m.ctid), ',') FROM (
            SELECT m.xmin, m.ctid FROM recontact_message m WHERE m.query_id = q.id ORDER BY m.id DESC LIMIT 30) m),
        (SELECT string_agg(concat(i.xmin, i.ctid), ',') FROM (
            SELECT i.xmin, i.ctid FROM customer_service_inboundmessage i WHERE i.query_id = q.id ORDER BY i.id DESC LIMIT 30) i),
        (SELECT max(n.id) FROM customer_service_note n WHERE n.query_id = q.id),
        (SELECT max(e.id) FROM recontact_queryevent e WHERE e.query_id = q.id),
        (SELECT string_agg(concat(r.xmin, r.ctid), ',') FROM recontact_recontact r WHERE r.query_id = q.id),
        (SELECT string_agg(p.user_id::text, ',' ORDER BY p.user_id) FROM customer_service_presence p
         WHERE p.query_id = q.id AND p.user_id <> %s AND p.seen_at > clock_timestamp() - interval '45 seconds'),
        (SELECT string_agg(concat(o.xmin, o.ctid), ',') FROM recontact_optout o WHERE o.customer_id = q.customer_id)))
    FROM recontact_query q JOIN recontact_customer c ON c.id = q.customer_id
    LEFT JOIN recontact_servicewindow w ON w.customer_id = q.customer_id AND w.sender_number_id = q.sender_number_id
    WHERE q.id = %s
    """,
    ["user", "query"],
)
_CHOSEN = Statement(
    _ROWS.format(page="SELECT NULL, id, customer_id, xmin, ctid FROM recontact_query WHERE id = ANY(%s::bigint[])"),
    ["ids"],
)


def list_token(reach: Reach, asked: Asked, *, page_size: int) -> str:
    """What lets a screen ask about the first page of this list; empty for a search, which is asked for again more slowly."""
    if asked.search:
        return ""
    shown = {"tab": asked.tab, "sort": asked.sort, **asdict(asked.filters)}
    return _signed(
        {"user": reach.user_id, "all": reach.everything, "teams": reach.team_ids, "list": shown, "n": page_size}
    )


def ticket_token(query_id: int, user_id: int) -> str:
    """What lets a screen ask about this ticket. The caller has checked that the user reaches it."""
    return _signed({"user": user_id, "query": query_id})


def list_print(reach: Reach, asked: Asked, *, page_size: int) -> str:
    """The fingerprint of the list's first page: it changes with every row of it and with its order."""
    if asked.sort == NEWEST:
        return _one(_newest(versions_of(reach, asked, page_size)).rows(dict(reach.values)))
    ids, _following = page_ids(reach, asked, limit=page_size)
    return rows_print(ids)


def rows_print(ids: Sequence[int]) -> str:
    """The same of the queries that are known to be that page."""
    return _one(_CHOSEN.rows({"ids": ids}))


def ticket_print(query_id: int, user_id: int) -> str:
    """The fingerprint of what a ticket shows to the user."""
    return _one(_TICKET.rows({"user": user_id, "query": query_id}))


@dataclass(frozen=True, slots=True)
class _Question:
    """What a token lets a screen ask: about a list (its reach, what it shows, how many), or about the ticket of a query."""

    user_id: int
    signed_at: int
    query_id: int | None = None
    reach: Reach | None = None
    asked: Asked = field(default_factory=Asked)
    page_size: int = 0


def pulse_answer(request: HttpRequest) -> HttpResponseBase:
    """204 while nothing changed; else which of the two did. A token that is none is as good as a page that is old."""
    asked = {name: _read(request.GET[name]) for name in (LIST, TICKET) if request.GET.get(name)}
    list_, ticket = asked.get(LIST), asked.get(TICKET)
    for user_id in {each.user_id for each in (list_, ticket) if each is not None}:
        if _is_due((user_id,)):
            with contextlib.suppress(Exception):
                desk_sign(user_id)
    _is_at_ticket(ticket)
    now = dict(zip((LIST, TICKET), _prints(list_, ticket), strict=True))
    changed = [name for name in asked if now[name] != request.GET.get(f"{name}_print")]
    return JsonResponse({"changed": changed}) if changed else HttpResponse(status=204)


def _prints(list_: _Question | None, ticket: _Question | None) -> tuple[str, str]:
    """What the screen's list and ticket are now, in one statement where that can be; empty for what was not asked in earnest."""
    reach, query_id = list_ and list_.reach, ticket and ticket.query_id
    if not (list_ and reach and ticket and query_id and list_.asked.sort == NEWEST and list_.user_id == ticket.user_id):
        first = list_print(reach, list_.asked, page_size=list_.page_size) if list_ and reach else ""
        return first, ticket_print(query_id, ticket.user_id) if ticket and query_id else ""
    both = _both(versions_of(reach, list_.asked, list_.page_size))
    ((first, second),) = both.read({**reach.values, "query": query_id})
    return str(first), NOTHING if second is None else str(second)


def _is_at_ticket(ticket: _Question | None) -> None:
    """Whoever's screen asks about a ticket has it open. A user or a query that is gone meanwhile is no reason to fail."""
    if ticket is not None and ticket.query_id is not None and _is_due((ticket.user_id, ticket.query_id)):
        with contextlib.suppress(IntegrityError):
            ticket_sign(query_id=ticket.query_id, user_id=ticket.user_id)


def _is_due(whose: tuple[int, ...]) -> bool:
    """Whoever's screen asks is at work. Each process says so every 30 s; without a cache he is found out a little later."""
    now = time.monotonic()
    if now - _signs.get(whose, -SIGN_EVERY_SECONDS) < SIGN_EVERY_SECONDS:
        return False
    if len(_signs) > SIGNS_KEPT:
        _signs.clear()
    _signs[whose] = now
    return True


def _signed(said: dict[str, Any]) -> str:
    return signing.dumps(said, salt=_SALT)


def _read(token: str) -> _Question | None:
    """What the token lets its bearer ask; None for one that the portal did not sign, or too long ago."""
    try:
        question = _verified(token)
    except signing.BadSignature:
        return None
    return question if time.time() <= question.signed_at + LIFETIME.total_seconds() else None


@lru_cache(maxsize=4096)
def _verified(token: str) -> _Question:
    """Every screen brings the same token again and again; to check it costs as much as to ask the database.

    Raises BadSignature, and then nothing is remembered.
    """
    said: dict[str, Any] = signing.loads(token, salt=_SALT)
    signed_at = signing.b62_decode(token.split(":")[-2])
    if "list" not in said:
        return _Question(said["user"], signed_at, query_id=said["query"])
    shown = dict(said["list"])
    asked = Asked(tab=shown.pop("tab"), sort=shown.pop("sort"), filters=Filters(**shown))
    reach = Reach(said["user"], everything=said["all"], team_ids=tuple(said["teams"]))
    return _Question(said["user"], signed_at, reach=reach, asked=asked, page_size=said["n"])


@lru_cache(maxsize=2048)
def _newest(page: Statement) -> Statement:
    return Statement(_ROWS.format(page=page.sql), page.names)


@lru_cache(maxsize=2048)
def _both(page: Statement) -> Statement:
    """The fingerprints of a list and of a ticket as one row."""
    rows = _newest(page)
    return Statement(f"SELECT ({rows.sql}), ({_TICKET.sql})", [*rows.names, *_TICKET.names])


def _one(rows: Sequence[tuple[Any, ...]]) -> str:
    return str(rows[0][0]) if rows else NOTHING
