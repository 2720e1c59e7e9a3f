"""Sums that are kept up behind the work: triggers note changes, and here the notes are taken away and added, a bounded number
in each transaction. So a crash adds each exactly once, and of two that run at once one does nothing."""

from __future__ import annotations

from django.db import connection, transaction
from django.utils import timezone

from recontact.advisory_locks import AdvisoryLock

#: Notes added in one transaction at most.
MOST_CHANGES = 20_000


def changes_add(lock: AdvisoryLock, sql: str) -> int:
    """Add all notes there are by `sql` (of %(most)s notes at most and the portal's %(zone)s; it returns how many it took).

    Returns how many notes; none while somebody else adds these. Safe at any time.
    """
    added = 0
    while (taken := _add_some(lock, sql)) is not None:
        added += taken
        if taken < MOST_CHANGES:
            break
    return added


@transaction.atomic
def _add_some(lock: AdvisoryLock, sql: str) -> int | None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [lock])
        if not cursor.fetchone()[0]:
            return None
        cursor.execute(sql, {"most": MOST_CHANGES, "zone": zone()})
        return int(cursor.fetchone()[0])


def zone() -> str:
    """The portal's time zone, by whose days the sums are kept."""
    return timezone.get_default_timezone_name()
