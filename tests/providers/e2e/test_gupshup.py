"""What only Gupshup has: events without its own message id. The rest is in test_every_provider.py."""

from __future__ import annotations

from recontact.models import Message, MessageEvent
from tests.providers.e2e.setups.gupshup import PROVIDER
from tests.providers.e2e.stage import Stage

__all__ = ["PROVIDER"]


def test_an_event_with_only_whatsapps_id_settles_nothing(stage: Stage) -> None:
    stage.simulator.post("accounts/acct", settings={"without_gs_id": "yes", "modes": "SENT,DELIVERED,READ"})
    message = stage.wait_for(stage.queue("25"), "uncertain")
    stage.wait_for_webhooks()

    message.refresh_from_db()
    assert (message.state, message.provider_message_id) == (Message.State.UNCERTAIN, "")
    assert MessageEvent.objects.filter(message=None).exists()
    stage.prove()
