"""What customer service makes of the providers' events, and how it counts them."""

from __future__ import annotations

from datetime import timedelta

from customer_service.inbound import inbound_receive
from customer_service.models import InboundMessage
from providers.clock import ClockTimestamp
from providers.contracts import InboundEvent
from providers.events import handles
from recontact.dispatch.inbound_rate import counts_inbound


@handles(InboundEvent)
def on_inbound(account_id: int, event: InboundEvent) -> None:
    """A customer wrote."""
    inbound_receive(account_id, event)


@counts_inbound
def inbound_lately(number_id: int, seconds: int) -> int:
    """Messages that customers wrote to the number within the last `seconds`, and that came in then; one step on an index.

    What was stored late counted at the provider long ago.
    """
    rows = InboundMessage.objects.filter(
        sender_number=number_id, received_at__gt=ClockTimestamp() - timedelta(seconds=seconds)
    )
    return rows.filter(occurred_at__gt=ClockTimestamp() - timedelta(minutes=1)).count()
