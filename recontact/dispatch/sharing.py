"""Sharing numbers between pumps: one that owns fewer than another asks, and those that own most give back what evens it out.

The asking is a word in Valkey that lasts two seconds. The owners are the leases in PostgreSQL, and only they say who may send:
a word that is lost, or that nobody meant, costs time and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping

import structlog
from django.core.cache import cache

from recontact.dispatch.lease import Lease, lease_owners, leases_take_beside

log = structlog.get_logger(__name__)

_ASKED = "dispatch:share-asked"
#: Longer than the time between two looks of a pump, so that who goes on asking is heard all the time.
_ASKED_SECONDS = 2


def share_ask(holder: str) -> None:
    """Let the other pumps know that this one wants numbers."""
    try:
        cache.set(_ASKED, holder, timeout=_ASKED_SECONDS)
    except Exception as error:
        log.warning("dispatch_share_not_asked", error=type(error).__name__)


def share_asked_by(holder: str) -> str:
    """The other pump that asks for numbers just now; empty = none is known to."""
    try:
        asker = cache.get(_ASKED)
    except Exception:
        return ""
    return asker if isinstance(asker, str) and asker != holder else ""


def look(holder: str) -> tuple[list[Lease], int]:
    """One look of a pump for its share: the numbers that it owns from now on, and how many of all it owns it should give back
    to another that asks. It asks itself when it still owns too few."""
    asker = share_asked_by(holder)
    leases, free = leases_take_beside(asker, holder)
    owners = lease_owners()
    if is_short(owners, holder):
        share_ask(holder)
    elif asker and not free:
        return leases, to_give(owners, holder, asker)
    return leases, 0


def is_short(owners: Mapping[str, int], holder: str) -> bool:
    """Whether another pump could give this one a number and still not own fewer (`owners`: numbers by their holder)."""
    return max(owners.values(), default=0) >= owners.get(holder, 0) + 2


def to_give(owners: Mapping[str, int], holder: str, asker: str) -> int:
    """How many of the numbers that even it out for the asker are this pump's to give: one by one from whoever owns most.

    Every pump that sees the same owners comes to the same plan, and once all of it is done nobody is short.
    """
    counts = {**owners, asker: owners.get(asker, 0)}
    given = 0
    while True:
        richest = max(counts, key=lambda each: (counts[each], each))
        if counts[richest] < counts[asker] + 2:
            return given
        counts[richest] -= 1
        counts[asker] += 1
        given += richest == holder
