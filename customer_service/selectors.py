"""The conversations list: tabs, search, keyset pages. Every row comes with what it shows, in one query."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from customer_service.finding import find
from customer_service.lists import ALL, IN_PROGRESS, MINE, PENDING, RESOLVED, SNOOZED, Asked, filter_condition
from customer_service.paging import Place, Reach, counts_up_to, page_ids, place_read, place_write, reached
from customer_service.wording import Mark, WindowWords, mark, window_words
from recontact.clock import database_now
from recontact.models import Customer, Message, Query, Recontact, ServiceWindow
from recontact.phones import phone_for
from recontact.prepared import Prepared

PAGE_SIZE = 30
#: Counting stops here: a tab says "999+" rather than read a million rows.
COUNT_LIMIT = 1000


@dataclass(frozen=True, slots=True)
class Tab:
    """One tab of the list; `count` is empty where nobody needs it (resolved, all)."""

    name: str
    title: str
    count: str


@dataclass(frozen=True, slots=True)
class Row:
    """One conversation as the list shows it. `unread`: the customer wrote since its agent last looked."""

    query: Query
    title: str
    window: WindowWords
    window_closes: datetime | None
    mark: Mark | None
    recontacted: bool
    unread: bool


@dataclass(frozen=True, slots=True)
class Page:
    """One page of rows; `next_cursor` is empty on the last page, `cut` says that a search found more than it went through."""

    rows: Sequence[Row]
    next_cursor: str
    cut: bool = False


@dataclass(frozen=True, slots=True)
class Chosen:
    """The ids of a page's queries, in their order; the rest as in `Page`."""

    ids: Sequence[int]
    next_cursor: str
    cut: bool = False


def tabs_for(user: Any, reach: Reach | None = None) -> list[Tab]:
    """The tabs that the user has, with the counts that matter for work."""
    reach = reach or Reach.of(user)
    counted = {
        PENDING: pgettext("conversations", "Pending"),
        MINE: pgettext("conversations", "Mine"),
        IN_PROGRESS: pgettext("conversations", "In progress"),
        SNOOZED: pgettext("conversations", "Put off"),
    }
    counts = counts_up_to(reach, list(counted), COUNT_LIMIT)
    tabs = [Tab(name, title, _count(count)) for (name, title), count in zip(counted.items(), counts, strict=True)]
    tabs.append(Tab(RESOLVED, pgettext("conversations", "Resolved"), ""))
    if reach.everything:
        tabs.append(Tab(ALL, pgettext("conversations", "All"), ""))
    return tabs


def conversations(*, user: Any, asked: Asked, cursor: str = "", reach: Reach | None = None) -> Page:
    """The page of the list after `cursor` (empty = the top). A search looks through all that the user reaches, in any tab."""
    return page_of(chosen(user=user, asked=asked, cursor=cursor, reach=reach or Reach.of(user)), user=user)


def chosen(*, user: Any, asked: Asked, cursor: str, reach: Reach) -> Chosen:
    """Which queries that page shows."""
    if not user.has_perm("recontact.view_query"):
        return Chosen([], "")
    if asked.search:
        return _found(reach, asked, cursor)
    return Chosen(*page_ids(reach, asked, limit=PAGE_SIZE, after=cursor))


def page_of(which: Chosen, *, user: Any) -> Page:
    """The rows of these queries as they are now; two statements."""
    rows = {query.pk: query for query in _ROWS(ids=which.ids)} if which.ids else {}
    now, whole = database_now(), user.has_perm("recontact.see_phones")
    shown = [_row(rows[pk], now, whole=whole) for pk in which.ids if pk in rows]
    return Page(shown, which.next_cursor, which.cut)


def customer_title(customer: Customer, *, whole: bool) -> str:
    """What a customer is called on a screen: the name, else the phone as the reader may see it, else a number."""
    return customer.name or phone_for(customer.phone, whole=whole) or _("Customer %(number)s") % {"number": customer.pk}


def _count(count: int) -> str:
    return f"{COUNT_LIMIT - 1}+" if count >= COUNT_LIMIT else str(count)


def _found(reach: Reach, asked: Asked, cursor: str) -> Chosen:
    """What the search finds of what the person reaches, newest first."""
    found, place = find(asked.search), place_read(cursor)
    rows = reached(reach).filter(filter_condition(asked.filters), pk__among=found.ids)
    if place is not None:
        rows = rows.filter(activity_at__lte=place.value).exclude(activity_at=place.value, pk__gte=place.pk)
    ordered = list(rows.order_by("-activity_at", "-id").values_list("activity_at", "pk")[: PAGE_SIZE + 1])
    shown = ordered[:PAGE_SIZE]
    following = ""
    if len(ordered) > PAGE_SIZE:
        following = place_write(Place(0, shown[-1][0], shown[-1][1], database_now()))
    return Chosen([pk for _at, pk in shown], following, found.cut)


def _annotated(rows: QuerySet[Query]) -> QuerySet[Query]:
    windows = ServiceWindow.objects.filter(
        customer_id=OuterRef("customer_id"), sender_number_id=OuterRef("sender_number_id")
    )
    sent = Message.objects.filter(query_id=OuterRef("pk")).order_by("-id")
    standing = Recontact.objects.filter(query_id=OuterRef("pk")).exclude(state=Recontact.State.RELEASED)
    return rows.select_related("customer", "assigned_to", "team").annotate(
        window_closes=Subquery(windows.values("expires_at")[:1]),
        sent_state=Subquery(sent.values("state")[:1]),
        sent_at=Subquery(sent.values("created_at")[:1]),
        recontacted=Exists(standing),
    )


_ROWS = Prepared(lambda ids: _annotated(Query.objects.filter(pk__among=[ids])).order_by())


def _row(query: Any, now: datetime, *, whole: bool) -> Row:
    """`query` carries the annotations of `_annotated`."""
    wrote_at = query.last_inbound_at
    last_is_ours = query.sent_at is not None and (wrote_at is None or query.sent_at > wrote_at)
    window = window_words(query.window_closes, now)
    return Row(
        query=query,
        title=customer_title(query.customer, whole=whole),
        window=window,
        window_closes=query.window_closes if window.is_open else None,
        mark=mark(query.sent_state) if last_is_ours else None,
        recontacted=query.recontacted,
        unread=query.is_open and wrote_at is not None and (query.seen_at is None or query.seen_at < wrote_at),
    )
