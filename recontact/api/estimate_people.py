"""Whom an estimate is for: a phone or user id, or a customer or query that the user reaches, with his free entry point."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from providers.models import SenderNumber
from recontact.access import queries_for
from recontact.entry_points import entry_points_of
from recontact.models import Customer, Query
from templates_app.api.errors import ApiProblem


@dataclass(frozen=True, slots=True)
class Person:
    """One recipient: E.164 phone or user id, and since when a free entry point is open with the number."""

    phone: str
    bsuid: str
    entry_point_at: datetime | None = None


def query_number(recipients: Sequence[Mapping[str, Any]], *, user: Any) -> int | None:
    """The sender number of the first recipient who is a query, if the user reaches it; else None."""
    first = next((recipient["query"] for recipient in recipients if "query" in recipient), None)
    found = queries_for(user).filter(pk=first).values_list("sender_number_id", flat=True).first() if first else None
    return found or None


def people_resolve(recipients: Sequence[Mapping[str, Any]], *, number: SenderNumber, user: Any) -> list[Person]:
    """Everyone in the order given; the same few queries however many there are. Raises ApiProblem naming the recipient: nobody
    there, not within reach, or a query of another number."""
    queries = _queries(recipients, user)
    customers = _customers(recipients, user)
    found: list[tuple[Mapping[str, Any], Customer | None]] = []
    for place, recipient in enumerate(recipients):
        customer: Customer | None = None
        if "query" in recipient:
            customer = _of_query(queries.get(recipient["query"]), number, place)
        elif "customer" in recipient:
            customer = customers.get(recipient["customer"])
            if customer is None:
                raise _unknown(place, "customer", _("There is no such customer, or he is not within your reach."))
        if customer is not None and not (customer.phone or customer.bsuid):
            raise _unknown(place, "query" if "query" in recipient else "customer", _("The customer was erased."))
        found.append((recipient, customer))
    since = entry_points_of((customer.pk, number.pk) for _recipient, customer in found if customer is not None)
    return [
        Person(recipient.get("phone", ""), recipient.get("bsuid", ""))
        if customer is None
        else Person(customer.phone or "", customer.bsuid or "", since.get((customer.pk, number.pk)))
        for recipient, customer in found
    ]


def _queries(recipients: Sequence[Mapping[str, Any]], user: Any) -> dict[int, Query]:
    wanted = {recipient["query"] for recipient in recipients if "query" in recipient}
    if not wanted:
        return {}
    return queries_for(user).filter(pk__in=wanted).select_related("customer").in_bulk()


def _customers(recipients: Sequence[Mapping[str, Any]], user: Any) -> dict[int, Customer]:
    wanted = {recipient["customer"] for recipient in recipients if "customer" in recipient}
    return customers_for(user).filter(pk__in=wanted).in_bulk() if wanted else {}


def customers_for(user: Any) -> QuerySet[Customer]:
    """The customers whom the user reaches: those of his queries, and all with `view_all_queries`."""
    reached = queries_for(user)
    if user.has_perm("recontact.view_query") and user.has_perm("recontact.view_all_queries"):
        return Customer.objects.all()
    return Customer.objects.filter(pk__in=reached.values("customer"))


def _of_query(query: Query | None, number: SenderNumber, place: int) -> Customer:
    if query is None:
        raise _unknown(place, "query", _("There is no such query, or it is not within your reach."))
    if query.sender_number_id != number.pk:
        raise ApiProblem(
            400,
            "sender_number_other",
            _("The query belongs to another sender number."),
            field=f"recipients.{place}.query",
            params={"sender_number": query.sender_number_id},
        )
    return query.customer


def _unknown(place: int, name: str, words: str) -> ApiProblem:
    return ApiProblem(400, f"{name}_unknown", words, field=f"recipients.{place}.{name}")
