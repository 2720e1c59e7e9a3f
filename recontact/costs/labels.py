"""The names of what costs are grouped by: a query for each kind, however many there are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django.contrib.auth import get_user_model
from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from providers.models import ProviderAccount, SenderNumber
from providers.registry import providers_available
from recontact.costs.asked import CATEGORIES, TIMES
from recontact.models import Campaign, Team
from recontact.places import place_name

#: 0 or '': it has none.
_NONE = {
    "campaign": lambda: _("no campaign"),
    "team": lambda: _("no team"),
    "agent": lambda: _("nobody"),
    "number": lambda: _("no number"),
    "market": lambda: _("unknown"),
    "category": lambda: _("none"),
}


def labels_of(grouping: str, keys: Iterable[Any]) -> Mapping[Any, str]:
    """Key -> what people call it."""
    wanted = set(keys)
    named = _named(grouping, {key for key in wanted if key})
    none = _NONE.get(grouping)
    return {key: named.get(key) or (none() if not key and none is not None else str(key)) for key in wanted}


def _named(grouping: str, keys: set[Any]) -> Mapping[Any, str]:
    if not keys:
        return {}
    match grouping:
        case "provider":
            return {choice.slug: choice.label for choice in providers_available() if choice.slug in keys}
        case "account":
            return dict(ProviderAccount.objects.filter(pk__in=keys).values_list("pk", "name"))
        case "number":
            return {number.pk: number.phone_text for number in SenderNumber.objects.filter(pk__in=keys)}
        case "campaign":
            return dict(Campaign.objects.filter(pk__in=keys).values_list("pk", "name"))
        case "team":
            return dict(Team.objects.filter(pk__in=keys).values_list("pk", "name"))
        case "agent":
            return {user.pk: str(user) for user in get_user_model().objects.filter(pk__in=keys)}
        case "category":
            return {key: str(CATEGORIES.get(key, key)) for key in keys}
        case "market":
            return {key: place_name(key) for key in keys}
        case _:
            return {key: time_label(grouping, key) for key in keys}


def time_label(grouping: str, day: Any) -> str:
    """A day, the week that begins with it, or its month."""
    if grouping not in TIMES:
        return str(day)
    if grouping == "month":
        return str(formats.date_format(day, "F Y"))
    text = formats.date_format(day, pgettext("date format: 9 Nov 2026", "j M Y"))
    return _("week of %(day)s") % {"day": text} if grouping == "week" else str(text)


def bucket_label(bucket: str, day: date) -> str:
    """The same under a bar of a chart, where there is little room: weeks by their first day alone."""
    if bucket == "month":
        return time_label("month", day)
    return str(formats.date_format(day, pgettext("date format: 9 Nov", "j M")))
