"""Free entry points: since when Meta charges nothing for what a number writes to a customer who came by an advertisement.

Whoever writes from an advertisement and is answered within 24 hours opens one; how long it lasts is a dated rule
(`PricingRule`). The window keeps when he came (`ServiceWindow.entry_point_at`); whether he was answered in time the messages
tell, and so nothing has to be noted while sending. Source: Meta, "Pricing on the WhatsApp Business Platform", read 2026-09-11.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

#: How soon the customer must be answered.
ANSWER_WITHIN = timedelta(hours=24)
#: No entry point is older than this, whatever its rule says.
_LONGEST = timedelta(days=7)

#: A pair's entry point is as old as the first answer to him who came, or as the first message that the provider told to be free
#: by one: that one opened it, or came after.
_FOUND = """
    SELECT w.customer_id, w.sender_number_id, w.entry_point_at, clock_timestamp(),
           (SELECT min(m.accepted_at) FROM recontact_message m
            WHERE m.sender_number_id = w.sender_number_id AND m.customer_id = w.customer_id
              AND m.claimed_at >= w.entry_point_at AND m.claimed_at <= w.entry_point_at + %(within)s),
           (SELECT min(m.accepted_at) FROM recontact_message m
            WHERE m.sender_number_id = w.sender_number_id AND m.customer_id = w.customer_id
              AND m.claimed_at > clock_timestamp() - %(longest)s AND m.billed IS FALSE
              AND EXISTS (SELECT 1 FROM recontact_messageevent e
                          WHERE e.message_id = m.id AND e.price ->> 'type' = 'free_entry_point'))
    FROM unnest(%(customers)s::bigint[], %(numbers)s::bigint[]) AS p(customer_id, sender_number_id)
    JOIN recontact_servicewindow w USING (customer_id, sender_number_id)
"""


def entry_points_of(pairs: Iterable[tuple[int, int]]) -> dict[tuple[int, int], datetime]:
    """(customer, sender number) -> since when a free entry point is open, or was lately. One query.

    Of one who came and was not answered yet, while there is time for it: now, because the next message opens it.
    """
    wanted = set(pairs)
    if not wanted:
        return {}
    customers, numbers = (list(each) for each in zip(*wanted, strict=True))
    words: dict[str, Any] = {"customers": customers, "numbers": numbers, "within": ANSWER_WITHIN, "longest": _LONGEST}
    found = {}
    with connection.cursor() as cursor:
        cursor.execute(_FOUND, words)
        for customer_id, number_id, came_at, now, answered_at, told_at in cursor.fetchall():
            waits = came_at is not None and answered_at is None and came_at <= now < came_at + ANSWER_WITHIN
            since = now if waits else max((each for each in (answered_at, told_at) if each is not None), default=None)
            if since is not None:
                found[customer_id, number_id] = since
    return found


def entry_point_of(*, customer_id: int, sender_number_id: int) -> datetime | None:
    """The same of one pair."""
    return entry_points_of([(customer_id, sender_number_id)]).get((customer_id, sender_number_id))
