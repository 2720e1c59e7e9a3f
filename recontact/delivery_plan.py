"""What some statuses make of one message, decided without the database: the plain cases of `recontact.delivery`.

Whatever is not plain (a failure from which something follows, words of the provider about anything else, a second id, a
message that failed before or was never sent, a price that comes apart from its status) is None here: that message's events
go one by one. What comes before a proof that a failed message arrived is still plain.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from providers.contracts import DeliveryStatus, StatusEvent
from providers.redaction import words_redacted
from recontact.costs.report import Charged, is_free, price_stored
from recontact.delivery import MOMENTS
from recontact.late_failures import nothing_follows
from recontact.models import MessageEvent
from recontact.states import MESSAGE_MOVES, NEVER_SENT, MessageState

_PLAIN = frozenset({DeliveryStatus.ACCEPTED, DeliveryStatus.SENT, DeliveryStatus.DELIVERED, DeliveryStatus.READ})
_ARRIVED = frozenset({DeliveryStatus.DELIVERED, DeliveryStatus.READ})


@dataclass(frozen=True, slots=True)
class Known:
    """What is stored about a message beside its row.

    `statuses`: the status of each event under its id at the provider -> whether that event has a message and a price.
    `price`: the last one told with a status that was no failure. `is_reported`: its price is in the books.
    """

    statuses: dict[str, tuple[bool, bool]]
    price: dict[str, Any] | None
    is_reported: bool


@dataclass(slots=True)
class NewEvent:
    """One event to be stored with its effect. `reason`, `code`, `detail`: of a failure, as they may be kept."""

    event: StatusEvent
    effect: str
    price: dict[str, Any] | None
    reason: str = ""
    code: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """A message as it is stored, locked. `moments` are the names of those that it has; `at` is when it was accepted, or else
    queued."""

    pk: int
    reference: str
    account_id: int
    state: MessageState
    is_retry: bool
    provider_message_id: str
    moments: frozenset[str]
    at: datetime
    billed: bool | None
    category: str
    phone: str
    bsuid: str
    currency: str


@dataclass(slots=True)
class Plan:
    """What is to be written: what the message becomes, its new events, and the prices told for it.

    Each price comes with whether it is free; the first that gives an amount is reported. `moments` are those to be set.
    `moved_by` is the last event that moved it. `taken`: how many of the events it covers, from the first on.
    """

    message: Standing
    state: MessageState
    provider_message_id: str
    billed: bool | None
    moments: dict[str, datetime] = field(default_factory=dict)
    events: list[NewEvent] = field(default_factory=list)
    moved_by: NewEvent | None = None
    reports: list[tuple[dict[str, Any], bool]] = field(default_factory=list)
    taken: int = 0

    @property
    def is_changed(self) -> bool:
        """Whether the message's row is to be written."""
        before = (self.message.provider_message_id, self.message.billed)
        return self.moved_by is not None or bool(self.moments) or (self.provider_message_id, self.billed) != before

    @property
    def charged(self) -> Charged:
        """The message as its price depends on it."""
        message = self.message
        return Charged(
            message_id=message.pk,
            account_id=message.account_id,
            category=message.category,
            phone=message.phone,
            bsuid=message.bsuid,
            currency=message.currency,
            at=self.moments.get("accepted_at", message.at),
        )


def is_plain(event: StatusEvent) -> bool:
    """Whether the event may be applied in bulk at all."""
    if not 0 < len(event.provider_message_id) <= 128:
        return False
    if event.status == DeliveryStatus.FAILED:
        return nothing_follows(event.error_reason)
    return event.status in _PLAIN and not (event.error_code or event.error_reason or event.error_detail)


def plan_make(message: Standing, events: Sequence[StatusEvent], known: Known) -> Plan | None:
    """The plan of plain events in their order, as far as it goes (`taken`). None: they go one by one."""
    if message.state in NEVER_SENT or message.state == MessageState.FAILED:
        return None
    told = {event.provider_message_id for event in events}
    # Another id than the one that it has may be a second send.
    if len(told) != 1 or message.provider_message_id not in ("", message.reference, *told):
        return None
    plan = Plan(message, message.state, message.provider_message_id, message.billed)
    statuses, price = dict(known.statuses), known.price
    for event in events:
        before = statuses.get(event.status)
        if before is not None:
            is_matched, has_price = before
            if not is_matched or (event.price is not None and not has_price):
                return None
            plan.taken += 1
            continue
        if plan.state == MessageState.FAILED:
            break  # it arrived after all
        statuses[event.status] = (True, event.price is not None)
        new = _new(event, message)
        if event.status != DeliveryStatus.FAILED:
            price = new.price or price
        _advance(plan, new, price, is_reported=known.is_reported)
        plan.events.append(new)
        plan.taken += 1
    return plan


def _new(event: StatusEvent, message: Standing) -> NewEvent:
    price = None if event.price is None else price_stored(event.price)
    if event.status != DeliveryStatus.FAILED:
        return NewEvent(event, "", price)
    told = words_redacted(event.error_detail, phone=event.recipient_phone, bsuid=event.recipient_bsuid)[:500]
    # Not every event says whom it is about.
    detail = words_redacted(told, phone=message.phone, bsuid=message.bsuid)
    return NewEvent(event, "", price, event.error_reason[:40], event.error_code[:40], detail)


def _advance(plan: Plan, new: NewEvent, price: dict[str, Any] | None, *, is_reported: bool) -> None:
    message, event = plan.message, new.event
    current, target = plan.state, MessageState(event.status)
    moves = target in MESSAGE_MOVES[current]
    for name in MOMENTS[event.status]:
        if name not in message.moments:
            plan.moments.setdefault(name, event.occurred_at)
    if moves:
        plan.state, plan.moved_by = target, new
        if target == MessageState.FAILED and plan.billed is None:
            plan.billed = False
    if plan.provider_message_id in ("", message.reference):
        plan.provider_message_id = event.provider_message_id
    new.effect = MessageEvent.Effect.MOVED if moves else MessageEvent.Effect.KNOWN
    # `delivered` carries the price even when it comes after `read`.
    if event.status in _ARRIVED and (moves or current in (target, MessageState.READ)):
        _charge(plan, price, is_reported=is_reported)


def _charge(plan: Plan, price: dict[str, Any] | None, *, is_reported: bool) -> None:
    free = is_free(price)
    if plan.billed is None or free:
        plan.billed = not free
    if price is not None and not is_reported and (price, free) not in plan.reports:
        plan.reports.append((price, free))
