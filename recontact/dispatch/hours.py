"""The hours of a campaign, looked at once more at the claim: its queue reaches some time ahead, and may have waited long.

Only for campaigns that have hours; the message is put off to when they begin in its person's day.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from recontact.arrays import array_literal
from recontact.campaigns.hours import HOURS, opens_at
from recontact.dispatch.candidates import Due
from recontact.prepared import changed, fetched

# Person by person, along the index of a campaign's sendable rows.
_WHOSE_HOURS = """
    SELECT v.message, c.from_hour, c.until_hour,
           coalesce((SELECT r.time_zone FROM recontact_campaignrecipient r
                     WHERE r.campaign_id = v.campaign AND r.customer_id = v.customer AND r.outcome IN ('ready', 'corrected')
                     LIMIT 1), '')
    FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[]) AS v(message, campaign, customer)
    JOIN recontact_campaign c ON c.id = v.campaign
"""
_WAIT = """
    UPDATE recontact_message m SET due_at = v.opens, expires_at = m.expires_at + (v.opens - %s::timestamptz), reason = %s
    FROM unnest(%s::bigint[], %s::timestamptz[]) AS v(message, opens) WHERE m.id = v.message AND m.state = 'queued'
"""


def hours_wait(*, messages: Sequence[Due], campaigns: Collection[int], now: datetime) -> set[int]:
    """Put off those of the messages (about to be claimed, in the caller's transaction) that belong to one of these `campaigns`,
    which have hours, and whose person's hours are over at `now`. Returns their ids."""
    theirs = [message for message in messages if message.campaign_id in campaigns]
    if not theirs:
        return set()
    rows = fetched(
        _WHOSE_HOURS,
        [
            array_literal(message.pk for message in theirs),
            array_literal(message.campaign_id for message in theirs),
            array_literal(message.customer_id for message in theirs),
        ],
    )
    closed = {
        message_id: opens
        for message_id, from_hour, until_hour, time_zone in rows
        if (opens := opens_at(now, time_zone=time_zone, from_hour=from_hour, until_hour=until_hour)) > now
    }
    if closed:
        moments = array_literal(opens.isoformat() for opens in closed.values())
        changed(_WAIT, [now, HOURS, array_literal(closed), moments])
    return set(closed)
