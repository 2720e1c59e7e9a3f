"""What a claim asks before it looks for messages: one statement that shares the switch's row, then the lease's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from psycopg.types.numeric import Int8

from recontact.dispatch.lease import Lease
from recontact.dispatch.switch import SHARED
from recontact.prepared import fetched

# A subquery that locks is executed by itself, once, when its value is asked for: in this order. Without a number of its own is a
# campaign of selected queries, each of which has its number.
_GATE: Final = f"""
    WITH switch AS MATERIALIZED ({SHARED}), ours AS MATERIALIZED (
        SELECT sender_number_id FROM recontact_numberlease
        WHERE sender_number_id = %s AND token = %s AND expires_at > clock_timestamp() FOR SHARE
    )
    SELECT coalesce((SELECT halted FROM switch), false),
           EXISTS (SELECT FROM ours),
           EXISTS (SELECT FROM recontact_numbercircuit WHERE sender_number_id = %s AND trips > 0),
           ARRAY(SELECT id FROM recontact_campaign
                 WHERE state = 'running' AND (sender_number_id = %s OR sender_number_id IS NULL) ORDER BY id),
           ARRAY(SELECT id FROM recontact_campaign
                 WHERE state = 'running' AND sender_number_id = %s AND from_hour IS NOT NULL),
           ARRAY(SELECT ARRAY[id, pace] FROM recontact_campaign
                 WHERE state = 'running' AND sender_number_id = %s AND pace IS NOT NULL)
"""  # noqa: S608 -- ours


@dataclass(frozen=True, slots=True)
class Gate:
    """`halted`: nothing may be claimed. `is_ours`: the lease still stands. `is_probing`: the number's circuit is being tried out.
    `campaigns`: the running ones that may have messages of the number, by their ids; `with_hours`: those of them that leave at
    some hours only; `paces`: the messages per second of those that have a pace, each with its id."""

    halted: bool
    is_ours: bool
    is_probing: bool
    campaigns: list[int]
    with_hours: list[int]
    paces: list[tuple[int, int]]


def gate(lease: Lease) -> Gate:
    """How things stand for the leased number. Switch and lease stay shared for the caller's transaction: a halt waits for its
    end, and no other pump can own the number before it."""
    number = Int8(lease.number_id)
    [row] = fetched(_GATE, [number, Int8(lease.token), number, number, number, number])
    return Gate(*row)
