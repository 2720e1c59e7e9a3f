"""Opening a query without a message: a system hands a customer's case over to the agents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.db import transaction

from providers.models import SenderNumber
from recontact.clock import database_now
from recontact.customers import customer_identify
from recontact.models import Query, QueryEvent, Team
from recontact.phones import InvalidPhone, phone_parse
from recontact.refusals import Code, Refusal, SendRefused


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
) -> Query:
    """A pending, unassigned query of the customer with this phone (as typed) or, without one, this BSUID.

    Raises SendRefused when the phone is none, the number is switched off, or the customer has an open query with this
    number (its id is in the refusal); then nothing is stored.
    """
    number = SenderNumber.objects.select_related("account").get(pk=sender_number_id)
    if not number.is_active or not number.account.is_active:
        raise SendRefused(Refusal(Code.NUMBER_INACTIVE, field_name="sender_number"))
    customer = customer_identify(phone=_e164(phone) if phone or not bsuid else "", bsuid=bsuid, name=name)
    # The customer's row is locked: nobody opens another query for him meanwhile.
    standing = Query.objects.filter(customer=customer, sender_number=number).exclude(state=Query.State.RESOLVED).first()
    if standing is not None:
        raise SendRefused(Refusal(Code.OPEN_QUERY_EXISTS, {"query": standing.pk}))
    query = Query.objects.create(
        customer=customer,
        sender_number=number,
        team=team,
        origin=origin,
        subject=subject,
        preview=subject,
        data=dict(data or {}),
        opened_by=user,
        activity_at=database_now(),
    )
    QueryEvent.objects.create(query=query, kind=QueryEvent.Kind.OPENED, actor=user)
    return query


def _e164(phone: str) -> str:
    try:
        return phone_parse(phone, default_country=settings.DEFAULT_COUNTRY).e164
    except InvalidPhone as error:
        raise SendRefused(Refusal(Code.INVALID_PHONE, field_name="phone")) from error
