"""Incidents: seen by a person, and closed with a note."""

from __future__ import annotations

from typing import Any

from recontact.clock import ClockTimestamp
from recontact.models import Incident


class NoteMissing(ValueError):
    """An incident is closed only with a note of what was found."""


def incident_close(*, incident_id: int, user: Any, note: str) -> bool:
    """Close an open incident. False: somebody closed it before. Raises NoteMissing."""
    if not note.strip():
        raise NoteMissing
    rows = Incident.objects.filter(pk=incident_id, closed_at__isnull=True)
    return bool(rows.update(closed_at=ClockTimestamp(), closed_by=user, note=note.strip()[:300]))
