"""The conversations list: tabs, search, keyset pages. Every row comes with what it shows, in one query."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.postgres.search import SearchQuery, SearchVector
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from customer_service.wording import Mark, WindowWords, mark, window_words
from recontact.access import queries_for
from recontact.clock import database_now
from recontact.customers import fold
from recontact.models import Customer, Message, Query, Recontact, ServiceWindow
from recontact.phones import InvalidPhone, phone_for, phone_parse

PAGE_SIZE = 30
#: Counting stops here: a tab says "999+" rather than read a million rows.
COUNT_LIMIT = 1000
PENDING, MINE, IN_PROGRESS, RESOLVED, ALL = "pending", "mine", "progress", "resolved", "all"


@dataclass(frozen=True, slots=True)
class Tab:
    """One tab of the list; `count` is empty where nobody needs it (resolved, all)."""

    name: str
    title: str
    count: str


@dataclass(frozen=True, slots=True)
class Row:
    """One conversation as the list shows it."""

    query: Query
    title: str
    window: WindowWords
    mark: Mark | None
    recontacted: bool


@dataclass(frozen=True, slots=True)
class Page:
    """One page of rows, newest first; `next_cursor` is empty on the last page."""

    rows: Sequence[Row]
    next_cursor: str


def tabs_for(user: Any) -> list[Tab]:
    """The tabs that the user has, with the counts that matter for work."""
    reached = queries_for(user)
    tabs = [
        Tab(PENDING, pgettext("conversations", "Pending"), _count(_of_tab(reached, PENDING, user))),
        Tab(MINE, pgettext("conversations", "Mine"), _count(_of_tab(reached, MINE, user))),
        Tab(IN_PROGRESS, pgettext("conversations", "In progress"), _count(_of_tab(reached, IN_PROGRESS, user))),
        Tab(RESOLVED, pgettext("conversations", "Resolved"), ""),
    ]
    if user.has_perm("recontact.view_all_queries"):
        tabs.append(Tab(ALL, pgettext("conversations", "All"), ""))
    return tabs


def conversations(*, user: Any, tab: str, search: str = "", cursor: str = "") -> Page:
    """The page of the tab after `cursor` (empty = newest). A search looks through all that the user reaches, in any tab."""
    rows = queries_for(user)
    rows = _found(rows, search) if search.strip() else _of_tab(rows, tab, user)
    after = _cursor_read(cursor)
    if after is not None:
        at, pk = after
        rows = rows.filter(activity_at__lte=at).exclude(activity_at=at, pk__gte=pk)
    found = list(_annotated(rows)[: PAGE_SIZE + 1])
    shown = found[:PAGE_SIZE]
    now = database_now()
    whole = user.has_perm("recontact.see_phones")
    next_cursor = _cursor_write(shown[-1]) if len(found) > PAGE_SIZE else ""
    return Page([_row(query, now, whole=whole) for query in shown], next_cursor)


def customer_title(customer: Customer, *, whole: bool) -> str:
    """What a customer is called on a screen: the name, else the phone as the reader may see it, else a number."""
    return customer.name or phone_for(customer.phone, whole=whole) or _("Customer %(number)s") % {"number": customer.pk}


def _count(rows: QuerySet[Query]) -> str:
    count = rows.order_by()[:COUNT_LIMIT].count()
    return f"{COUNT_LIMIT - 1}+" if count >= COUNT_LIMIT else str(count)


def _of_tab(rows: QuerySet[Query], tab: str, user: Any) -> QuerySet[Query]:
    if tab == MINE:
        return rows.filter(assigned_to=user, state__in=[Query.State.PENDING, Query.State.IN_PROGRESS])
    state = {PENDING: Query.State.PENDING, IN_PROGRESS: Query.State.IN_PROGRESS, RESOLVED: Query.State.RESOLVED}.get(
        tab
    )
    return rows if state is None else rows.filter(state=state)


def _found(rows: QuerySet[Query], search: str) -> QuerySet[Query]:
    """By query number (#4182 or 4182), by phone in any usual form, or by the beginnings of the words of a name."""
    text = search.replace("\x00", "").strip()
    digits = re.sub(r"\D", "", text)
    wanted = Q(pk__in=[])
    if re.fullmatch(r"#?\d{1,15}", text):
        wanted |= Q(pk=int(digits))
    terms = (
        _phone_terms(text, digits) if digits and not any(character.isalpha() for character in text) else _words(text)
    )
    if terms and not text.startswith("#"):
        vector = SearchVector("search", config="simple")
        customers = Customer.objects.annotate(found=vector).filter(
            found=SearchQuery(terms, search_type="raw", config="simple")
        )
        wanted |= Q(customer__in=customers.values("pk"))
    return rows.filter(wanted)


def _phone_terms(text: str, digits: str) -> str:
    """Prefixes of the digits as typed and, when they make a whole phone, as customers are kept."""
    forms = {digits.lstrip("0") or digits, digits}
    try:
        forms.add(phone_parse(text, default_country=settings.DEFAULT_COUNTRY).e164.lstrip("+"))
    except InvalidPhone:
        # Part of a phone is a search too.
        forms.discard("")
    return " | ".join(f"{form}:*" for form in sorted(forms))


def _words(text: str) -> str:
    return " & ".join(f"{word}:*" for word in re.findall(r"[^\W_]+", fold(text)))


def _annotated(rows: QuerySet[Query]) -> QuerySet[Query]:
    windows = ServiceWindow.objects.filter(
        customer_id=OuterRef("customer_id"), sender_number_id=OuterRef("sender_number_id")
    )
    sent = Message.objects.filter(query_id=OuterRef("pk")).order_by("-id")
    standing = Recontact.objects.filter(query_id=OuterRef("pk")).exclude(state=Recontact.State.RELEASED)
    return (
        rows.select_related("customer", "assigned_to")
        .annotate(
            window_expires_at=Subquery(windows.values("expires_at")[:1]),
            sent_state=Subquery(sent.values("state")[:1]),
            sent_at=Subquery(sent.values("created_at")[:1]),
            recontacted=Exists(standing),
        )
        .order_by("-activity_at", "-id")
    )


def _row(query: Any, now: datetime, *, whole: bool) -> Row:
    """`query` carries the annotations of `_annotated`."""
    last_is_ours = query.sent_at is not None and (
        query.last_inbound_at is None or query.sent_at > query.last_inbound_at
    )
    return Row(
        query=query,
        title=customer_title(query.customer, whole=whole),
        window=window_words(query.window_expires_at, now),
        mark=mark(query.sent_state) if last_is_ours else None,
        recontacted=query.recontacted,
    )


def _cursor_write(query: Query) -> str:
    return base64.urlsafe_b64encode(f"{query.activity_at.isoformat()} {query.pk}".encode()).decode().rstrip("=")


def _cursor_read(cursor: str) -> tuple[datetime, int] | None:
    """The place that a cursor names; None for an empty or a damaged one (then the list begins at the top)."""
    try:
        at, _space, pk = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode().partition(" ")
        moment = datetime.fromisoformat(at)
        return (moment, int(pk)) if moment.tzinfo is not None else None
    except (ValueError, binascii.Error):
        return None
