"""What customer service makes of the providers' events, and how it counts them."""

from __future__ import annotations

from datetime import timedelta

from customer_service.inbound import inbound_receive
from customer_service.models import InboundMessage, TeamSettings
from providers.clock import ClockTimestamp
from providers.contracts import InboundEvent
from providers.events import handles
from recontact.dispatch.inbound_rate import counts_inbound
from recontact.inbound import reopens_within


@handles(InboundEvent)
def on_inbound(account_id: int, event: InboundEvent) -> None:
    """A customer wrote."""
    inbound_receive(account_id, event)


@reopens_within
def reopening_hours(team_id: int) -> int:
    """What the team's settings say; a team without settings reopens nothing."""
    return TeamSettings.objects.filter(team=team_id).values_list("reopen_hours", flat=True).first() or 0


@counts_inbound
def inbound_lately(number_id: int, seconds: int) -> int:
    """Messages that customers wrote to the number within the last `seconds`, and that came in then; one step on an index.

    What was stored late counted at the provider long ago.
    """
    rows = InboundMessage.objects.filter(
        sender_number=number_id, received_at__gt=ClockTimestamp() - timedelta(seconds=seconds)
    )
    return rows.filter(occurred_at__gt=ClockTimestamp() - timedelta(minutes=1)).count()
