"""From a cell of the costs to the list of its messages."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone

from recontact.costs.asked import Question, months_before

_LOOKUPS = {
    "provider": "account__provider__exact",
    "account": "account__id__exact",
    "number": "sender_number__id__exact",
    "category": "category__exact",
    "market": "market__exact",
    "campaign": "campaign__id__exact",
    "team": "team__id__exact",
    "agent": "created_by__id__exact",
}
#: 0 stands for none.
_NONE = {"campaign": "campaign__isnull", "team": "team__isnull", "agent": "created_by__isnull"}


def messages_address(question: Question, by: Sequence[str], keys: Sequence[Any]) -> str:
    """The address of the Manager's list of exactly the messages that a cell is made of."""
    first, last = question.first, question.last
    lookups: dict[str, Any] = {}
    for name, key in [*question.only.items(), *zip(by, keys, strict=True)]:
        if isinstance(key, date):
            first, last = max(first, key), min(last, _last_day(name, key))
        elif name in _NONE and str(key) == "0":
            lookups[_NONE[name]] = "True"
        else:
            lookups[_LOOKUPS[name]] = key
    lookups |= {"created_at__gte": _midnight(first), "created_at__lt": _midnight(last + timedelta(days=1))}
    return f"{reverse('admin:recontact_message_changelist')}?{urlencode(lookups)}"


def _last_day(name: str, day: date) -> date:
    if name == "month":
        return months_before(day, -1) - timedelta(days=1)
    return day + timedelta(days=6) if name == "week" else day


def _midnight(day: date) -> str:
    return datetime.combine(day, time.min, tzinfo=timezone.get_default_timezone()).isoformat()
