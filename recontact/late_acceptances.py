"""Acceptances whose record found that a webhook had moved the message on already: with many messages a second, most of them.

What a webhook told holds all that such an acceptance says. Only its event is missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from providers.contracts import DeliveryStatus
from recontact.arrays import array_literal
from recontact.models import MessageEvent
from recontact.prepared import fetched
from recontact.states import MESSAGE_MOVES, NEVER_SENT, MessageState

LATE_RECORD = "late record"
#: The states that an acceptance neither moves nor contradicts.
_PAST = sorted(
    state for state in MessageState if state not in NEVER_SENT and MessageState.ACCEPTED not in MESSAGE_MOVES[state]
)
# The message is locked, so that what was looked at holds.
_APPEND: Final = f"""
    WITH past AS (
        SELECT m.id, m.account_id, m.provider_message_id, m.reference::text
        FROM unnest(%s::bigint[], %s::text[]) AS v(id, told)
        JOIN recontact_message m ON m.id = v.id
        WHERE m.provider_message_id = v.told AND m.provider_message_id > '' AND m.accepted_at IS NOT NULL
          AND m.query_id IS NULL AND m.state = ANY('{array_literal(_PAST)}')
        ORDER BY m.id FOR NO KEY UPDATE OF m
    )
    INSERT INTO recontact_messageevent
        (account_id, message_id, provider_message_id, reference, status, raw_status, occurred_at, received_at, effect,
         reason, provider_code, detail, recipient_hash)
    SELECT account_id, id, provider_message_id, reference, '{DeliveryStatus.ACCEPTED}', '{LATE_RECORD}',
           clock_timestamp(), clock_timestamp(), '{MessageEvent.Effect.KNOWN}', '', '', '', ''
    FROM past
    ON CONFLICT DO NOTHING
    RETURNING message_id
"""  # noqa: S608 -- only our own words go in


def acceptances_note(told: Mapping[int, str]) -> set[int]:
    """Append the acceptance of these messages (id -> the provider's id of it) where it is no news; returns for which.

    In the caller's transaction. Left are those it does move or contradict, those of a query, and those that have it already.
    """
    return {row[0] for row in fetched(_APPEND, [array_literal(told), array_literal(told.values())])}
