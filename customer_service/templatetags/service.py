"""Small pieces of Customer Service's screens."""

from __future__ import annotations

from datetime import datetime

from django import template
from django.utils import formats, timezone
from django.utils.translation import pgettext

register = template.Library()

#: Level of a state -> class of its badge (hsm_portal/portal.css). The word beside it always says the same.
BADGES = {
    "good": "ok",
    "soon": "soon",
    "closed": "stopped",
    "none": "",
    "lost": "stopped",
    "unsure": "soon",
    "read": "ours",
}


@register.filter
def badge_class(level: str) -> str:
    """The badge class of a level of customer_service.wording."""
    return BADGES.get(level, "")


@register.filter
def moment(at: datetime | None) -> str:
    """A time of today as the hour, an earlier one as the day (with the year when it is another)."""
    if at is None:
        return ""
    local, now = timezone.localtime(at), timezone.localtime()
    if local.date() == now.date():
        return formats.date_format(local, "TIME_FORMAT")
    day = pgettext("date format: 9 Nov", "j M")
    return formats.date_format(local, day if local.year == now.year else "SHORT_DATE_FORMAT")
