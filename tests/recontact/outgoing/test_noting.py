"""Facts are noted for subscriptions in their own transaction, whatever wrote them; without a subscription nothing is."""

from __future__ import annotations

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from recontact.campaigns.control import campaign_cancel
from recontact.models import Campaign, Message, OutgoingEvent, Team
from recontact.queries import query_refer, query_reopen, query_resolve, query_take
from recontact.query_open import query_open
from tests.customer_service.agents import agent_make, customer_writes
from tests.factories import campaign_make, message_make, query_make, sender_number_make
from tests.recontact.outgoing.receiver import subscription_make

pytestmark = pytest.mark.django_db
URL = "https://crm.example/eventos"


def noted() -> list[tuple[str, str, str]]:
    return list(OutgoingEvent.objects.order_by("pk").values_list("kind", "subject", "state"))


def test_it_notes_what_becomes_of_a_query() -> None:
    subscription_make(URL)
    agent = agent_make()
    query = query_open(phone="+5491155550001", sender_number_id=sender_number_make().pk, user=agent)
    query_take(query_id=query.pk, user=agent)
    customer_writes(query)
    query_resolve(query_id=query.pk, user=agent, resolution="Listo")
    query_reopen(query_id=query.pk, user=agent)
    query_refer(query_id=query.pk, user=agent, team=Team.objects.create(name="Turnos"))

    kinds = ("created", "assigned", "answered", "resolved", "reopened", "assigned")
    assert noted() == [(f"query.{kind}", f"q{query.pk}", "") for kind in kinds]
    events = OutgoingEvent.objects.order_by("pk")
    assert {event.customer_id for event in events} == {query.customer_id}
    assert [event.actor_id for event in events if event.kind != "query.answered"] == [agent.pk] * 5


def test_it_notes_a_recontact_and_each_state_of_its_message_but_queued_and_sending() -> None:
    subscription_make(URL, "query.recontacted", "message.state_changed")
    message = message_make()
    for state in ("sending", "accepted", "delivered", "read"):
        Message.objects.filter(pk=message.pk).update(state=state)

    assert noted() == [
        ("query.recontacted", f"q{message.query_id}", ""),
        *(("message.state_changed", f"m{message.pk}", state) for state in ("accepted", "delivered", "read")),
    ]


def test_it_notes_no_change_that_is_none() -> None:
    subscription_make(URL, "message.state_changed")
    message = message_make()
    Message.objects.filter(pk=message.pk).update(state="queued", reason="x")

    assert noted() == []


def test_it_notes_the_end_of_a_campaign() -> None:
    subscription_make(URL, "campaign.finished")
    campaign = campaign_make(state=Campaign.State.RUNNING)
    campaign_cancel(campaign_id=campaign.pk)

    assert noted() == [("campaign.finished", f"c{campaign.pk}", "cancelled")]


def test_it_notes_only_what_somebody_subscribed_to_once_for_each() -> None:
    subscription_make(URL, "query.resolved")
    subscription_make(URL, "query.resolved", "query.assigned")
    query, agent = query_make(), agent_make()
    query_take(query_id=query.pk, user=agent)
    query_resolve(query_id=query.pk, user=agent, resolution="Listo")

    assert [kind for kind, _subject, _state in noted()] == ["query.assigned", "query.resolved", "query.resolved"]


def test_it_notes_nothing_without_a_subscription() -> None:
    query = query_make()
    query_take(query_id=query.pk, user=agent_make())
    customer_writes(query)

    assert noted() == []


def test_what_is_undone_was_never_noted() -> None:
    subscription_make(URL)
    query = query_make()
    with transaction.atomic():
        query_take(query_id=query.pk, user=agent_make())
        transaction.set_rollback(True)

    assert noted() == []


def test_it_goes_on_noting_for_a_paused_subscription() -> None:
    subscription_make(URL, state="paused")
    query_take(query_id=query_make().pk, user=agent_make())

    assert len(noted()) == 1


def test_it_costs_the_writer_no_statement() -> None:
    for _name in ("without", "with"):
        messages = [message_make() for _ in range(3)]
        with CaptureQueriesContext(connection) as asked:
            Message.objects.filter(pk__in=[message.pk for message in messages]).update(state="cancelled")
        assert len(asked) == 1
        subscription_make(URL)

    assert OutgoingEvent.objects.filter(kind="message.state_changed", state="cancelled").count() == 3
