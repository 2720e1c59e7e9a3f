"""One number writes to one person only every six seconds: kept at the claim, by every pump, and at nobody's cost."""

from __future__ import annotations

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from providers.contracts import Accepted
from providers.errors import Reason, Unavailable
from providers.models import Portfolio, SenderNumber
from recontact.clock import database_now
from recontact.dispatch.claim import claim
from recontact.dispatch.lease import lease_release, leases_take
from recontact.dispatch.pair import BURST, pairs_wait
from recontact.dispatch.rate import AHEAD_SECONDS
from recontact.dispatch.record import Result, record
from recontact.models import Campaign, Message, NumberLease, PortfolioSlot
from recontact.outbox import text_send
from recontact.states import MessageState
from recontact.windows import window_extend
from tests.due import due_of
from tests.factories import message_make, query_make, sender_number_make, user_make
from tests.world import World


@pytest.fixture
def first() -> Message:
    """A queued HSM to a person."""
    return message_make()


def _another(message: Message, *, campaign: Campaign | None = None, **changes: Any) -> Message:
    """One more queued HSM from the same number to the same person, an agent's or a campaign's."""
    again = Message.objects.get(pk=message.pk)
    again.pk, again.reference, again.query, again.campaign = None, uuid.uuid4(), None, campaign
    for name, value in {"state": "queued", "due_at": timezone.now(), "attempt_number": 0, **changes}.items():
        setattr(again, name, value)
    again.claimed_at = None
    again.save(force_insert=True)
    return again


def _campaign(message: Message) -> Campaign:
    assert message.template is not None
    return Campaign.objects.create(name="c", template=message.template, created_by=user_make())


def _claim(limit: int = 100) -> list[int]:
    """What a pump claims that has just come: the one before crashed, or gave the number back."""
    NumberLease.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    return [claimed.message_id for lease in leases_take("pump") for claimed in claim(lease, limit)]


def _sent(*messages: Message, ago: timedelta = timedelta()) -> None:
    """They left, so long ago."""
    rows = Message.objects.filter(pk__in=[message.pk for message in messages])
    rows.update(state="accepted", claimed_at=database_now() - ago, due_at=database_now() - ago)


def _wait_of(message: Message) -> float:
    """Seconds until it is due."""
    message.refresh_from_db()
    return (message.due_at - timezone.now()).total_seconds()


@pytest.mark.django_db
def test_the_second_message_to_a_person_waits_until_six_seconds_are_over(first: Message) -> None:
    assert _claim() == [first.pk]
    _sent(first)
    second = _another(first)
    assert _claim() == []
    assert 6 < _wait_of(second) <= 6 + AHEAD_SECONDS
    assert (second.state, second.reason, second.attempt_number) == (MessageState.QUEUED, "pair_rate", 0)
    _sent(first, ago=timedelta(seconds=6 + AHEAD_SECONDS))
    Message.objects.filter(pk=second.pk).update(due_at=timezone.now())
    assert _claim() == [second.pk]


@pytest.mark.django_db
def test_other_people_and_other_numbers_do_not_wait(first: Message) -> None:
    _claim()
    _sent(first)
    stranger = message_make(query=query_make(sender_number=first.sender_number), template=first.template)
    other = sender_number_make(account=first.account)
    same_person = message_make(query=query_make(sender_number=other, customer=first.customer), template=first.template)
    assert set(_claim()) == {stranger.pk, same_person.pk}


@pytest.mark.django_db
def test_a_pause_of_no_seconds_is_none(first: Message, settings: Settings) -> None:
    settings.PAIR_SECONDS = 0
    _claim()
    _sent(first)
    second = _another(first)
    assert _claim() == [second.pk]


@pytest.mark.django_db
def test_an_agents_message_goes_before_a_campaigns_to_the_same_person(first: Message) -> None:
    campaign = _campaign(first)
    Message.objects.filter(pk=first.pk).update(state="skipped")
    earlier = _another(first, campaign=campaign, due_at=timezone.now() - timedelta(minutes=1))
    agents = _another(first)
    assert _claim() == [agents.pk]
    _sent(agents)
    assert _claim() == []
    assert _wait_of(earlier) > 5


