"""How fast a campaign goes, from what its page saw of the books in the last minute. Kept in the cache alone: it is no proof."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass
from datetime import timedelta

from django.core.cache import cache

from recontact.campaigns.proof import Books
from recontact.models import Campaign

#: The rate is over what was seen in so many seconds.
SEEN_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Progress:
    """Messages per second, and how long the rest takes at that. None = not known yet, or standing still."""

    per_second: float | None
    left: timedelta | None


def campaign_progress(campaign: Campaign, books: Books) -> Progress:
    """The progress, from these books and those seen before."""
    if campaign.state != Campaign.State.RUNNING or not books.waiting:
        return Progress(None, None)
    now, key = time.time(), f"campaign:gone:{campaign.pk}"
    seen: list[tuple[float, int]] = []
    with contextlib.suppress(Exception):
        seen = [each for each in cache.get(key) or [] if now - each[0] <= SEEN_SECONDS]
        cache.set(key, [*seen, (now, books.gone)][-30:], timeout=SEEN_SECONDS)
    if not seen or now - seen[0][0] < 1 or books.gone <= seen[0][1]:
        return Progress(None, None)
    per_second = (books.gone - seen[0][1]) / (now - seen[0][0])
    return Progress(per_second, timedelta(seconds=round(books.waiting / per_second)))
