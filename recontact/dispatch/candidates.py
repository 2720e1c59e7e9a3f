"""What a claim may take: the due messages of a number, locked, with what its steps read of them. Rows of paused or parked
lanes are never scanned."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from psycopg.types.numeric import Int8

from recontact.arrays import array_literal
from recontact.prepared import Prepared, fetched
from templates_app.models import Template

# Who is written to just now is looked up once, as a set: joined, the whole queue might be read and sorted for each claim.
_CANDIDATES = """
    SELECT m.id, extract(epoch FROM m.due_at)::float8, m.customer_id, m.account_id, m.query_id, m.campaign_id,
           m.retry_of_id, m.template_id, m.reference::text, m.kind, m.template_name, m.template_language, m.template_hash,
           m.category, m.recipient_phone, m.recipient_bsuid, m.body, m.components::text
    FROM recontact_message m
    WHERE m.sender_number_id = %s AND {lane} AND m.state = 'queued'
      AND m.due_at <= (SELECT clock_timestamp()) AND m.expires_at > clock_timestamp()
      AND m.customer_id NOT IN (SELECT f.customer_id FROM recontact_message f
                                WHERE f.state = 'sending' AND f.sender_number_id = %s)
      {order_kept}
    ORDER BY m.due_at, m.id LIMIT %s FOR UPDATE OF m SKIP LOCKED
"""
# What an agent wrote first arrives first, even when it had to wait.
_AGENTS = _CANDIDATES.format(
    lane="m.campaign_id IS NULL",
    order_kept="""AND NOT EXISTS (SELECT 1 FROM recontact_message o WHERE o.customer_id = m.customer_id AND o.id < m.id
                  AND o.state = 'queued' AND o.sender_number_id = m.sender_number_id AND o.campaign_id IS NULL)""",
)
_CAMPAIGN = _CANDIDATES.format(lane="m.campaign_id = %s", order_kept="")
_AGENTS_WAIT = """
    SELECT n.id FROM unnest(%s::bigint[]) AS n(id)
    WHERE EXISTS (SELECT FROM recontact_message m WHERE m.sender_number_id = n.id AND m.campaign_id IS NULL
                  AND m.state = 'queued' AND m.due_at <= clock_timestamp() AND m.expires_at > clock_timestamp())
"""
# Of the last second: along the index of a number's HSMs by the moment of their claim.
_GONE = """
    SELECT m.campaign_id, count(*) FROM recontact_message m
    WHERE m.sender_number_id = %s AND m.kind = 'template'
      AND m.claimed_at > (SELECT clock_timestamp() - interval '1 second') AND m.campaign_id = ANY(%s::bigint[])
    GROUP BY m.campaign_id
"""
_TEMPLATES = Prepared(lambda ids: Template.objects.filter(pk__among=[ids]))
# As Query.is_open says it.
_QUERIES_OPEN = "SELECT id FROM recontact_query WHERE id = ANY(%s::bigint[]) AND state <> 'resolved'"


@dataclass(slots=True)
class Due:
    """A message about to be claimed: what the steps of a claim read of its row, by the same names, and no more."""

    pk: int
    #: Seconds since 1970: a number is read in a tenth of a moment's time.
    due_at: float
    customer_id: int
    account_id: int
    query_id: int | None
    campaign_id: int | None
    retry_of_id: int | None
    template_id: int | None
    reference: str
    kind: str
    template_name: str
    template_language: str
    template_hash: str
    category: str
    recipient_phone: str
    recipient_bsuid: str
    body: str
    components: Any
    template: Template | None = None
    query_is_open: bool = True


def candidates(
    *,
    number_id: int,
    campaigns: Sequence[int],
    paces: Mapping[int, int],
    limit: int,
    turn: int,
    most: int,
    agents_alone: bool,
) -> list[Due]:
    """The agents' lane first, up to `most`, then the running `campaigns` from `turn` on, up to `limit` in all, of each no more a
    second than its pace (`paces`, of those that have one); one message per customer, all in the order of their time.
    `agents_alone`: not both."""
    number, chosen = Int8(number_id), dict[int, tuple[Any, ...]]()
    _add(chosen, fetched(_AGENTS, [number, number, Int8(most)]))
    if not (chosen and agents_alone):
        first = turn % len(campaigns) if campaigns else 0
        left = _paces_left(number_id, paces) if paces else {}
        for campaign_id in [*campaigns[first:], *campaigns[:first]]:
            if len(chosen) >= limit:
                break
            wanted = min(limit - len(chosen), left.get(campaign_id, limit))
            if wanted > 0:
                _add(chosen, fetched(_CAMPAIGN, [number, Int8(campaign_id), number, Int8(wanted)]))
    return [_due(row) for row in sorted(chosen.values(), key=_in_time)]


def details_add(messages: Sequence[Due]) -> None:
    """Add their templates, which most of a batch share, and whether their queries are open."""
    templates = _templates({each.template_id for each in messages if each.template_id is not None})
    queries = {each.query_id for each in messages if each.query_id is not None}
    still_open = {row[0] for row in fetched(_QUERIES_OPEN, [array_literal(queries)])} if queries else set()
    for message in messages:
        if message.template_id is not None:
            message.template = templates[message.template_id]
        if message.query_id is not None:
            message.query_is_open = message.query_id in still_open


def agents_wait(number_ids: Sequence[int]) -> set[int]:
    """Those of the numbers for which an agent's message is due."""
    return {row[0] for row in fetched(_AGENTS_WAIT, [array_literal(number_ids)])}


def _paces_left(number_id: int, paces: Mapping[int, int]) -> dict[int, int]:
    """How many more of each campaign may be claimed now.

    Its messages are due by its pace. This holds back what was not sent at its time (paused, parked, put off) and is due all at
    once. A tenth is left for what a claim takes a moment late, which the next one takes beside its own.
    """
    gone = dict(fetched(_GONE, [Int8(number_id), array_literal(paces)]))
    return {campaign_id: pace + pace // 10 - gone.get(campaign_id, 0) for campaign_id, pace in paces.items()}


def _templates(ids: set[int]) -> dict[int, Template]:
    return {each.pk: each for each in _TEMPLATES(ids=sorted(ids))} if ids else {}


def _add(chosen: dict[int, tuple[Any, ...]], rows: Iterable[tuple[Any, ...]]) -> None:
    for row in rows:
        chosen.setdefault(row[2], row)


def _in_time(row: tuple[Any, ...]) -> tuple[float, int]:
    return row[1], row[0]


def _due(row: tuple[Any, ...]) -> Due:
    due = Due(*row)
    due.components = orjson.loads(due.components)
    return due
