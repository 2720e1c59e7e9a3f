"""Prices that come apart from any status: kept, matched with their message, and charged once when it is delivered."""

from __future__ import annotations

import uuid

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from providers.contracts import PriceEvent
from recontact.costs.report import delivered_charge, price_stored
from recontact.delivery import MATCH_FOR, kept_id
from recontact.hashes import keyed_hash
from recontact.models import Message, PriceStatement
from recontact.models.message import KNOWN_AT_PROVIDER
from recontact.states import MessageState

_DELIVERED = frozenset({MessageState.DELIVERED, MessageState.READ})


@transaction.atomic
def price_apply(account_id: int, event: PriceEvent) -> PriceStatement | None:
    """Keep the price, once, and charge its message if that was delivered. None: it names no message at all."""
    told = event.provider_message_id or event.reference
    if not told:
        return None
    message_id, _erased = kept_id(account_id, told[:128])
    statement, _created = PriceStatement.objects.get_or_create(
        account_id=account_id,
        provider_message_id=message_id,
        defaults={
            "reference": event.reference[:64],
            "price": price_stored(event.price),
            "occurred_at": event.occurred_at,
        },
    )
    _charge(statement)
    return statement


def prices_rematch(limit: int = 500) -> int:
    """Charge what waited for its message, or for the message's delivery, in the last seven days. Returns how many."""
    known = Message.objects.filter(
        KNOWN_AT_PROVIDER,
        account_id=OuterRef("account_id"),
        provider_message_id=OuterRef("provider_message_id"),
        state__in=_DELIVERED,
    )
    delivered = Q(Exists(known)) | Q(message__state__in=_DELIVERED)
    rows = PriceStatement.objects.filter(delivered, charged=False, received_at__gt=timezone.now() - MATCH_FOR)
    found = 0
    for pk in rows.order_by("received_at").values_list("pk", flat=True)[:limit]:
        with transaction.atomic():
            statement = PriceStatement.objects.select_for_update(skip_locked=True).filter(pk=pk, charged=False).first()
            found += statement is not None and _charge(statement)
    return found


def _charge(statement: PriceStatement) -> bool:
    """True when the price is in the books now, by this statement or by what a status said before."""
    if statement.charged:
        return False
    message = _find(statement)
    if message is None:
        return False
    statement.message = message
    statement.charged = message.state in _DELIVERED
    if statement.charged:
        delivered_charge(message=message, price=statement.price)
    statement.save(update_fields=["message", "charged"])
    return statement.charged


def _find(statement: PriceStatement) -> Message | None:
    rows = Message.objects.select_for_update().filter(account_id=statement.account_id)
    if statement.message_id is not None:
        return rows.get(pk=statement.message_id)
    try:
        by_reference = rows.filter(reference=uuid.UUID(statement.reference)).first() if statement.reference else None
    except ValueError:
        by_reference = None
    ids = [statement.provider_message_id, keyed_hash(statement.provider_message_id)]
    return by_reference or rows.filter(KNOWN_AT_PROVIDER, provider_message_id__in=ids).order_by("pk").first()
