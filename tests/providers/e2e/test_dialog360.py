"""What only 360dialog has: Meta's ids and namespace in its templates, and own errors by their text.

The rest is in test_every_provider.py.
"""

from __future__ import annotations

import pytest

from recontact.models import Message
from tests.providers.e2e.setups.dialog360 import PROVIDER
from tests.providers.e2e.stage import Stage

__all__ = ["PROVIDER"]


def test_the_template_has_metas_id_and_the_namespace(stage: Stage) -> None:
    assert stage.template.external_id == "1274830044512345"
    assert stage.template.namespace


@pytest.mark.parametrize(
    ("digits", "reason", "code"),
    [("19", "billing", "HTTP 400 payment"), ("18", "credentials", "HTTP 401"), ("16", "account_blocked", "131031")],
)
def test_trouble_of_the_account_parks_it_and_keeps_the_message(
    stage: Stage, digits: str, reason: str, code: str
) -> None:
    message = stage.queue(digits)
    stage.until(lambda: stage.attempts(message) == ["unavailable"], what="the attempt")

    stage.account.refresh_from_db()
    message.refresh_from_db()
    assert (stage.account.parked_reason, message.state) == (reason, Message.State.QUEUED)
    assert message.provider_code in ("", code)
    stage.prove()


def test_the_text_alone_tells_that_a_message_is_throttled(stage: Stage) -> None:
    stage.simulator.knobs(fail_next=1, fail_code=4)
    message = stage.queue()
    stage.until(lambda: stage.attempts(message), what="the attempt")

    assert stage.attempts(message)[0] == "throttled"
    assert stage.accepted(message) == []
