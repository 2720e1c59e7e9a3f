"""Writing rows with the times they are said to have come about, and choosing such times."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import models

from hsm_portal.demo_data.accounts import TIME_ZONE

OPENS, CLOSES = 8.5, 19.5


@contextmanager
def own_times(*kinds: type[models.Model]) -> Iterator[None]:
    """Let rows of these models keep the times they were given in fields that otherwise take the moment of writing."""
    fields = [
        field
        for kind in kinds
        for field in kind._meta.get_fields()
        if isinstance(field, models.DateTimeField) and field.auto_now_add
    ]
    for field in fields:
        field.auto_now_add = False
    try:
        yield
    finally:
        for field in fields:
            field.auto_now_add = True


class Times:
    """Moments before `now`, always the same ones for the same seed."""

    def __init__(self, now: datetime, chance: random.Random) -> None:
        self.now = now
        self._chance = chance

    def ago(self, *, hours_from: float, hours_to: float) -> datetime:
        """A moment between so many hours ago."""
        return self.now - timedelta(hours=self._chance.uniform(hours_from, hours_to))

    def workday(self, *, days: int) -> datetime:
        """A moment of the working hours so many days ago; today's that are still to come become ones of the last hours."""
        day = (self.now - timedelta(days=days)).astimezone(ZoneInfo(TIME_ZONE))
        midnight = day.replace(hour=0, minute=0, second=0, microsecond=0)
        moment = midnight + timedelta(hours=self._chance.uniform(OPENS, CLOSES))
        # Drawn in any case, so that the sample does not depend on the hour at which it is made.
        lately = self.ago(hours_from=0.3, hours_to=6)
        return moment if moment < self.now - timedelta(minutes=15) else lately

    def after(self, moment: datetime, *, minutes_from: float, minutes_to: float) -> datetime:
        """A moment so many minutes later, but never one that is still to come."""
        later = moment + timedelta(minutes=self._chance.uniform(minutes_from, minutes_to))
        return min(later, self.now - timedelta(seconds=self._chance.uniform(20, 90)))
