"""What customers wish about marketing, by a word of theirs or by the platform's preference. The newest wish stands."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from providers.contracts import PreferenceEvent
from providers.errors import Reason
from recontact.clock import database_now
from recontact.customers import customer_identify, opt_out_add
from recontact.models import Customer, OptOut
from recontact.phones import phone_from_wire

CUSTOMERS_WORD = "customer's word"
PREFERENCE = "WhatsApp preference"
BLOCKED = "blocked at the provider"
PROVIDERS_LIST = "the provider's list of people who want no messages"


@transaction.atomic
def preference_apply(event: PreferenceEvent) -> None:
    """The platform's preference, for the person it names; somebody unknown is remembered, to be left alone later."""
    customer = customer_identify(phone=phone_from_wire(event.phone), bsuid=event.bsuid)
    if event.opted_out:
        marketing_stop(customer=customer, at=event.occurred_at, source=PREFERENCE)
    else:
        marketing_resume(customer=customer, at=event.occurred_at, source=PREFERENCE)


def suppress(*, customer: Customer, reason: Reason, at: datetime) -> bool:
    """A send was refused, or failed, because of the person's wish. False: he has changed his mind since `at`."""
    if reason == Reason.RECIPIENT_OPTED_OUT:
        return _stop(customer=customer, scope=OptOut.Scope.ALL, at=at, source=PROVIDERS_LIST)
    source = BLOCKED if reason == Reason.RECIPIENT_BLOCKED_US else PREFERENCE
    return marketing_stop(customer=customer, at=at, source=source)


def marketing_stop(*, customer: Customer, at: datetime, source: str) -> bool:
    """No marketing since `at`. False: it stood already, or the customer has changed his mind since."""
    return _stop(customer=customer, scope=OptOut.Scope.MARKETING, at=at, source=source)


def _stop(*, customer: Customer, scope: str, at: datetime, source: str) -> bool:
    wishes = OptOut.objects.filter(customer=customer, scope=scope)
    if wishes.filter(revoked_at=None).exists() or wishes.filter(revoked_at__gte=at).exists():
        return False
    opt_out = opt_out_add(customer=customer, scope=scope, source=source)
    # The customer's moment and not that of the worker: wishes may arrive in another order than they were made.
    OptOut.objects.filter(pk=opt_out.pk).update(created_at=min(at, database_now()))
    return True


def marketing_resume(*, customer: Customer, at: datetime, source: str) -> bool:
    """Marketing again since `at`. False: there was no older opt-out to take back."""
    # A moment ahead of our clock would outlive the customer's next change of mind.
    at = min(at, database_now())
    wishes = OptOut.objects.filter(customer=customer, scope=OptOut.Scope.MARKETING, revoked_at=None)
    return bool(wishes.filter(created_at__lte=at).update(revoked_at=at, revoked_source=source))