@pytest.mark.django_db
def test_what_the_provider_did_not_take_keeps_nobody_waiting(first: Message) -> None:
    [lease] = leases_take("pump")
    record([Result(each, Unavailable(Reason.NETWORK)) for each in claim(lease, 10)])
    Message.objects.filter(pk=first.pk).update(due_at=timezone.now())
    assert _claim() == [first.pk]


@pytest.mark.django_db
def test_a_waiting_message_leaves_its_place_among_the_portfolios_people_free(first: Message) -> None:
    SenderNumber.objects.update(portfolio=Portfolio.objects.create(name="p", messaging_limit=10))
    _another(first, state="accepted")
    Message.objects.exclude(pk=first.pk).update(claimed_at=database_now())
    assert _claim() == []
    assert not PortfolioSlot.objects.exists()


@pytest.mark.django_db
def test_text_in_an_open_window_follows_at_once_but_no_burst_is_endless(first: Message) -> None:
    query = query_make(sender_number=first.sender_number)
    window_extend(customer_id=query.customer_id, sender_number_id=query.sender_number_id, inbound_at=timezone.now())
    Message.objects.filter(pk=first.pk).update(state="skipped")
    for _ in range(BURST):
        message = text_send(query_id=query.pk, text="Hola", user=None, send_key=None)
        assert _claim() == [message.pk]
        _sent(message)
    last = text_send(query_id=query.pk, text="¿Sigue ahí?", user=None, send_key=None)
    assert _claim() == []
    assert BURST * 6 - 10 < _wait_of(last) <= BURST * 6


@pytest.mark.django_db(transaction=True)
def test_two_pumps_do_not_overrun_the_pause_together(first: Message) -> None:
    """Two campaigns and an agent write to the same ten people; whoever owns the number claims, and it changes hands."""
    messages = [first]
    for _ in range(9):
        query = query_make(sender_number=first.sender_number)
        messages.append(message_make(query=query, template=first.template))
    for campaign in (_campaign(first), _campaign(first)):
        for message in messages:
            _another(message, campaign=campaign)
    together = threading.Barrier(2)

    def pump(name: str) -> list[int]:
        claimed: list[int] = []
        try:
            together.wait(5)
            for _ in range(15):
                for lease in leases_take(name):
                    claims = claim(lease, 4)
                    record([Result(each, Accepted(f"id-{each.message_id}")) for each in claims])
                    claimed += [each.message_id for each in claims]
                    lease_release(lease)
            return claimed
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        claimed = [message_id for ids in pool.map(pump, ("one", "another")) for message_id in ids]
    # The agents' lane came first, and everybody got one message.
    assert sorted(claimed) == sorted(message.pk for message in messages)
    waiting = Message.objects.filter(state="queued")
    assert (waiting.count(), set(waiting.values_list("attempt_number", flat=True))) == (20, {0})


@pytest.mark.django_db
def test_looking_at_the_pairs_takes_two_statements_however_many_messages(first: Message) -> None:
    messages = [first]
    for _ in range(5):
        query = query_make(sender_number=first.sender_number)
        messages.append(message_make(query=query, template=first.template))
    campaign = _campaign(first)
    _claim()
    _sent(*messages)
    again = [_another(message, campaign=campaign) for message in messages]
    due = due_of(again)
    with CaptureQueriesContext(connection) as queries:
        waiting = pairs_wait(number_id=first.sender_number_id, messages=due)
    assert (len(waiting), len(queries)) == (6, 2)


def test_the_provider_sees_two_messages_to_one_person_no_closer_than_the_pause(
    world: World, settings: Settings
) -> None:
    settings.PAIR_SECONDS = 1.0
    first = world.message()
    second = _another(first, campaign=_campaign(first))
    world.pump(15.0)
    seen = [world.simulator.get("requests", reference=str(each.reference))["data"] for each in (first, second)]
    assert [len(requests) for requests in seen] == [1, 1]
    assert seen[1][0]["at"] - seen[0][0]["at"] >= 1.0
