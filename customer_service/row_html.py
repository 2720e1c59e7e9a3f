"""One conversation as the list shows it, written straight as HTML.

Thirty of them make a list, and lists are asked for all day: as a template a row took ten times as long, half of the whole list.
Everything that comes from people or the database is escaped here, place by place.
"""

from __future__ import annotations

from html import escape

from django.urls import reverse
from django.utils import formats, timezone
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from customer_service.selectors import Row
from customer_service.templatetags.service import badge_class, moment
from customer_service.wording import Mark
from recontact.models import Query

#: A query that was put off until the customer answers is put off until a year that nobody sees.
FOREVER_YEAR = 8000
_TAGS = 2


class RowWriter:
    """Writes the rows of one list: what is the same in all of them is looked up once."""

    def __init__(self, *, place: str, current: int | None, shows_state: bool) -> None:
        """`place`: the list as the end of an address; `current`: the query whose ticket is open; `shows_state`: a badge each."""
        self._current, self._shows_state = current, shows_state
        before, after = reverse("customer_service:ticket", args=[0]).rsplit("0", 1)
        self._before, self._after = before, f"{after}?{escape(place)}"
        # Texts stand alone: within a formatted one the collector of texts does not find them.
        unread, self._nothing_yet = escape(_("Unread:")), _("No message yet")
        self._unread = f'<span class="desk-dot" aria-hidden="true"></span><span class="sr-only">{unread} </span>'

    def write(self, row: Row) -> SafeString:
        """The row as a list item."""
        query = row.query
        open_now = ' aria-current="true"' if query.pk == self._current else ""
        return mark_safe(  # noqa: S308 -- each part is escaped where it is made
            f'<li><a class="desk-row{" desk-unread" if row.unread else ""}" id="conversation-{query.pk}"'
            f' href="{self._before}{query.pk}{self._after}"{open_now}>'
            f'<span class="desk-row-line">'
            f'<span class="strong cut">{self._unread if row.unread else ""}{escape(row.title)}</span>{_window(row)}</span>'
            f'<span class="desk-row-line"><span class="faint cut">{_tick(row.mark)}'
            f"{escape(query.preview or self._nothing_yet)}</span>"
            f' <span class="small nowrap">{escape(moment(query.activity_at))}</span></span>'
            f'<span class="desk-row-line small"><span class="cut">{_about(query)}</span>'
            f' <span class="desk-row-badges">{self._badges(row)}</span></span></a></li>\n'
        )

    def _badges(self, row: Row) -> str:
        query = row.query
        badges = []
        if row.mark is not None and row.mark.level in ("lost", "unsure"):
            badges.append(_badge(row.mark.words, badge_class(row.mark.level)))
        badges += [_badge(tag) for tag in query.tags[:_TAGS]]
        if query.snoozed_until is not None:
            badges.append(_badge(_put_off(query), "soon"))
        if row.recontacted:
            badges.append(_badge(_("Recontacted"), "ours"))
        if self._shows_state:
            badges.append(_badge(query.get_state_display()))
        return " ".join(badges)


def _window(row: Row) -> str:
    window = row.window
    sentence = escape(window.sentence)
    closes = ""
    if row.window_closes is not None:
        closes = f' data-closes="{timezone.localtime(row.window_closes).isoformat()}"'
    return (
        f' <span class="{_classes(badge_class(window.level))}" title="{sentence}"><span aria-hidden="true"{closes}>'
        f'{escape(window.short)}</span><span class="sr-only">{sentence}</span></span>'
    )


def _tick(mark: Mark | None) -> str:
    if mark is None:
        return ""
    return (
        f'<span class="tick tick-{escape(mark.level)}" aria-hidden="true">{escape(mark.symbol)}</span>'
        f'<span class="sr-only">{escape(mark.words)}:</span> '
    )


def _about(query: Query) -> str:
    whose = str(query.assigned_to or query.team or _("Unassigned"))
    what = query.topic or query.subject or query.get_origin_display()
    return f"#{query.pk} · {escape(whose)} · {escape(what)}"


def _put_off(query: Query) -> str:
    if query.snoozed_until is None or query.snoozed_until.year > FOREVER_YEAR:
        return _("Until the answer")
    until = timezone.localtime(query.snoozed_until)
    return _("Until %(at)s") % {"at": formats.date_format(until, "SHORT_DATETIME_FORMAT")}


def _badge(words: str, kind: str = "") -> str:
    return f'<span class="{_classes(kind)}">{escape(words)}</span>'


def _classes(kind: str) -> str:
    return f"badge {kind}" if kind else "badge"
