"""What the providers app itself does with events: numbers and accounts."""

from __future__ import annotations

from providers.contracts import AccountEvent, NumberEvent
from providers.events import handles
from providers.notices import account_notice_apply, number_notice_apply


@handles(NumberEvent)
def number_event_receive(account_id: int, event: NumberEvent) -> None:
    """Quality, throughput, the portfolio's limit."""
    number_notice_apply(account_id, event)


@handles(AccountEvent)
def account_event_receive(account_id: int, event: AccountEvent) -> None:
    """Restrictions, bans, reinstatements, alerts."""
    account_notice_apply(account_id, event)
