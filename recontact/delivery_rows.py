"""What `recontact.delivery_bulk` reads and writes: each for a whole batch in one statement, each by an index.

Lists go over as JSON: hundreds of places in a statement cost more than the statement itself.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Any

from django.db import connection
from django.utils import timezone

from recontact.delivery_plan import Plan, Standing
from recontact.hashes import keyed_hash
from recontact.models import CostEntry
from recontact.states import MessageState

#: An account and a message's id there.
Key = tuple[int, str]

_MOMENTS = ("accepted_at", "sent_at", "delivered_at", "read_at", "settled_at")
_WORDS = ("reason", "provider_code", "provider_detail")
_STANDING = f"""
    SELECT id, reference::text, account_id, state, retry_of_id IS NOT NULL, provider_message_id,
           COALESCE(accepted_at, created_at), billed, category, recipient_phone, recipient_bsuid, currency,
           {", ".join(f"{name} IS NOT NULL" for name in _MOMENTS)}
    FROM recontact_message
"""  # noqa: S608 -- only our own names go in
_LOCKED = "FOR NO KEY UPDATE SKIP LOCKED"


class Contested(Exception):
    """Somebody else was at the same rows, so that what was decided no longer holds."""


# --- reading ---------------------------------------------------------------------------------------------------------


def messages_by_reference(references: Set[str]) -> dict[str, Standing]:
    """The messages of these references, locked, but for those that somebody else holds."""
    if not references:
        return {}
    rows = _rows(f"{_STANDING} WHERE reference = ANY({_each('uuid')}) {_LOCKED}", [_list(references)])
    return {standing.reference: standing for standing in map(_standing, rows)}


def messages_by_id(keys: Set[Key], *, locked: Mapping[int, Standing]) -> dict[Key, Standing]:
    """The messages of these ids, locked, but for those that somebody else holds; of `locked` the same objects.

    An id that several messages have, or an erased person's, is left out.
    """
    found: dict[Key, list[Standing]] = defaultdict(list)
    sql = f"""{_STANDING} WHERE account_id = %s AND provider_message_id = ANY({_each("varchar")})
                AND provider_message_id > '' {_LOCKED}"""
    for account_id, ids in _by_account(keys).items():
        for standing in map(_standing, _rows(sql, [account_id, _list(ids)])):
            found[account_id, standing.provider_message_id].append(locked.get(standing.pk, standing))
    return {key: messages[0] for key, messages in found.items() if len(messages) == 1}


def _standing(row: tuple[Any, ...]) -> Standing:
    pk, reference, account_id, state, is_retry, told, at, billed, category, phone, bsuid, currency, *has = row
    moments = frozenset(name for name, there in zip(_MOMENTS, has, strict=True) if there)
    return Standing(
        pk, reference, account_id, MessageState(state), is_retry, told, moments, at, billed, category, phone, bsuid, currency
    )  # fmt: skip


def erased_ids(keys: Set[Key]) -> set[Key]:
    """Those of the keys that are of an erased customer: only a hash of the id is kept."""
    sql = f"""SELECT provider_message_id FROM recontact_message
              WHERE account_id = %s AND provider_message_id = ANY({_each("varchar")})
                AND provider_message_id > ''"""  # noqa: S608
    erased: set[Key] = set()
    for account_id, ids in _by_account(keys).items():
        hashes = {keyed_hash(each): each for each in ids}
        erased |= {(account_id, hashes[digest]) for (digest,) in _rows(sql, [account_id, _list(hashes)])}
    return erased


def events_known(keys: Set[Key]) -> dict[Key, dict[str, tuple[bool, bool]]]:
    """The statuses stored under each key: whether the event has a message, and whether it has a price."""
    sql = f"""SELECT provider_message_id, status, message_id IS NOT NULL, price IS NOT NULL FROM recontact_messageevent
              WHERE account_id = %s AND provider_message_id = ANY({_each("varchar")})"""  # noqa: S608
    known: dict[Key, dict[str, tuple[bool, bool]]] = defaultdict(dict)
    for account_id, ids in _by_account(keys).items():
        for told, status, is_matched, has_price in _rows(sql, [account_id, _list(ids)]):
            known[account_id, told][status] = (is_matched, has_price)
    return known


def prices_told(message_ids: Set[int]) -> dict[int, dict[str, Any]]:
    """The last price told with a status of each message that was no failure."""
    sql = f"""SELECT DISTINCT ON (message_id) message_id, price::text FROM recontact_messageevent
              WHERE message_id = ANY({_each("bigint")}) AND price IS NOT NULL AND status <> 'failed'
              ORDER BY message_id, id DESC"""  # noqa: S608
    return {message_id: json.loads(price) for message_id, price in _rows(sql, [_list(message_ids)])}


def reported(message_ids: Set[int]) -> set[int]:
    """Those of the messages whose price is in the books."""
    return _ids(f"FROM recontact_costentry WHERE message_id = ANY({_each('bigint')}) AND kind = 'report'", message_ids)


def released(message_ids: Set[int]) -> set[int]:
    """Those of the messages whose query's right was given back."""
    return _ids(
        f"FROM recontact_recontact WHERE message_id = ANY({_each('bigint')}) AND state = 'released'", message_ids
    )


