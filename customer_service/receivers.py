"""What customer service makes of the providers' events."""

from __future__ import annotations

from customer_service.inbound import inbound_receive
from providers.contracts import InboundEvent
from providers.events import handles


@handles(InboundEvent)
def on_inbound(account_id: int, event: InboundEvent) -> None:
    """A customer wrote."""
    inbound_receive(account_id, event)
