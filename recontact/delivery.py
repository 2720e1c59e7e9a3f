"""What providers report about our messages: appended as events, and proof moves the message forward (I4)."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import structlog
from django.core.cache import cache
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from providers.contracts import DeliveryStatus, StatusEvent
from providers.errors import Reason
from providers.policy import suppresses
from providers.redaction import words_redacted
from recontact import ledger
from recontact.adoption import adoptable, adopter, adoption_columns
from recontact.arrays import array_literal
from recontact.clock import database_now
from recontact.costs.report import delivered_charge, failed_fee_append, price_stored
from recontact.customers import customer_identify
from recontact.hashes import keyed_hash
from recontact.late_acceptances import LATE_RECORD, acceptances_note
from recontact.late_failures import late_failure_apply
from recontact.models import Customer, Incident, Message, MessageEvent, Recontact
from recontact.models.message import KNOWN_AT_PROVIDER
from recontact.phones import phone_from_wire
from recontact.prepared import fetched
from recontact.retries import arrived_before, retries_withdraw
from recontact.states import MESSAGE_MOVES, NEVER_SENT, MessageState
from recontact.wishes import suppress

log = structlog.get_logger(__name__)

# Whether any of a batch has come: most have not, and this asks it for less than the rows would cost.
_UNMATCHED = """
    SELECT FROM recontact_messageevent
    WHERE account_id = ANY(%s::bigint[]) AND provider_message_id = ANY(%s::text[]) AND message_id IS NULL LIMIT 1
"""
#: How long an event that matches nothing is tried again.
MATCH_FOR = timedelta(days=7)
#: How long at each sweep; after that every few minutes.
MATCH_OFTEN_FOR = timedelta(minutes=30)
_ALL_GONE_THROUGH = "events:all-gone-through"
_EVERY_SECONDS = 300

#: When each status came, kept on the message; `read` implies `delivered`.
MOMENTS: dict[str, tuple[str, ...]] = {
    DeliveryStatus.ACCEPTED: ("accepted_at",),
    DeliveryStatus.SENT: ("accepted_at", "sent_at"),
    DeliveryStatus.DELIVERED: ("accepted_at", "delivered_at"),
    DeliveryStatus.READ: ("accepted_at", "delivered_at", "read_at"),
    DeliveryStatus.FAILED: ("settled_at",),
    DeliveryStatus.UNKNOWN: (),
}


@transaction.atomic
def status_apply(account_id: int, event: StatusEvent) -> MessageEvent:
    """Append the event once and let it move its message, if one is found. Doubled, late and reordered events are fine."""
    if not event.provider_message_id:
        # Told by our reference alone: it must not be taken for another message's.
        event = replace(event, provider_message_id=event.reference)
    message_id, erased = kept_id(account_id, event.provider_message_id[:128])
    stored, created = MessageEvent.objects.get_or_create(
        account_id=account_id,
        provider_message_id=message_id,
        status=event.status,
        defaults=_columns(event) | ({"detail": ""} if erased else adoption_columns(account_id, event)),
    )
    if created or stored.message_id is None:
        if event.reference and not stored.reference:
            # A look-up knows whose it is; the webhook that came first did not say.
            stored.reference = event.reference[:64]
            stored.save(update_fields=["reference"])
        if not erased:
            _identify(event)
        _match_and_apply(stored)
    elif event.price is not None and stored.price is None:
        # The same status said again, now with its price.
        MessageEvent.objects.filter(pk=stored.pk).update(price=_price(event))
        stored.refresh_from_db()
        _charge(Message.objects.select_for_update().get(pk=stored.message_id), stored)
    return stored


def kept_id(account_id: int, provider_message_id: str) -> tuple[str, bool]:
    """The id as it may be kept: hashed once the message's customer was erased, because it holds his phone."""
    digest = keyed_hash(provider_message_id)
    erased = Message.objects.filter(KNOWN_AT_PROVIDER, account_id=account_id, provider_message_id=digest).exists()
    return (digest, True) if erased else (provider_message_id, False)


def _columns(event: StatusEvent) -> dict[str, Any]:
    return {
        "reference": event.reference[:64],
        "raw_status": event.raw_status[:40],
        "occurred_at": event.occurred_at,
        "reason": event.error_reason[:40],
        "provider_code": event.error_code[:40],
        "detail": words_redacted(event.error_detail, phone=event.recipient_phone, bsuid=event.recipient_bsuid)[:500],
        "price": _price(event),
    }


def _price(event: StatusEvent) -> dict[str, Any] | None:
    return None if event.price is None else price_stored(event.price)


