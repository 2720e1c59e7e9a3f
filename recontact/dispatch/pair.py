"""The limit of a pair: one number writes to one person only every so often. Kept at the claim, from what the messages say.

WhatsApp allows one message in six seconds from a number to a person, and a burst that is borrowed from the time to come. So
an HSM waits until the pause after whatever went before it is over. Free text in an open window may follow at once, as people
write, within `BURST` messages in the time that so many are allowed.

A number has one pump at a time, and its lease is shared during a claim: no other claim of the number can run meanwhile.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.conf import settings
from psycopg.types.numeric import Int8

from providers.errors import Reason
from recontact.arrays import array_literal
from recontact.dispatch.candidates import Due
from recontact.dispatch.rate import AHEAD_SECONDS
from recontact.models import Message
from recontact.prepared import changed, fetched

#: So many messages to one person may go in a row. WhatsApp takes 45, so that another sender's fit in too.
BURST = 20

# What is queued again was refused, or never called. The call began between the claim and the acceptance.
_WAITS = """
    SELECT v.message, w.due_at FROM unnest(%(messages)s::bigint[], %(customers)s::bigint[], %(are_hsms)s::int[])
        AS v(message, customer, is_hsm)
    CROSS JOIN LATERAL (
        SELECT greatest(max(greatest(l.claimed_at, l.accepted_at)) + make_interval(secs => v.is_hsm * %(gap)s::float8),
                        (array_agg(l.claimed_at ORDER BY l.claimed_at DESC))[%(burst)s::int] + make_interval(secs => %(span)s))
               AS due_at
        FROM (SELECT p.claimed_at, p.accepted_at FROM recontact_message p
              WHERE p.sender_number_id = %(number)s AND p.customer_id = v.customer AND p.state <> 'queued'
                AND p.claimed_at > (SELECT clock_timestamp() - make_interval(secs => %(span)s))
              ORDER BY p.claimed_at DESC LIMIT %(burst)s) l) w
    WHERE w.due_at > clock_timestamp()
"""
_WAIT = """
    UPDATE recontact_message m SET due_at = v.due_at, reason = %s
    FROM unnest(%s::bigint[], %s::timestamptz[]) AS v(message, due_at) WHERE m.id = v.message AND m.state = 'queued'
"""


def pairs_wait(*, number_id: int, messages: Sequence[Due]) -> set[int]:
    """Let those of the messages wait (about to be claimed, in the caller's transaction, each of another person) whose person
    this number wrote to just now: they are due when the pause is over, and use up no try. Returns their ids.

    Two statements at most, however many messages; each person costs one step on an index.
    """
    if not settings.PAIR_SECONDS or not messages:
        return set()
    waits = dict(
        fetched(
            _WAITS,
            {
                "number": Int8(number_id),
                "messages": array_literal(message.pk for message in messages),
                "customers": array_literal(message.customer_id for message in messages),
                "are_hsms": array_literal(int(message.kind == Message.Kind.TEMPLATE) for message in messages),
                # One without an answer may have left a while after its claim.
                "gap": float(settings.PAIR_SECONDS + AHEAD_SECONDS),
                "burst": Int8(BURST),
                "span": float(BURST * settings.PAIR_SECONDS),
            },
        )
    )
    if waits:
        moments = array_literal(due_at.isoformat() for due_at in waits.values())
        changed(_WAIT, [Reason.PAIR_RATE.value, array_literal(waits), moments])
    return set(waits)
