"""What recontact makes of the providers' events."""

from __future__ import annotations

from providers.contracts import StatusEvent
from providers.events import handles
from recontact.delivery import status_apply


@handles(StatusEvent)
def on_status(account_id: int, event: StatusEvent) -> None:
    """A provider's word on one of our messages."""
    status_apply(account_id, event)