def _identify(event: StatusEvent) -> None:
    """A status that names both the phone and the BSUID tells us that they are one person."""
    if not event.recipient_phone or not event.recipient_bsuid:
        return
    phone = phone_from_wire(event.recipient_phone)
    if not Customer.objects.filter(phone=phone, bsuid=event.recipient_bsuid).exists():
        customer_identify(phone=phone, bsuid=event.recipient_bsuid)


def _find(event: MessageEvent) -> Message | None:
    """The message by our reference, else by the provider's id (hashed, once its customer was erased); row locked."""
    rows = Message.objects.select_for_update().filter(account_id=event.account_id)
    try:
        by_reference = rows.filter(reference=uuid.UUID(event.reference)).first() if event.reference else None
    except ValueError:
        by_reference = None
    if by_reference is not None:
        return by_reference
    if not event.provider_message_id:
        return None  # a message that waits has no id either
    ids = [event.provider_message_id, keyed_hash(event.provider_message_id)]
    return rows.filter(KNOWN_AT_PROVIDER, provider_message_id__in=ids).order_by("pk").first() or adopter(event)


def _match_and_apply(event: MessageEvent) -> bool:
    message = _find(event)
    if message is None:
        return False
    event.message = message
    # Not every event says whom it is about.
    event.detail = words_redacted(event.detail, phone=message.recipient_phone, bsuid=message.recipient_bsuid)
    event.effect = _apply(message, event)
    event.save(update_fields=["message", "effect", "detail"])
    if message.query_id is not None:
        ledger.settle([message.pk])
    return True


def _apply(message: Message, event: MessageEvent) -> str:
    """Move the message as far as the event proves, in one guarded UPDATE. Returns the effect."""
    if event.status == DeliveryStatus.UNKNOWN:
        return MessageEvent.Effect.KNOWN
    current, target = MessageState(message.state), MessageState(event.status)
    if current in NEVER_SENT:
        return _against_the_books(message, event, current, target)
    if _is_second_send(message, event):
        _incident(message, event, Incident.Kind.SENT_TWICE)
    moves = target in MESSAGE_MOVES[current]
    if changes := _changes(message, event, current, target):
        Message.objects.filter(pk=message.pk, state=current).update(**changes)
        for name, value in changes.items():
            setattr(message, name, value)
    if moves and _was_given_back(message):
        _incident(message, event, Incident.Kind.PROOF_AGAINST_UNSENT)
    if moves and target == MessageState.FAILED:
        late_failure_apply(message=message, event=event)
    elif moves and current == MessageState.FAILED and (retries_withdraw(message=message) or arrived_before([message])):
        _incident(message, event, Incident.Kind.SENT_TWICE)
    if changes.get("billed") is False:
        failed_fee_append(message=message, code=event.provider_code, at=event.occurred_at)
    # `delivered` carries the price even when it comes after `read`.
    if moves or target == current or (current, target) == (MessageState.READ, MessageState.DELIVERED):
        _charge(message, event)
        _remember_opt_out(message, event)
    return MessageEvent.Effect.MOVED if moves else MessageEvent.Effect.KNOWN


def _changes(message: Message, event: MessageEvent, current: MessageState, target: MessageState) -> dict[str, Any]:
    """What the event makes of the message's columns. What failed is not billed."""
    moves = target in MESSAGE_MOVES[current]
    changes = _moments(message, event)
    if moves:
        changes |= {"state": target, "lease_expires_at": None}
        changes |= {"reason": event.reason, "provider_code": event.provider_code, "provider_detail": event.detail}
        if current == MessageState.FAILED:
            changes["billed"] = None  # what counted as not billed was delivered after all
    if target == MessageState.FAILED and message.billed is None and (moves or current == target):
        changes["billed"] = False
    if message.provider_message_id in ("", str(message.reference)):
        changes["provider_message_id"] = event.provider_message_id
    return changes


def _moments(message: Message, event: MessageEvent) -> dict[str, Any]:
    return {name: event.occurred_at for name in MOMENTS[event.status] if getattr(message, name) is None}


def _against_the_books(message: Message, event: MessageEvent, current: MessageState, target: MessageState) -> str:
    """The books say it never went out. The provider's second word on a refusal is no news; anything else is an incident."""
    if target == MessageState.FAILED and current == MessageState.REJECTED:
        return MessageEvent.Effect.KNOWN
    _incident(message, event, Incident.Kind.PROOF_AGAINST_UNSENT)
    if message.campaign_id is not None and retries_withdraw(message=message):
        _incident(message, event, Incident.Kind.SENT_TWICE)
    return MessageEvent.Effect.INCIDENT


def _was_given_back(message: Message) -> bool:
    """A person gave the query its recontact back because this message had failed; now it turns out to have arrived."""
    if message.query_id is None:
        return False
    return Recontact.objects.filter(message=message, state=Recontact.State.RELEASED).exists()


