"""The pulse of an open screen: a tiny question every two seconds, and "something changed" or "nothing did" as the answer.

A fingerprint of what the screen shows is taken straight from the rows' versions (PostgreSQL's xmin and ctid), so it misses
nothing, whoever wrote, and costs little: no session, no user, no page. What may be asked is signed into the token that came
with the page; the answer tells nothing but that the page is old, and the new one is asked for in the ordinary way.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Sequence
from dataclasses import asdict
from datetime import timedelta
from functools import lru_cache
from typing import Any

from django.core import signing
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse

from customer_service.desks import desk_sign, ticket_sign
from customer_service.lists import NEWEST, Asked, Filters
from customer_service.paging import Reach, page_ids, part_of
from recontact.prepared import Statement

PATH = "/service/pulse/"
#: A screen that stays open longer than a working day is loaded anew.
LIFETIME = timedelta(hours=13)
_SALT = "customer_service.pulse"
LIST, TICKET = "list", "ticket"
SIGN_EVERY_SECONDS = 20.0
SIGNS_KEPT = 10_000
#: When somebody was last said to be at work, by user, or at a ticket, by user and query.
_signs: dict[tuple[int, ...], float] = {}

_ROWS = """
    SELECT md5(string_agg(concat_ws(':', q.id, q.xmin, q.ctid, c.xmin, m.id, m.xmin, m.ctid), ',' ORDER BY q.id))
    FROM recontact_query q JOIN recontact_customer c ON c.id = q.customer_id
    LEFT JOIN LATERAL (
        SELECT m.id, m.xmin, m.ctid FROM recontact_message m WHERE m.query_id = q.id ORDER BY m.id DESC LIMIT 1
    ) m ON true
    WHERE q.id IN (SELECT p.id FROM ({page}) AS p(at, id))
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
_CHOSEN = Statement(_ROWS.format(page="SELECT NULL, * FROM unnest(%s::bigint[])"), ["ids"])


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
        return _one(_newest(part_of(reach, asked, 0, page_size).statement).rows(dict(reach.values)))
    ids, _following = page_ids(reach, asked, limit=page_size)
    return rows_print(ids)


def rows_print(ids: Sequence[int]) -> str:
    """The same of the queries that are known to be that page."""
    return _one(_CHOSEN.rows({"ids": ids}))


def ticket_print(query_id: int, user_id: int) -> str:
    """The fingerprint of what a ticket shows to the user."""
    return _one(_TICKET.rows({"user": user_id, "query": query_id}))


def pulse_answer(request: HttpRequest) -> HttpResponseBase:
    """204 while nothing changed; else which of the two did. A token that is none is as good as a page that is old."""
    said = {name: _read(request.GET[name]) for name in (LIST, TICKET) if request.GET.get(name)}
    for user_id in {each["user"] for each in said.values() if "user" in each}:
        if _is_due((user_id,)):
            with contextlib.suppress(Exception):
                desk_sign(user_id)
    _is_at_ticket(said.get(TICKET, {}))
    changed = [
        name
        for name, read in ((LIST, _list_now), (TICKET, _ticket_now))
        if name in said and read(said[name]) != request.GET.get(f"{name}_print")
    ]
    return JsonResponse({"changed": changed}) if changed else HttpResponse(status=204)


def _is_at_ticket(said: dict[str, Any]) -> None:
    """Whoever's screen asks about a ticket has it open. A user or a query that is gone meanwhile is no reason to fail."""
    if "query" in said and _is_due((said["user"], said["query"])):
        with contextlib.suppress(IntegrityError):
            ticket_sign(query_id=said["query"], user_id=said["user"])


def _is_due(whose: tuple[int, ...]) -> bool:
    """Whoever's screen asks is at work. Each process says so every 20 s; without a cache he is found out a little later."""
    now = time.monotonic()
    if now - _signs.get(whose, -SIGN_EVERY_SECONDS) < SIGN_EVERY_SECONDS:
        return False
    if len(_signs) > SIGNS_KEPT:
        _signs.clear()
    _signs[whose] = now
    return True


def _list_now(said: dict[str, Any]) -> str:
    if "list" not in said:
        return ""
    shown = dict(said["list"])
    asked = Asked(tab=shown.pop("tab"), sort=shown.pop("sort"), filters=Filters(**shown))
    reach = Reach(said["user"], everything=said["all"], team_ids=tuple(said["teams"]))
    return list_print(reach, asked, page_size=said["n"])


def _ticket_now(said: dict[str, Any]) -> str:
    return ticket_print(said["query"], said["user"]) if "query" in said else ""


def _signed(said: dict[str, Any]) -> str:
    return signing.dumps(said, salt=_SALT)


def _read(token: str) -> dict[str, Any]:
    try:
        said: dict[str, Any] = signing.loads(token, salt=_SALT, max_age=LIFETIME)
    except signing.BadSignature:
        return {}
    return said


@lru_cache(maxsize=2048)
def _newest(page: Statement) -> Statement:
    return Statement(_ROWS.format(page=page.sql), page.names)


def _one(rows: Sequence[tuple[Any, ...]]) -> str:
    return str(rows[0][0]) if rows else "none"
