"""A filter of the Manager's lists that Unfold has not: days as people mean them."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from unfold.contrib.filters.admin import RangeDateFilter
from unfold.utils import parse_date_str


class DayRangeFilter(RangeDateFilter):
    """From a day to a day, both whole, in the reader's time zone, on a column that holds moments.

    Unfold's own compares with the first moment of the last day, and without a time zone.
    """

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        first, last = self._day("from"), self._day("to")
        if first is not None:
            queryset = queryset.filter(**{f"{self.parameter_name}__gte": _midnight(first)})
        if last is not None:
            queryset = queryset.filter(**{f"{self.parameter_name}__lt": _midnight(last + timedelta(days=1))})
        return queryset

    def _day(self, end: str) -> date | None:
        value = self.used_parameters.get(f"{self.parameter_name}_{end}")
        day: date | None = parse_date_str(value) if isinstance(value, str) else None
        return day if day is not None and date.min < day < date.max else None


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
