"""A customer changed number, or the platform's id for him: the same person goes on under the new one."""

from __future__ import annotations

from django.db import transaction

from providers.contracts import IdentityChangeEvent
from recontact.customers import customer_change_phone, customer_merge
from recontact.models import Customer
from recontact.phones import phone_from_wire


@transaction.atomic
def identity_change_apply(event: IdentityChangeEvent) -> Customer | None:
    """Follow the person to the new phone and id. None: nobody is known under the old ones, or they are somebody else's now."""
    old_phone, new_phone = phone_from_wire(event.old_phone), phone_from_wire(event.new_phone)
    rows = Customer.objects.select_for_update(no_key=True)
    customer = rows.filter(phone=old_phone).first() if old_phone else None
    if customer is None and event.old_bsuid:
        customer = rows.filter(bsuid=event.old_bsuid).first()
    if customer is None or customer.created_at > event.occurred_at:
        # An old phone that somebody took up after the change is another person's, whatever is replayed.
        return None
    if customer.phone and new_phone and customer.phone != new_phone:
        return customer_change_phone(old_phone=customer.phone, new_phone=new_phone, new_bsuid=event.new_bsuid)
    return _follow_bsuid(customer, event.new_bsuid)


def _follow_bsuid(customer: Customer, bsuid: str) -> Customer:
    if not bsuid or customer.bsuid == bsuid:
        return customer
    other = Customer.objects.select_for_update(no_key=True).filter(bsuid=bsuid).first()
    if other is not None:
        customer = customer_merge(keep=customer, gone=other)
    customer.bsuid = bsuid
    customer.save(update_fields=["bsuid"])
    return customer
