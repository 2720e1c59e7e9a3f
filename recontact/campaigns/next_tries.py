"""The next tries of lost messages: made and stored with their prices, at their time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from django.conf import settings
from django.db.models import Max, QuerySet

from providers.errors import Reason
from providers.policy import RULES, Action, late_action
from recontact.campaigns.ahead import pace_ahead
from recontact.campaigns.storing import estimates_insert, messages_copy
from recontact.clock import database_now
from recontact.costs.estimate import Estimate, Estimator, NoRate
from recontact.models import Campaign, Message
from recontact.retries import message_again
from recontact.states import MessageState

#: Market -> the price and currency that a person agreed to.
Prices = Mapping[str, tuple[Decimal, str]]


def campaign_queued(campaign: Campaign) -> QuerySet[Message]:
    """What of the campaign waits in the queue."""
    return Message.objects.filter(campaign=campaign, state=MessageState.QUEUED)


def next_tries_store(campaign: Campaign, lost: Sequence[Message], prices: Prices) -> list[Message]:
    """The next tries of these messages (locked), stored with their estimates; not those whose price is unknown, or above the
    one that was agreed to."""
    made: list[Message] = []
    estimates: list[Estimate] = []
    prices_now = Estimator()
    slots = _slots(campaign, database_now())
    for message in lost:
        estimate = prices_now.estimate(
            account_id=message.account_id,
            phone=message.recipient_phone,
            bsuid=message.recipient_bsuid,
            category=message.category,
        )
        # Agreed to by the market that the plan says, which is told apart in SQL (campaigns.lost).
        if isinstance(estimate, NoRate) or _dearer(estimate, prices.get(str(getattr(message, "planned_market", "")))):
            continue
        due_at = max(next(slots), _well_at(message))
        again = message_again(message, due_at=due_at, estimate=estimate)
        # A person asks: the time of the first try does not bind it.
        again.expires_at = due_at + timedelta(seconds=settings.CAMPAIGN_MESSAGE_LIFETIME_SECONDS)
        made.append(again)
        estimates.append(estimate)
    messages_copy(made)
    estimates_insert(made, estimates)
    return made


def _dearer(estimate: Estimate, agreed: tuple[Decimal, str] | None) -> bool:
    return agreed is None or estimate.currency != agreed[1] or estimate.amount > agreed[0]


def _slots(campaign: Campaign, now: datetime) -> Iterator[datetime]:
    """When the next messages are due: behind those that wait, by the campaign's pace; without one, now."""
    step, last = timedelta(0), None
    if campaign.pace:
        step = timedelta(seconds=1 / campaign.pace)
        waiting = campaign_queued(campaign).filter(due_at__lte=now + pace_ahead(campaign.pace))
        last = waiting.aggregate(last=Max("due_at"))["last"]
    due_at = now if last is None else max(now, last + step)
    while True:
        yield due_at
        due_at += step


def _well_at(message: Message) -> datetime:
    """When the wait that its reason asks for is over."""
    ended_at = message.settled_at or message.created_at
    try:
        reason = Reason(message.reason)
    except ValueError:
        return ended_at
    waits = late_action(reason) in (Action.WAIT, Action.TOMORROW)
    return ended_at + timedelta(seconds=RULES[reason].seconds or 0) if waits else ended_at
