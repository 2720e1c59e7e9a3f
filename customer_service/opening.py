"""Whether a team is there: its weekly hours, and days with hours of their own, in its own time zone."""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time
from typing import Any

from django.utils import timezone

from customer_service.models import TeamSettings

#: (opens, closes); None = closed all day.
Stretch = tuple[time, time]


def is_open(local: datetime, *, week: Iterable[tuple[int, time, time]], special: Mapping[date, Stretch | None]) -> bool:
    """Whether a team is there at `local`, by stretches of (weekday, opens, closes) and days of their own. Pure.

    Without any hours it is there always, but for its special days.
    """
    if local.date() in special:
        stretch = special[local.date()]
        return stretch is not None and stretch[0] <= local.time() < stretch[1]
    stretches = list(week)
    today = [(opens, closes) for day, opens, closes in stretches if day == local.weekday()]
    return not stretches or any(opens <= local.time() < closes for opens, closes in today)


def team_is_open(settings: TeamSettings, at: datetime) -> bool:
    """Whether the team is there at `at`. Two database queries."""
    zone: Any = timezone.get_default_timezone()
    if settings.time_zone in zoneinfo.available_timezones():
        zone = zoneinfo.ZoneInfo(settings.time_zone)
    local = at.astimezone(zone)
    days = settings.special_days.filter(date=local.date()).values_list("date", "opens", "closes")
    special: dict[date, Stretch | None] = {
        day: (opens, closes) if opens is not None and closes is not None else None for day, opens, closes in days
    }
    return is_open(local, week=settings.hours.values_list("day", "opens", "closes"), special=special)
