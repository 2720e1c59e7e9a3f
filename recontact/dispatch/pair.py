"""The limit of a pair: one number writes to one person only every so often. Kept at the claim, from what the messages say.

WhatsApp allows one message in six seconds from a number to a person, and a burst that is borrowed from the time to come. So
an HSM waits until the pause after whatever went before it is over. Free text in an open window may follow at once, as people
write, within `BURST` messages in the time that so many are allowed.

A number has one pump at a time, and its lease is shared during a claim: no other claim of the number can run meanwhile.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.conf import settings
from django.db import connection

from providers.errors import Reason
from recontact.arrays import array_literal
from recontact.dispatch.rate import AHEAD_SECONDS
from recontact.models import Message

#: So many messages to one person may go in a row. WhatsApp takes 45, so that another sender's fit in too.
BURST = 20

# What is queued again was refused, or never called. The call began between the claim and the acceptance.
_WAITS = """
    SELECT v.message, w.due_at FROM unnest(%(messages)s::bigint[], %(customers)s::bigint[], %(gaps)s::float8[])
        AS v(message, customer, gap)
    CROSS JOIN LATERAL (
        SELECT greatest(max(greatest(l.claimed_at, l.accepted_at)) + make_interval(secs => v.gap),
                        (array_agg(l.claimed_at ORDER BY l.claimed_at DESC))[%(burst)s] + make_interval(secs => %(span)s))
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


def pairs_wait(*, number_id: int, messages: Sequence[Message]) -> set[int]:
    """Let those of the messages wait (about to be claimed, in the caller's transaction, each of another person) whose person
    this number wrote to just now: they are due when the pause is over, and use up no try. Returns their ids.

    Two statements at most, however many messages; each person costs one step on an index.
    """
    if not settings.PAIR_SECONDS or not messages:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(
            _WAITS,
            {
                "number": number_id,
                "messages": array_literal(message.pk for message in messages),
                "customers": array_literal(message.customer_id for message in messages),
                "gaps": [_gap(message) for message in messages],
                "burst": BURST,
                "span": BURST * settings.PAIR_SECONDS,
            },
        )
        waits = dict(cursor.fetchall())
        if waits:
            cursor.execute(_WAIT, [Reason.PAIR_RATE.value, list(waits), list(waits.values())])
    return set(waits)


def _gap(message: Message) -> float:
    """Seconds after the last message to the person; one without an answer may have left a while after its claim."""
    return 0.0 if message.kind != Message.Kind.TEMPLATE else settings.PAIR_SECONDS + AHEAD_SECONDS