def _is_second_send(message: Message, event: MessageEvent) -> bool:
    known, told = message.provider_message_id, event.provider_message_id
    reference = str(message.reference)  # stands for an id that was not told
    return known not in ("", reference, told, keyed_hash(told)) and told != reference


def _incident(message: Message, event: MessageEvent, kind: str) -> None:
    _incident_row, created = Incident.objects.get_or_create(message=message, kind=kind, defaults={"event": event})
    if created:
        log.error("incident_opened", kind=kind, message_id=message.pk)


def _charge(message: Message, event: MessageEvent) -> None:
    """Delivered is billed unless the price says it was free. A price in `sent` is no charge until then."""
    if event.status in (DeliveryStatus.DELIVERED, DeliveryStatus.READ):
        delivered_charge(message=message, price=event.price or _price_told_before(message))


def _price_told_before(message: Message) -> dict[str, Any] | None:
    """Some providers name the price with an earlier status."""
    earlier = message.events.exclude(price=None).exclude(status=DeliveryStatus.FAILED)
    return earlier.order_by("-pk").values_list("price", flat=True).first()


def _remember_opt_out(message: Message, event: MessageEvent) -> None:
    if event.reason in Reason.__members__.values() and suppresses(Reason(event.reason)):
        suppress(customer=message.customer, reason=Reason(event.reason), at=event.occurred_at)


def acceptance_after_the_fact(*, message_id: int, provider_message_id: str) -> None:
    """An acceptance whose record found the message moved on: by a webhook (only the id is new), or against the books."""
    if acceptances_note({message_id: provider_message_id[:128]}):
        return
    message = Message.objects.select_for_update().get(pk=message_id)
    provider_message_id = provider_message_id or str(message.reference)
    event, created = MessageEvent.objects.get_or_create(
        account_id=message.account_id,
        provider_message_id=provider_message_id[:128],
        status=DeliveryStatus.ACCEPTED,
        # By the database's clock: the pair's pause counts from it, and a dispatcher's own may be minutes fast.
        defaults={"reference": str(message.reference), "occurred_at": database_now(), "raw_status": LATE_RECORD},
    )
    if created:
        _match_and_apply(event)


def events_match(keys: Iterable[tuple[int, str]]) -> None:
    """Apply the unmatched events of these (account, provider message id) pairs: they came before the record."""
    pairs = set(keys)
    accounts = {account_id for account_id, _id in pairs}
    told = {provider_message_id for _account, provider_message_id in pairs}
    if not pairs or not fetched(_UNMATCHED, [array_literal(accounts), array_literal(told)]):
        return
    # Whoever has an event locked is matching it, and waits for the messages that the caller has locked: not the other way.
    rows = MessageEvent.objects.select_for_update(skip_locked=True).filter(
        account_id__in=accounts, provider_message_id__among=told, message__isnull=True
    )
    for event in rows.order_by("occurred_at", "pk"):
        try:
            with transaction.atomic():
                _match_and_apply(event)
        except Exception as error:
            # The sweep looks at it again. What the caller records is the proof that a message left: no event undoes it.
            if isinstance(error, OperationalError | InterfaceError):
                raise
            log.exception("event_not_matched", event_id=event.pk)


def events_rematch(limit: int = 500) -> int:
    """Match the unmatched events of the last seven days whose message is known by now; returns how many were matched.

    And those that a message may adopt which came into doubt after they had come.

    A number may be shared with another system, whose events match nothing for ever: they must not crowd out ours, and those
    of the days before are gone through only every few minutes.
    """
    known = Message.objects.filter(
        KNOWN_AT_PROVIDER, account_id=OuterRef("account_id"), provider_message_id=OuterRef("provider_message_id")
    )
    since = timezone.now() - (MATCH_FOR if _all_are_due() else MATCH_OFTEN_FOR)
    rows = MessageEvent.objects.filter(Exists(known), message__isnull=True, received_at__gt=since)
    found = 0
    ids = list(rows.order_by("received_at").values_list("pk", flat=True)[:limit])
    for pk in [*ids, *adoptable().values_list("pk", flat=True)[:limit]]:
        try:
            found += _rematched(pk)
        except Exception as error:
            # One that cannot be applied must not keep those after it, at this sweep and at every other.
            if isinstance(error, OperationalError | InterfaceError):
                raise
            log.exception("event_not_matched", event_id=pk)
    return found


@transaction.atomic
def _rematched(event_id: int) -> bool:
    event = MessageEvent.objects.select_for_update(skip_locked=True).filter(pk=event_id, message__isnull=True).first()
    return event is not None and _match_and_apply(event)


def _all_are_due() -> bool:
    """Whether it is time to go through the days before too; always while Valkey is away."""
    try:
        return bool(cache.add(_ALL_GONE_THROUGH, "1", timeout=_EVERY_SECONDS))
    except Exception:
        return True
