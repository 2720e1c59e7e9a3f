"""Whose status is it, where a provider takes no reference of ours and its answer, with its id, was lost?

It is adopted by the one message in doubt to the same person, of about that time. Where two come into question, by none.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import Exists, F, OuterRef, QuerySet
from django.utils import timezone

from providers.contracts import DeliveryStatus, StatusEvent
from providers.models import ProviderAccount
from providers.numbers import number_find
from providers.registry import adapter_class_known
from recontact.hashes import keyed_hash
from recontact.models import Message, MessageEvent
from recontact.phones import phone_from_wire, phone_variants
from recontact.states import MessageState

#: A first status comes within this time after the call.
WITHIN = timedelta(minutes=10)
#: And not before it, but for clocks that do not agree.
BEFORE = timedelta(minutes=1)
#: How long after its arrival an event may be adopted: until the sweep has found the lost claim, and some time more.
ADOPT_FOR = timedelta(minutes=30)

#: `read` may come days later, and then without the id that would have told its own message.
_FIRST = frozenset({DeliveryStatus.ACCEPTED, DeliveryStatus.SENT, DeliveryStatus.DELIVERED, DeliveryStatus.FAILED})


def adoption_columns(account_id: int, event: StatusEvent) -> dict[str, Any]:
    """What is kept of the event so that it may be adopted; nothing where references or look-ups tell whose it is."""
    person = phone_from_wire(event.recipient_phone) or event.recipient_bsuid
    if event.reference or not person or event.status not in _FIRST or not in_need(account_id):
        return {}
    number = None
    if event.sender_external_id:
        number = number_find(account_id=account_id, external_id=event.sender_external_id)
        if number is None:
            return {}
    return {"recipient_hash": keyed_hash(person), "sender_number": number}


def adopter(event: MessageEvent) -> Message | None:
    """The one message that the event can be about, its row locked; None while it is sending, or when there are two."""
    if not event.recipient_hash:
        return None
    rows = Message.objects.filter(
        account_id=event.account_id,
        state__in=[MessageState.SENDING, MessageState.UNCERTAIN],
        provider_message_id="",
        claimed_at__gte=event.occurred_at - WITHIN,
        claimed_at__lte=event.occurred_at + BEFORE,
    )
    if event.sender_number_id is not None:
        rows = rows.filter(sender_number_id=event.sender_number_id)
    found = [message.pk for message in rows.only("recipient_phone", "recipient_bsuid") if _is_to(message, event)]
    if len(found) != 1:
        return None
    # One that is sending still waits for its own answer: with that it is matched, or comes into doubt and is looked at again.
    doubtful = Message.objects.select_for_update().filter(state=MessageState.UNCERTAIN, provider_message_id="")
    return doubtful.filter(pk=found[0]).first()


def adoptable() -> QuerySet[MessageEvent]:
    """Events of the last while that match nothing, with a message in doubt of about their time."""
    doubtful = Message.objects.filter(
        account_id=OuterRef("account_id"),
        state=MessageState.UNCERTAIN,
        provider_message_id="",
        claimed_at__gte=OuterRef("occurred_at") - WITHIN,
        claimed_at__lte=OuterRef("occurred_at") + BEFORE,
    )
    rows = MessageEvent.objects.filter(Exists(doubtful), message__isnull=True).exclude(recipient_hash="")
    return rows.filter(received_at__gt=timezone.now() - ADOPT_FOR).order_by(F("received_at").desc())


def in_need(account_id: int) -> bool:
    """Whether neither a reference nor a look-up tells the messages of this account from each other."""
    provider = ProviderAccount.objects.values_list("provider", flat=True).get(pk=account_id)
    adapter = adapter_class_known(provider)
    if adapter is None:
        return False
    return not adapter.capabilities.callback_reference and not adapter.capabilities.look_up


def _is_to(message: Message, event: MessageEvent) -> bool:
    phones = phone_variants(message.recipient_phone) if message.recipient_phone else []
    people = [*phones, message.recipient_bsuid] if message.recipient_bsuid else phones
    return event.recipient_hash in {keyed_hash(person) for person in people}
