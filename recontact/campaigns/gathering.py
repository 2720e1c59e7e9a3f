"""The people of a campaign by filter, as a stream from the database: page by page by their id, so that each comes once, and
none who came after the planning began, whatever changes meanwhile."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import islice
from typing import Any

from django.db.models import Max, QuerySet

from recontact.campaigns.audience import Candidate
from recontact.campaigns.columns import DATA
from recontact.campaigns.filters import Filter, QueryFilter, filter_read
from recontact.campaigns.matching import customers_matching_filter, queries_matching
from recontact.clock import database_now
from recontact.models import Campaign, Customer, Query

PAGE = 2_000
#: How many queries are looked at for what their data are called.
LOOKED_AT = 200


def matching(campaign: Campaign, as_of: datetime) -> QuerySet[Any]:
    """The queries or the customers that the campaign's filter matches. Raises AudienceProblem."""
    return _rows(filter_read(campaign.audience), campaign.created_by, as_of)


def _rows(wanted: Filter, user: Any, as_of: datetime) -> QuerySet[Any]:
    if isinstance(wanted, QueryFilter):
        return queries_matching(wanted, user=user, as_of=as_of).select_related("customer", "assigned_to")
    return customers_matching_filter(wanted)


def candidates_gathered(campaign: Campaign, as_of: datetime) -> Iterator[Candidate]:
    """Everybody the filter matches, numbered from 1, in the order of their ids. Raises AudienceProblem."""
    rows = matching(campaign, as_of).order_by("pk")
    me = campaign.created_by
    last: int = rows.aggregate(last=Max("pk"))["last"] or 0
    after, number = 0, 0
    while page := list(rows.filter(pk__gt=after, pk__lte=last)[:PAGE]):
        for row in page:
            number += 1
            yield _of_query(row, number, me) if isinstance(row, Query) else _of_customer(row, number)
        after = page[-1].pk


def candidates_first(campaign: Campaign, count: int) -> list[Candidate]:
    """The first few, for showing. Raises AudienceProblem."""
    rows = matching(campaign, database_now()).order_by("pk")[:count]
    me = campaign.created_by
    return [
        _of_query(row, number, me) if isinstance(row, Query) else _of_customer(row, number)
        for number, row in enumerate(rows, 1)
    ]


def data_keys(campaign: Campaign) -> list[str]:
    """What the data of the queries are called, by the newest of them; nothing for customers. Raises AudienceProblem."""
    if campaign.source != Campaign.Source.FILTERED:
        return []
    newest = matching(campaign, database_now()).order_by("-pk").values_list("data", flat=True)[:LOOKED_AT]
    return sorted({key for data in newest for key in _texts_of(data)})


def _of_customer(customer: Customer, number: int) -> Candidate:
    return Candidate(
        number=number,
        typed="",
        phone=customer.phone or "",
        bsuid=customer.bsuid or "",
        name=customer.name,
        customer_id=customer.pk,
    )


def _of_query(query: Query, number: int, me: Any) -> Candidate:
    candidate = _of_customer(query.customer, number)
    agent = query.assigned_to if query.assigned_to is not None else me
    candidate.query_id = query.pk
    candidate.texts = {
        "query_number": str(query.pk),
        "subject": " ".join(query.subject.split()),
        "agent": str(getattr(agent, "first_name", "") or agent),
        **{DATA + key: text for key, text in _texts_of(query.data).items()},
    }
    return candidate


def _texts_of(data: Any) -> Mapping[str, str]:
    """What of a query's data can stand in a message."""
    if not isinstance(data, dict):
        return {}
    found = {str(key): value for key, value in islice(data.items(), 100) if not isinstance(value, dict | list)}
    return {key: str(value).strip() for key, value in found.items() if value is not None}
