"""An acceptance that is recorded after its webhooks: one statement where it is no news, with what the long way makes of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from providers.contracts import DeliveryStatus, StatusEvent
from recontact import delivery
from recontact.delivery import acceptance_after_the_fact, status_apply
from recontact.late_acceptances import acceptances_note
from recontact.models import Incident, Message, MessageEvent
from tests.factories import message_make
from tests.recontact.chains import accepted, campaign_message

pytestmark = pytest.mark.django_db


def told(message: Message, status: DeliveryStatus) -> Message:
    """The same message, after a webhook said this of it."""
    event = StatusEvent(
        provider_message_id=message.provider_message_id,
        reference=str(message.reference),
        status=status,
        occurred_at=timezone.now(),
    )
    status_apply(message.account_id, event)
    message.refresh_from_db()
    return message


def recorded(message: Message, provider_message_id: str) -> list[Any]:
    """What is in the books of the message once this acceptance was recorded; they are as before afterwards."""
    with transaction.atomic():
        acceptance_after_the_fact(message_id=message.pk, provider_message_id=provider_message_id)
        row = Message.objects.filter(pk=message.pk).values().get()
        columns = (
            "message_id",
            "provider_message_id",
            "reference",
            "status",
            "raw_status",
            "effect",
            "reason",
            "price",
        )
        found = [row, *MessageEvent.objects.order_by("pk").values_list(*columns), *Incident.objects.values_list("kind")]
        transaction.set_rollback(True)
    return found


@pytest.mark.parametrize("status", [None, "sent", "delivered", "read", "failed"])
@pytest.mark.parametrize("named", ["the same id", "another id", "no id"])
def test_it_comes_to_the_same_as_the_long_way(status: str | None, named: str, monkeypatch: pytest.MonkeyPatch) -> None:
    message = campaign_message()
    if status is not None:
        told(message, DeliveryStatus(status))
    provider_message_id = {"the same id": message.provider_message_id, "no id": ""}.get(named, "wamid.another")
    short = recorded(message, provider_message_id)
    monkeypatch.setattr(delivery, "acceptances_note", lambda _told: set())
    assert short == recorded(message, provider_message_id)


def test_what_webhooks_overtook_costs_one_statement_for_many() -> None:
    messages = [told(campaign_message(), DeliveryStatus.DELIVERED) for _ in range(3)]
    acceptances = {message.pk: message.provider_message_id for message in messages}
    with CaptureQueriesContext(connection) as queries:
        assert acceptances_note(acceptances) == set(acceptances)
    assert len(queries) == 1
    # Said again, nothing is appended.
    assert acceptances_note(acceptances) == set()
    assert MessageEvent.objects.filter(status="accepted", effect="known").count() == 3


def test_what_it_may_move_or_contradict_is_left_and_what_is_a_query_s() -> None:
    of_a_query = told(accepted(message_make()), DeliveryStatus.SENT)
    uncertain, rejected = campaign_message(), campaign_message()
    # Past the triggers: how they came there is of no account here.
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        Message.objects.filter(pk=uncertain.pk).update(state="uncertain")
        Message.objects.filter(pk=rejected.pk).update(state="rejected")
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")
    assert acceptances_note({each.pk: each.provider_message_id for each in (of_a_query, uncertain, rejected)}) == set()
    assert not MessageEvent.objects.filter(status="accepted").exists()


def test_it_is_dated_by_the_databases_clock_however_wrong_the_dispatchers_is() -> None:
    """The pause before the next message to a person counts from it."""
    message = message_make()
    Message.objects.filter(pk=message.pk).update(state="sending")
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=9)):
        acceptance_after_the_fact(message_id=message.pk, provider_message_id="wamid.1")
    message.refresh_from_db()
    assert message.accepted_at is not None
    assert abs((message.accepted_at - datetime.now(UTC)).total_seconds()) < 120
