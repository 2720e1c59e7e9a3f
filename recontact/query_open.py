"""Opening a query without a message: a system hands a customer's case over to the agents."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction

from providers.models import SenderNumber
from recontact.clock import database_now
from recontact.customers import customer_identify
from recontact.models import Query, QueryEvent, Team
from recontact.phones import InvalidPhone, phone_parse
from recontact.refusals import Code, Refusal, SendRefused

_OPENED: list[Callable[[Query], object]] = []


def when_opened(handler: Callable[[Query], object]) -> Callable[[Query], object]:
    """Register a function of an app above that looks at each query just opened, in its transaction. Idempotent."""
    if handler not in _OPENED:
        _OPENED.append(handler)
    return handler


@transaction.atomic
def query_open(
    *,
    phone: str = "",
    bsuid: str = "",
    name: str = "",
    sender_number_id: int,
    user: Any,
    subject: str = "",
    data: Mapping[str, Any] | None = None,
    team: Team | None = None,
    origin: str = Query.Origin.API,
    reference: str = "",
) -> Query:
    """A pending, unassigned query of the customer with this phone (as typed) or, without one, this BSUID.

    Raises SendRefused when the phone is none, the number is switched off, the customer has an open query with this number
    or `user` has opened one with this `reference` (the query's id is in the refusal); then nothing is stored.
    """
    number = SenderNumber.objects.select_related("account").get(pk=sender_number_id)
    if not number.is_active or not number.account.is_active:
        raise SendRefused(Refusal(Code.NUMBER_INACTIVE, field_name="sender_number"))
    if reference:
        _refuse_used(reference, user)
    customer = customer_identify(phone=_e164(phone) if phone or not bsuid else "", bsuid=bsuid, name=name)
    # The customer's row is locked: nobody opens another query for him meanwhile.
    standing = Query.objects.filter(customer=customer, sender_number=number).exclude(state=Query.State.RESOLVED).first()
    if standing is not None:
        raise SendRefused(Refusal(Code.OPEN_QUERY_EXISTS, {"query": standing.pk}))
    query = Query(
        customer=customer,
        sender_number=number,
        team=team,
        origin=origin,
        subject=subject,
        preview=subject,
        data=dict(data or {}),
        reference=reference,
        opened_by=user,
        activity_at=database_now(),
    )
    _store(query)
    QueryEvent.objects.create(query=query, kind=QueryEvent.Kind.OPENED, actor=user)
    for handler in _OPENED:
        handler(query)
    return query


def _store(query: Query) -> None:
    try:
        with transaction.atomic():
            query.save()
    except IntegrityError:
        # Of two that come at once with one reference, the second waits at its index until the first is stored.
        _refuse_used(query.reference, query.opened_by)
        raise


def _refuse_used(reference: str, user: Any) -> None:
    used = Query.objects.filter(reference=reference, opened_by=user).values_list("pk", flat=True).first()
    if used is not None:
        raise SendRefused(Refusal(Code.REFERENCE_USED, {"query": used}, field_name="reference"))


def _e164(phone: str) -> str:
    try:
        return phone_parse(phone, default_country=settings.DEFAULT_COUNTRY).e164
    except InvalidPhone as error:
        raise SendRefused(Refusal(Code.INVALID_PHONE, field_name="phone")) from error
