"""How the pages of campaigns write counts, the fate of rows, and hours."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from django import template
from django.utils import formats, timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from recontact.campaigns.halts import halt_words, share_words
from recontact.campaigns.timing import Stretch
from recontact.models import CampaignRecipient

register = template.Library()
register.filter("halt_words", halt_words)
register.filter("share_words", share_words)

#: Zones named of a stretch.
ZONES_SHOWN = 3

Outcome = CampaignRecipient.Outcome

_BADGES: dict[str, str] = {
    Outcome.READY: "ok",
    Outcome.CORRECTED: "ok",
    Outcome.LEFT_OUT: "soon",
    Outcome.ERROR: "stopped",
}


@register.filter
def outcome_badge(outcome: str) -> str:
    """The badge class of what is planned for a row."""
    return _BADGES.get(outcome, "")


@register.filter
def outcome_words(outcome: str) -> str:
    """What is planned for a row, in words."""
    return str(dict(Outcome.choices).get(outcome, outcome))


@register.filter
def figure(count: int | None) -> str:
    """A count as people read it, in groups of thousands."""
    return "—" if count is None else formats.number_format(count, 0, use_l10n=True, force_grouping=True)


@register.filter
def duration_words(duration: timedelta | None) -> str:
    """How long something takes, in the two units that fit."""
    if duration is None:
        return "—"
    seconds = max(round(duration.total_seconds()), 1)
    if seconds < 60:
        return _("%(count)s s") % {"count": seconds}
    if seconds < 3600:
        return _("%(count)s min") % {"count": -(-seconds // 60)}
    if seconds < 48 * 3600:
        return _("%(hours)s h %(minutes)s min") % {"hours": seconds // 3600, "minutes": seconds % 3600 // 60}
    return ngettext("%(count)s day", "%(count)s days", -(-seconds // 86400)) % {"count": -(-seconds // 86400)}


@register.filter
def stretch_words(stretch: Stretch) -> str:
    """From when until when, in the reader's zone."""
    start, end = timezone.localtime(stretch.start), timezone.localtime(stretch.end)
    days = (start.date() - timezone.localdate()).days
    clock = date_format(start, "TIME_FORMAT")
    if end.date() == start.date() and date_format(end, "TIME_FORMAT") != clock:
        clock = f"{clock}–{date_format(end, 'TIME_FORMAT')}"
    if days == 0:
        return _("Today, %(hour)s") % {"hour": clock}
    if days == 1:
        return _("Tomorrow, %(hour)s") % {"hour": clock}
    return f"{date_format(start, 'SHORT_DATE_FORMAT')}, {clock}"


@register.filter
def zones_words(zones: Sequence[str]) -> str:
    """Whose hours those are: the cities that the zones are named after, the first few."""
    cities = [zone.rsplit("/", 1)[-1].replace("_", " ") for zone in zones if zone]
    more = len(cities) - ZONES_SHOWN
    words = ", ".join(cities[:ZONES_SHOWN])
    return _("%(cities)s and %(count)s more") % {"cities": words, "count": more} if more > 0 else words
