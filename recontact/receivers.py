"""What recontact makes of the providers' events."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from providers.contracts import IdentityChangeEvent, PreferenceEvent, PriceEvent, StatusEvent, UsageEvent
from providers.events import handles
from providers.parking import released
from recontact.campaigns.waiting import campaigns_go_on
from recontact.costs.statements import price_apply
from recontact.delivery import status_apply
from recontact.delivery_bulk import statuses_apply
from recontact.dispatch.wake import wake_on_commit
from recontact.identity import identity_change_apply
from recontact.reconciliation.pulling import usage_apply
from recontact.wishes import preference_apply


@handles(StatusEvent, in_bulk=statuses_apply)
def on_status(account_id: int, event: StatusEvent) -> None:
    """A provider's word on one of our messages."""
    status_apply(account_id, event)


@handles(PriceEvent)
def on_price(account_id: int, event: PriceEvent) -> None:
    """A provider's price of one of our messages, told apart from its status."""
    price_apply(account_id, event)


@handles(UsageEvent)
def on_usage(account_id: int, event: UsageEvent) -> None:
    """What a provider charged, in answer to a question of ours."""
    usage_apply(account_id, event)


@handles(PreferenceEvent)
def on_preference(account_id: int, event: PreferenceEvent) -> None:
    """A person's wish about marketing, set at the platform."""
    preference_apply(event)


@handles(IdentityChangeEvent)
def on_identity_change(account_id: int, event: IdentityChangeEvent) -> None:
    """A person changed number."""
    identity_change_apply(event)


@receiver(released)
def on_release(**_signal: Any) -> None:
    """An account, a number or a template may send again: what waits for it goes on at once."""
    campaigns_go_on()
    wake_on_commit()
