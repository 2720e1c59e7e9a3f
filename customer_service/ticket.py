"""A ticket as its page draws it: the query with its window, timeline, composer and side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from customer_service.composer import Composer, composer_of
from customer_service.selectors import customer_title
from customer_service.side import Side, side_of
from customer_service.timeline import Timeline, timeline_of
from customer_service.wording import WindowWords, window_words
from recontact.access import query_is_foreign
from recontact.clock import database_now
from recontact.consent import Wish, wishes_open
from recontact.models import OptOut, Query
from recontact.phones import phone_for
from recontact.windows import window_expires_at


@dataclass(frozen=True, slots=True)
class Actions:
    """What the user may do with the query itself, and note of its customer's consent. `key` changes when the buttons do."""

    take: bool
    resolve: bool
    reopen: bool
    refer: bool
    note: bool
    snooze: bool
    wake: bool
    describe: bool
    consent: Sequence[Wish] = ()

    @property
    def key(self) -> str:
        return "".join(str(getattr(self, field.name)) for field in fields(self))


@dataclass(frozen=True, slots=True)
class Ticket:
    """Everything that a ticket's page and its live parts show. `others` have it on their screens too."""

    query: Query
    title: str
    phone: str
    sender: str
    window: WindowWords
    window_closes: datetime | None
    others: Sequence[Any]
    composer: Composer
    timeline: Timeline
    side: Side
    actions: Actions
    news: str


def ticket_of(query: Query, *, user: Any, everything: bool = False, others: Sequence[Any] = ()) -> Ticket:
    """The ticket of a query that `user` reaches; `everything` shows a long timeline whole."""
    now = database_now()
    customer, number = query.customer, query.sender_number
    whole = user.has_perm("recontact.see_phones")
    closes = window_expires_at(customer_id=customer.pk, sender_number_id=number.pk)
    window = window_words(closes, now)
    title = customer_title(customer, whole=whole)
    timeline = timeline_of(query, now=now, everything=everything)
    side = side_of(query, user=user, now=now)
    return Ticket(
        query=query,
        title=title,
        phone=phone_for(customer.phone, whole=whole),
        sender=f"{number.phone_text} ({number.account})",
        window=window,
        window_closes=closes if window.is_open else None,
        others=others,
        composer=composer_of(query, user=user, window=window),
        timeline=timeline,
        side=side,
        actions=_actions(query, user, side.opt_outs),
        news=_news(timeline, title),
    )


def _actions(query: Query, user: Any, opt_outs: Sequence[OptOut]) -> Actions:
    may_change = user.has_perm("recontact.change_query")
    mine_to_change = may_change and not query_is_foreign(user, query)
    return Actions(
        take=may_change and query.is_open and query.assigned_to_id is None,
        resolve=mine_to_change and query.is_open,
        reopen=mine_to_change and not query.is_open,
        refer=user.has_perm("recontact.refer_query") and query.is_open,
        note=user.has_perm("customer_service.add_note"),
        snooze=mine_to_change and query.is_open and query.assigned_to_id is not None and query.snoozed_until is None,
        wake=mine_to_change and query.snoozed_until is not None,
        describe=mine_to_change,
        consent=wishes_open(query.customer, opt_outs, user=user) if mine_to_change else (),
    )


def _news(timeline: Timeline, title: str) -> str:
    """The last thing that happened, as a screen reader should say it when it changes."""
    entries = [entry for day in timeline.days for entry in day.entries if entry.kind in ("in", "out")]
    if not entries:
        return ""
    last = entries[-1]
    if last.mark is None:
        return _("Message from %(customer)s: %(text)s") % {"customer": title, "text": last.text or last.label}
    return _("Last message sent: %(state)s") % {"state": last.mark.words}