def told_with_an_earlier_try(retries: Set[int], told: Set[int]) -> set[int]:
    """Those of the retries an earlier try of which is among `told`: what comes of one depends on the other."""
    if not retries:
        return set()
    sql = f"""WITH RECURSIVE tries (id, earlier_id) AS (
                  SELECT id, retry_of_id FROM recontact_message WHERE id = ANY({_each("bigint")})
                  UNION ALL
                  SELECT t.id, m.retry_of_id FROM tries t JOIN recontact_message m ON m.id = t.earlier_id
              ) SELECT DISTINCT id FROM tries WHERE earlier_id = ANY({_each("bigint")})"""  # noqa: S608
    return {message_id for (message_id,) in _rows(sql, [_list(retries), _list(told)])}


def reserved(message_ids: Set[int]) -> set[int]:
    """Those of the messages for which a query's right is reserved."""
    return _ids(
        f"FROM recontact_recontact WHERE message_id = ANY({_each('bigint')}) AND state = 'reserved'", message_ids
    )


def _each(kind: str) -> str:
    return f"ARRAY(SELECT value::{kind} FROM json_array_elements_text(%s::json))"  # noqa: S608 -- a type's name


def _list(values: Iterable[Any]) -> str:
    return json.dumps(list(values))


def _rows(sql: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return list(cursor.fetchall())


def _ids(sql: str, message_ids: Set[int]) -> set[int]:
    return {message_id for (message_id,) in _rows(f"SELECT message_id {sql}", [_list(message_ids)])}


def _by_account(keys: Iterable[Key]) -> dict[int, list[str]]:
    ids: dict[int, list[str]] = defaultdict(list)
    for account_id, provider_message_id in keys:
        ids[account_id].append(provider_message_id)
    return ids


# --- writing ---------------------------------------------------------------------------------------------------------


def messages_store(plans: Sequence[Plan], reports: Mapping[int, CostEntry]) -> None:
    """Move these locked messages, those with a report (by id) with its price. Raises Contested when one is not as it was."""
    if not plans:
        return
    told = [
        {
            "id": plan.message.pk,
            "was": plan.message.state,
            "state": plan.state,
            "moved": plan.moved_by is not None,
            **_words(plan),
            "provider_message_id": plan.provider_message_id,
            "billed": plan.billed,
            **_price(reports.get(plan.message.pk)),
            **{name: moment.isoformat() for name, moment in plan.moments.items()},
        }
        for plan in plans
    ]
    _write(_MOVE, [json.dumps(told)], rows=len(plans))


def _words(plan: Plan) -> dict[str, str]:
    new = plan.moved_by
    return {} if new is None else dict(zip(_WORDS, (new.reason, new.code, new.detail), strict=True))


def _price(report: CostEntry | None) -> dict[str, str]:
    return {} if report is None else {"reported": str(report.amount), "reported_currency": report.currency}


_MOVE = f"""
    UPDATE recontact_message AS message
    SET state = told.state, provider_message_id = told.provider_message_id, billed = told.billed,
        reported = COALESCE(told.reported, message.reported),
        reported_currency = COALESCE(told.reported_currency, message.reported_currency),
        {", ".join(f"{name} = COALESCE(message.{name}, told.{name})" for name in _MOMENTS)},
        lease_expires_at = CASE WHEN told.moved THEN NULL ELSE message.lease_expires_at END,
        {", ".join(f"{name} = COALESCE(told.{name}, message.{name})" for name in _WORDS)}
    FROM json_to_recordset(%s::json)
        AS told (id bigint, was varchar, state varchar, moved boolean, provider_message_id varchar, billed boolean,
                 reported numeric, reported_currency varchar, {", ".join(f"{name} varchar" for name in _WORDS)},
                 {", ".join(f"{name} timestamptz" for name in _MOMENTS)})
    WHERE message.id = told.id AND message.state = told.was
"""  # noqa: S608 -- only our own names go in


def events_store(plans: Sequence[Plan]) -> None:
    """Append the plans' events, those of a message in their order. Raises Contested when one came by another way."""
    # In one order, so that two batches with the same events wait for each other in no circle.
    ordered = sorted(
        (plan for plan in plans if plan.events),
        key=lambda plan: (plan.message.account_id, plan.events[0].event.provider_message_id),
    )
    told = [
        {
            "account_id": plan.message.account_id,
            "message_id": plan.message.pk,
            "provider_message_id": new.event.provider_message_id,
            "reference": new.event.reference[:64],
            "status": new.event.status,
            "raw_status": new.event.raw_status[:40],
            "occurred_at": new.event.occurred_at.isoformat(),
            "effect": new.effect,
            "reason": new.reason,
            "provider_code": new.code,
            "detail": new.detail,
            "price": new.price,
        }
        for plan in ordered
        for new in plan.events
    ]
    if told:
        _write(_APPEND, [timezone.now(), json.dumps(told)], rows=len(told))


_APPEND = """
    INSERT INTO recontact_messageevent
        (account_id, message_id, provider_message_id, reference, status, raw_status, occurred_at, received_at, effect,
         reason, provider_code, detail, price, recipient_hash)
    SELECT account_id, message_id, provider_message_id, reference, status, raw_status, occurred_at, %s, effect,
           reason, provider_code, detail, price, ''
    FROM json_to_recordset(%s::json)
        AS told (account_id bigint, message_id bigint, provider_message_id varchar, reference varchar, status varchar,
                 raw_status varchar, occurred_at timestamptz, effect varchar, reason varchar, provider_code varchar,
                 detail varchar, price jsonb)
    ON CONFLICT DO NOTHING
"""


def _write(sql: str, parameters: Sequence[Any], *, rows: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        if cursor.rowcount != rows:
            raise Contested
