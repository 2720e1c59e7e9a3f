"""How far ahead of the sending messages are made: some seconds of each campaign wait in its queue, and come in whole batches."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from providers.models import SenderNumber
from recontact.campaigns.hours import HOURS
from recontact.models import Campaign, Message

#: So many seconds of messages of a campaign wait in the queue: what was decided about them is that old when they leave. Beat
#: looks every two seconds.
AHEAD_SECONDS = 6
#: However slow it is.
AHEAD_AT_LEAST = 100
BATCH = 500
COUNT_AGAIN_SECONDS = 1.0
#: What was tried before, or waits for its person's hours, longer than this holds nobody up: a person's limit of marketing is a
#: day, and where his night begins it is another's noon.
PUT_OFF = timedelta(minutes=5)


def pace_ahead(pace: int) -> timedelta:
    """How far from now the messages of a campaign of this pace (messages/s) are due at most: whoever is due later was put off
    alone, and holds nobody up."""
    return timedelta(seconds=max(AHEAD_AT_LEAST / pace, AHEAD_SECONDS))


def batch_room(campaign: Campaign, number: SenderNumber | None, queued: QuerySet[Message], now: datetime) -> int:
    """How many messages to make now beside those that are queued: a batch, or 0 until there is room for a whole one.

    A launcher that filled up whatever the sending just took would make a few at a time and never come to rest, and a batch costs
    its statements for one message as for hundreds.
    """
    return Room().batch(campaign, number, lambda: queued, now)


class Room:
    """The room for a campaign's batches, one after the other: what is queued is counted once for as many as there is room for.

    What is sent meanwhile only makes room, and what comes back had its place. Counting thousands for each batch took longer than
    storing its estimates. Used up, it is counted anew only after a while: a second's sending is hardly a batch.
    """

    def __init__(self) -> None:
        self._counted_for: tuple[int | None, int] | None = None
        self._counted_at = -math.inf
        self._left = 0

    def batch(
        self, campaign: Campaign, number: SenderNumber | None, queued: Callable[[], QuerySet[Message]], now: datetime
    ) -> int:
        """As `batch_room`; `queued` is asked only where it is counted."""
        throughput = number.throughput if number is not None else AHEAD_AT_LEAST
        ahead = int(max(AHEAD_AT_LEAST, min(campaign.pace or throughput, throughput) * AHEAD_SECONDS))
        least, asked = min(BATCH, ahead // 2), (campaign.sender_number_id, ahead)
        is_old = time.monotonic() - self._counted_at > COUNT_AGAIN_SECONDS
        if self._counted_for != asked or (self._left < least and is_old):
            was_put_off = Q(attempt_number__gt=0) | Q(retry_of__isnull=False) | Q(reason=HOURS)
            self._left = ahead - queued().exclude(was_put_off, due_at__gt=now + PUT_OFF).count()
            self._counted_for, self._counted_at = asked, time.monotonic()
        return min(self._left, BATCH) if self._left >= least else 0

    def taken(self, count: int) -> None:
        """So many more are queued, at most."""
        self._left -= count
