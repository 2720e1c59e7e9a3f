"""What some statuses make of one message, decided without the database: the plain cases of `recontact.delivery`.

Whatever is not plain (a failure, words of the provider, a second id, a message that failed or was never sent, a price that
comes apart from its status) is None here: that message's events go one by one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from providers.contracts import DeliveryStatus, StatusEvent
from recontact.costs.report import is_free, price_stored
from recontact.delivery import MOMENTS
from recontact.models import Message, MessageEvent
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
    """One event to be stored with its effect."""

    event: StatusEvent
    effect: str
    price: dict[str, Any] | None


@dataclass(slots=True)
class Plan:
    """What is to be written: the message (its attributes set as they will be), its new events, and the
    prices told for it, each with whether it is free: the first that gives an amount is reported."""

    message: Message
    events: list[NewEvent] = field(default_factory=list)
    is_changed: bool = False
    reports: list[tuple[dict[str, Any], bool]] = field(default_factory=list)


def is_plain(event: StatusEvent) -> bool:
    """Whether the event may be applied in bulk at all."""
    return (
        event.status in _PLAIN
        and 0 < len(event.provider_message_id) <= 128
        and not (event.error_code or event.error_reason or event.error_detail)
    )


def plan_make(message: Message, events: Sequence[StatusEvent], known: Known) -> Plan | None:
    """The plan of plain events in their order; `message` is changed on the way. None: one by one, from the row as stored."""
    if message.state in NEVER_SENT or message.state == MessageState.FAILED or message.retry_of_id is not None:
        return None
    told = {event.provider_message_id for event in events}
    if len(told) != 1 or not _is_its_id(message, told.pop()):
        return None
    plan, statuses, price = Plan(message), dict(known.statuses), known.price
    for event in events:
        before = statuses.get(event.status)
        if before is not None:
            is_matched, has_price = before
            if not is_matched or (event.price is not None and not has_price):
                return None
            continue
        statuses[event.status] = (True, event.price is not None)
        new = NewEvent(event, "", None if event.price is None else price_stored(event.price))
        price = new.price or price
        _advance(plan, new, price, is_reported=known.is_reported)
        plan.events.append(new)
    return plan


def _is_its_id(message: Message, told: str) -> bool:
    return message.provider_message_id in ("", str(message.reference), told)


def _advance(plan: Plan, new: NewEvent, price: dict[str, Any] | None, *, is_reported: bool) -> None:
    message, event = plan.message, new.event
    current, target = MessageState(message.state), MessageState(event.status)
    moves = target in MESSAGE_MOVES[current]
    for name in MOMENTS[event.status]:
        if getattr(message, name) is None:
            setattr(message, name, event.occurred_at)
            plan.is_changed = True
    if moves:
        message.state, message.lease_expires_at = target, None
        message.reason = message.provider_code = message.provider_detail = ""
        plan.is_changed = True
    if message.provider_message_id in ("", str(message.reference)):
        plan.is_changed |= message.provider_message_id != event.provider_message_id
        message.provider_message_id = event.provider_message_id
    new.effect = MessageEvent.Effect.MOVED if moves else MessageEvent.Effect.KNOWN
    # `delivered` carries the price even when it comes after `read`.
    if event.status in _ARRIVED and (moves or current == target or current == MessageState.READ):
        _charge(plan, price, is_reported=is_reported)


def _charge(plan: Plan, price: dict[str, Any] | None, *, is_reported: bool) -> None:
    message, free = plan.message, is_free(price)
    billed = (not free) if message.billed is None or free else message.billed
    plan.is_changed |= billed != message.billed
    message.billed = billed
    if price is not None and not is_reported and (price, free) not in plan.reports:
        plan.reports.append((price, free))
