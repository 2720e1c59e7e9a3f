"""The customer's consent to be written to, as a client's system or the person at the other end of a conversation tells it."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from django.db import transaction
from django.db.models.functions import Now

from recontact.customers import customer_lock, opt_out_add, opt_out_revoke
from recontact.models import Customer, OptOut, Query, QueryEvent

SOURCE_LENGTH = 100


class Wish(StrEnum):
    """What a customer says about being written to."""

    AGREES = "agrees"
    NO_MARKETING = "no_marketing"
    NO_MESSAGES = "no_messages"


_SCOPES = {Wish.NO_MARKETING: OptOut.Scope.MARKETING, Wish.NO_MESSAGES: OptOut.Scope.ALL}
_EVENTS = {
    Wish.AGREES: QueryEvent.Kind.CONSENTED,
    Wish.NO_MARKETING: QueryEvent.Kind.NO_MARKETING,
    Wish.NO_MESSAGES: QueryEvent.Kind.NO_MESSAGES,
}


def consent_record(*, customer_id: int, source: str) -> bool:
    """Record that the customer agreed to get messages, by `source`. The first record stands: False when there was one.

    It takes back no opt-out: only the customer does that.
    """
    rows = Customer.objects.filter(pk=customer_id, opted_in_at__isnull=True)
    return bool(rows.update(opted_in_at=Now(), opt_in_source=source[:SOURCE_LENGTH]))


def wishes_open(customer: Customer, standing: Iterable[OptOut], *, user: Any) -> list[Wish]:
    """What `user` may note of the customer that is not noted yet. `standing`: the opt-outs in force.

    Who said that he wants none can agree again; noting that takes the right to change opt-outs.
    """
    if not user.has_perm("recontact.add_optout") or customer.erased_at is not None:
        return []
    scopes = {each.scope for each in standing}
    wishes = []
    if user.has_perm("recontact.change_optout") if scopes else customer.opted_in_at is None:
        wishes.append(Wish.AGREES)
    if not scopes:
        wishes.append(Wish.NO_MARKETING)
    if OptOut.Scope.ALL not in scopes:
        wishes.append(Wish.NO_MESSAGES)
    return wishes


@transaction.atomic
def wish_note(*, query_id: int, wish: Wish, source: str, user: Any) -> bool:
    """Note what the customer of the query said, by `source`, on him and in the query's story. False: it was noted
    already, or is not the user's to note.

    Agreeing takes his opt-outs back. Raises ValueError without a source.
    """
    source = " ".join(source.replace("\x00", "").split())[:SOURCE_LENGTH]
    if not source:
        raise ValueError("what a customer wants needs its source")
    customer = customer_lock(Query.objects.values_list("customer_id", flat=True).get(pk=query_id))
    standing = list(OptOut.objects.filter(customer=customer, revoked_at__isnull=True))
    if wish not in wishes_open(customer, standing, user=user):
        return False
    if wish is Wish.AGREES:
        for opt_out in standing:
            opt_out_revoke(customer=customer, scope=opt_out.scope, source=source)
        customer.opted_in_at, customer.opt_in_source = Now(), source
        customer.save(update_fields=["opted_in_at", "opt_in_source"])
    else:
        opt_out_add(customer=customer, scope=_SCOPES[wish], source=source, user=user)
    QueryEvent.objects.create(query_id=query_id, kind=_EVENTS[wish], actor=user, detail=source)
    return True
