"""From a filter to the rows it matches: as a QuerySet, counted, and a few of them to look at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import connection
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from recontact.access import queries_for
from recontact.campaigns.filters import NOBODY, OURS, THEIRS, CustomerFilter, QueryFilter
from recontact.models import Customer, Message, Query, ServiceWindow
from recontact.selectors import queries_recontacted
from recontact.states import MessageState

#: A message of ours that reached the person, or is taken to have.
_REACHED = (MessageState.ACCEPTED, MessageState.SENT, MessageState.DELIVERED, MessageState.READ)

#: Shown beside the count.
SAMPLES = 5
#: Customers are counted no further than this while somebody chooses.
COUNTED = 500_000
#: The tags to choose from are those of so many customers, the newest that have any.
TAGGED = 5_000


@dataclass(frozen=True, slots=True)
class Found:
    """What a filter matches now. `elsewhere`: of a filter of queries, how many it would match at each other number.

    `is_more`: counted up to COUNTED only.
    """

    count: int
    samples: Sequence[Customer]
    elsewhere: dict[int, int]
    is_more: bool = False


def queries_matching(wanted: QueryFilter, *, user: Any, as_of: datetime) -> QuerySet[Query]:
    """The open queries that the filter matches and `user` reaches; windows as they are at `as_of`, the database's moment."""
    return _queries_anywhere(wanted, user=user, as_of=as_of).filter(sender_number=wanted.sender_number)


def _queries_anywhere(wanted: QueryFilter, *, user: Any, as_of: datetime) -> QuerySet[Query]:
    rows = queries_for(user).filter(~Q(state=Query.State.RESOLVED))
    if wanted.states:
        rows = rows.filter(state__in=wanted.states)
    if wanted.team is not None:
        rows = rows.filter(team=wanted.team)
    if wanted.agent is not None:
        rows = rows.filter(assigned_to=wanted.agent) if wanted.agent != NOBODY else rows.filter(assigned_to=None)
    if wanted.origin:
        rows = rows.filter(origin=wanted.origin)
    if wanted.window_closed:
        windows = ServiceWindow.objects.filter(
            customer=OuterRef("customer"), sender_number=OuterRef("sender_number"), expires_at__gt=as_of
        )
        rows = rows.filter(~Exists(windows))
    if wanted.unused:
        rows = queries_recontacted(rows, used=False)
    if wanted.tags:
        rows = rows.filter(_tagged("customer__tags", wanted.tags, every=wanted.all_tags))
    if wanted.subject:
        rows = rows.filter(subject__icontains=wanted.subject)
    if wanted.data_key:
        rows = rows.filter(_data(wanted.data_key, wanted.data_value))
    rows = rows.filter(_days("created_at", wanted.created_from, wanted.created_until))
    return rows.filter(_days("activity_at", wanted.active_from, wanted.active_until))


def customers_matching_filter(wanted: CustomerFilter) -> QuerySet[Customer]:
    """The customers that the filter matches, of those who can be reached at all."""
    rows = Customer.objects.filter(merged_into=None, erased_at=None).filter(~Q(phone=None) | ~Q(bsuid=None))
    if wanted.tags:
        rows = rows.filter(_tagged("tags", wanted.tags, every=wanted.all_tags))
    if wanted.countries:
        rows = rows.filter(country__in=wanted.countries)
    if wanted.opted_in:
        rows = rows.filter(opted_in_at__isnull=False)
    if wanted.contact_from is not None:
        rows = rows.filter(_in_contact(wanted.contact, _begins(wanted.contact_from)))
    if wanted.contact_until is not None:
        rows = rows.filter(~_in_contact(wanted.contact, _begins(wanted.contact_until + timedelta(days=1))))
    return rows


def queries_found(wanted: QueryFilter, *, user: Any, as_of: datetime) -> Found:
    """What the filter matches now, here and at the other numbers. Two queries of the database."""
    anywhere = _queries_anywhere(wanted, user=user, as_of=as_of).order_by()
    counts = dict(anywhere.values_list("sender_number").annotate(count=Count("pk")))
    here = queries_matching(wanted, user=user, as_of=as_of).select_related("customer").order_by("pk")
    return Found(counts.pop(wanted.sender_number, 0), [query.customer for query in here[:SAMPLES]], counts)


def customers_found(wanted: CustomerFilter) -> Found:
    """What the filter matches now. Two queries of the database."""
    rows = customers_matching_filter(wanted).order_by()
    count = rows.values("pk")[: COUNTED + 1].count()
    return Found(min(count, COUNTED), list(rows.order_by("pk")[:SAMPLES]), {}, count > COUNTED)


def tags_known() -> list[str]:
    """The tags to choose from, by name."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT DISTINCT t.tag FROM (
                   SELECT tags FROM recontact_customer WHERE NOT tags = '[]' ORDER BY id DESC LIMIT %s) c
               CROSS JOIN LATERAL jsonb_array_elements_text(
                   CASE WHEN jsonb_typeof(c.tags) = 'array' THEN c.tags ELSE '[]' END) AS t(tag)
               ORDER BY t.tag""",
            [TAGGED],
        )
        return [row[0] for row in cursor.fetchall()]


def countries_known() -> list[str]:
    """The countries that customers are from, by code."""
    rows = Customer.objects.exclude(country="").order_by("country").values_list("country", flat=True)
    return list(rows.distinct())


def _tagged(column: str, tags: Sequence[str], *, every: bool) -> Q:
    return Q(**{f"{column}__has_keys" if every else f"{column}__has_any_keys": list(tags)})


def _data(key: str, value: str) -> Q:
    """By containment, so that no key is taken for a look-up; a figure is found as it is written."""
    values: list[Any] = [value]
    if value.lstrip("-").isdecimal() and len(value) < 16:
        values.append(int(value))
    found = Q(data__has_key=key) if not value else Q(pk__in=[])
    for each in values if value else ():
        found |= Q(data__contains={key: each})
    return found


def _days(column: str, first: date | None, last: date | None) -> Q:
    found = Q()
    if first is not None:
        found &= Q(**{f"{column}__gte": _begins(first)})
    if last is not None:
        found &= Q(**{f"{column}__lt": _begins(last + timedelta(days=1))})
    return found


def _begins(day: date) -> datetime:
    """When the day begins in the portal's time zone, whoever looks."""
    return timezone.make_aware(datetime.combine(day, time.min), timezone.get_default_timezone())


def _in_contact(whose: str, since: datetime) -> Q:
    """Who wrote to a number of ours, or was sent something, at `since` or later."""
    theirs = ServiceWindow.objects.filter(customer=OuterRef("pk"), last_inbound_at__gte=since)
    ours = Message.objects.filter(customer=OuterRef("pk"), created_at__gte=since, state__in=_REACHED)
    if whose == THEIRS:
        return Q(Exists(theirs))
    return Q(Exists(ours)) if whose == OURS else Q(Exists(theirs)) | Q(Exists(ours))
