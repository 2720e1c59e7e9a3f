"""What follows when a provider reports, after it had accepted a message, that it failed: the same table as for an answer."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings

from providers.errors import Reason
from providers.models import ProviderAccount, SenderNumber
from providers.parking import park
from providers.policy import RULES, Action, late_action, suppresses
from providers.registry import adapter_class_known
from recontact.clock import database_now
from recontact.dispatch.hold import hold
from recontact.models import Message, MessageEvent
from recontact.retries import retry_queue
from templates_app.models import Template

_WAITS = frozenset({Action.WAIT, Action.TOMORROW})
_PARKS = frozenset({Action.PARK_TEMPLATE, Action.PARK_NUMBER, Action.PARK_ACCOUNT})
_FOLLOWED = _WAITS | _PARKS | {Action.RETRY}


def nothing_follows(reason: str) -> bool:
    """Whether a late failure for this reason, as its event names it, ends with the message: no park, no retry, no opt-out."""
    try:
        known = Reason(reason)
    except ValueError:
        return True
    return late_action(known) not in _FOLLOWED and not suppresses(known)


def late_failure_apply(*, message: Message, event: MessageEvent) -> Message | None:
    """Park, throttle and try again as the table says, once: `event` has just moved `message` (its row locked) to failed.

    Returns the new message that tries again, if there is one.
    """
    try:
        reason = Reason(event.reason)
    except ValueError:
        return None
    action = late_action(reason)
    if action not in _FOLLOWED:
        return None
    now = database_now()
    failed_at = min(event.occurred_at, now)
    seconds = _seconds(message, event, reason)
    over = None if seconds is None else failed_at + timedelta(seconds=seconds)
    if action in _PARKS and (over is None or over > now):
        _park(message, event, action, until=over)
    if action in _WAITS and over is not None and over > now:
        hold(reason=reason, number_id=message.sender_number_id, template_id=message.template_id, until=over)
    if action in _WAITS:
        return retry_queue(message=message, due_at=max(now, over or now))
    if action is Action.RETRY:
        pause = timedelta(seconds=settings.CAMPAIGN_RETRY_AFTER_SECONDS)
        return retry_queue(message=message, due_at=now + pause * 2 ** (message.try_number - 1))
    # What waits for a park is held back by the park itself, which a person may end.
    return retry_queue(message=message, due_at=now) if action in _PARKS else None


def _seconds(message: Message, event: MessageEvent, reason: Reason) -> float | None:
    """What the provider's page names for its code, else what the table says; None = no end is known."""
    adapter = adapter_class_known(message.account.provider)
    row = adapter.error_codes.get(event.provider_code) if adapter is not None else None
    if row is not None and row.reason == reason and row.seconds is not None:
        return row.seconds
    return RULES[reason].seconds


def _park(message: Message, event: MessageEvent, action: Action, *, until: datetime | None) -> None:
    row: ProviderAccount | SenderNumber | Template | None = message.template
    if action is Action.PARK_ACCOUNT:
        row = message.account
    elif action is Action.PARK_NUMBER:
        row = message.sender_number
    if row is not None:
        detail = f"{event.provider_code} {event.detail}".strip()
        park(row, reason=event.reason, until=until, detail=detail, occurred_at=event.occurred_at)
