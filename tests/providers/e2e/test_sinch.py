"""What only Sinch has: failures that it cannot explain. The rest is in test_every_provider.py."""

from __future__ import annotations

from recontact.models import Message, Recontact
from tests.providers.e2e.setups.sinch import PROVIDER
from tests.providers.e2e.stage import Stage

__all__ = ["PROVIDER"]


def test_a_failure_that_sinch_cannot_explain_proves_nothing(stage: Stage) -> None:
    stage.simulator.knobs(fail_next=1, fail_code=134101)
    message = stage.wait_for(stage.queue(), "accepted")
    stage.wait_for_webhooks()

    message.refresh_from_db()
    event = message.events.get(raw_status="FAILED")
    assert (message.state, event.status, event.provider_code) == (Message.State.ACCEPTED, "unknown", "UNKNOWN")
    assert message.recontact.state == Recontact.State.SPENT
    stage.prove()
