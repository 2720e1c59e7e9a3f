"""Messages without certainty and incidents: listed, and decided by a person when the rule allows it."""

from __future__ import annotations

from datetime import timedelta

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from hsm_portal.models import User
from providers.models import ProviderAccount
from recontact.models import Incident, Message, Recontact, Settlement
from tests.factories import message_make

LIST = "/manager/recontact/message/uncertain/"


def doubtful(*, minutes: int = 90, webhook: bool = True) -> Message:
    message = message_make()
    claimed = timezone.now() - timedelta(minutes=minutes)
    Message.objects.filter(pk=message.pk).update(state="sending", claimed_at=claimed, reason="no_answer")
    Message.objects.filter(pk=message.pk).update(state="uncertain")
    if webhook:
        ProviderAccount.objects.filter(pk=message.account_id).update(last_webhook_at=timezone.now())
    return message


def settle(client: Client, message: Message, **fields: str) -> str:
    address = f"/manager/recontact/message/{message.pk}/settle/"
    return client.post(address, {"outcome": "accepted", "reason": "lo vio"} | fields, follow=True).content.decode()


def test_it_lists_what_waits_and_since_when(client: Client) -> None:
    message = doubtful()

    page = client.get(LIST).content.decode()

    assert "The provider did not answer" in page
    assert f"/manager/recontact/message/{message.pk}/settle/" in page


def test_it_says_that_every_message_is_accounted_for(client: Client) -> None:
    assert "Every message is accounted for" in client.get(LIST).content.decode()


def test_it_settles_as_sent_with_the_reason(client: Client, manager: User) -> None:
    message = doubtful()

    settle(client, message)

    settlement = Settlement.objects.get()
    assert (settlement.outcome, settlement.reason, settlement.user) == ("accepted", "lo vio", manager)
    assert Recontact.objects.get().state == "spent"


def test_it_settles_as_not_sent_and_gives_the_right_back(client: Client) -> None:
    settle(client, doubtful(), outcome="rejected")

    assert Recontact.objects.get().state == "released"


def test_it_settles_nothing_too_early_without_webhooks_or_without_words(client: Client) -> None:
    cases = [
        (doubtful(minutes=10), {}, "Too early"),
        (doubtful(webhook=False), {}, "its silence proves nothing"),
        (doubtful(), {"reason": " "}, "Say why you know"),
        (doubtful(), {"outcome": "perhaps"}, "Say whether it was sent or not."),
    ]

    for message, fields, words in cases:
        assert words in settle(client, message, **fields)
        message.refresh_from_db()
        assert message.state == "uncertain"
    assert not Settlement.objects.exists()


def test_it_says_from_when_a_message_may_be_settled(client: Client) -> None:
    doubtful(minutes=10)

    assert 'class="badge soon">Can be settled from ' in client.get(LIST).content.decode()


def test_it_closes_an_incident_with_a_note(client: Client, manager: User) -> None:
    incident = Incident.objects.create(kind=Incident.Kind.SENT_TWICE, message=message_make())
    address = f"/manager/recontact/incident/{incident.pk}/close/"
    assert "two sends of one message" in client.get(LIST).content.decode()

    assert client.post(address, {"note": "error del proveedor", "next": LIST})["Location"] == LIST

    incident.refresh_from_db()
    assert (incident.closed_by, incident.note) == (manager, "error del proveedor")


def test_it_leaves_an_incident_open_without_a_note(client: Client) -> None:
    incident = Incident.objects.create(kind=Incident.Kind.SENT_TWICE, message=message_make())

    client.post(f"/manager/recontact/incident/{incident.pk}/close/", {"note": " ", "next": "https://evil.example/"})

    incident.refresh_from_db()
    assert incident.closed_at is None


def test_its_list_takes_the_same_queries_however_long(client: Client) -> None:
    counts = []
    for _round in range(2):
        for _message in range(2):
            doubtful()
        client.get(LIST)
        with CaptureQueriesContext(connection) as captured:
            client.get(LIST)
        counts.append(len(captured))

    assert counts[0] == counts[1]
