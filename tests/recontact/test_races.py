"""Two at the same moment, on real connections: the webhook and the person, the sweep and the webhook, two workers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connections
from django.utils import timezone
from pytest_django import Settings

from providers.abilities import LookUpAnswer
from providers.contracts import DeliveryStatus, StatusEvent
from providers.errors import Reason
from providers.models import ProviderAccount
from recontact.books import differences
from recontact.campaigns.control import campaign_cancel
from recontact.delivery import status_apply
from recontact.dispatch.sweep import campaigns_complete
from recontact.look_ups import doubtful_look_up, look_up_apply
from recontact.models import Campaign, Incident, Message, Recontact
from tests.factories import message_make
from tests.recontact.asking import SLUG, Told, asking_provider
from tests.recontact.chains import campaign_message, fail

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = 5
each_round = pytest.mark.parametrize("round_number", range(ROUNDS))


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Iterator[Told]:
    with asking_provider(monkeypatch, settings) as told:
        yield told


def _at_once(*actions: Callable[[], object]) -> None:
    """Run the actions in threads that start together; what one of them raises is raised here."""
    together = threading.Barrier(len(actions))

    def run(action: Callable[[], object]) -> None:
        try:
            together.wait(5)
            action()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(actions)) as pool:
        list(pool.map(run, actions))


@each_round
def test_a_campaign_cancelled_while_a_message_fails_leaves_nothing_queued(round_number: int) -> None:
    message = campaign_message()
    campaign_id = Campaign.objects.get().pk
    _at_once(lambda: campaign_cancel(campaign_id=campaign_id), lambda: fail(message, Reason.MEDIA_FETCH))
    assert not Message.objects.filter(campaign=campaign_id, state="queued").exists()
    assert Campaign.objects.get().state == Campaign.State.CANCELLED


@each_round
def test_a_campaign_is_not_completed_while_a_retry_is_queued(round_number: int) -> None:
    message = campaign_message()
    _at_once(campaigns_complete, lambda: fail(message, Reason.MEDIA_FETCH))
    assert Message.objects.filter(retry_of=message, state="queued").exists()
    assert Campaign.objects.get().state == Campaign.State.RUNNING


@each_round
def test_one_failure_read_by_many_workers_is_tried_again_once(round_number: int) -> None:
    message = campaign_message()
    _at_once(*[lambda: _failed_again(message.pk)] * 4)
    assert Message.objects.filter(retry_of=message).count() == 1
    assert list(differences()) == []


def _failed_again(message_id: int) -> None:
    fail(Message.objects.get(pk=message_id), Reason.MEDIA_FETCH)


def _doubtful() -> Message:
    message = message_make()
    long_ago = timezone.now() - timedelta(hours=1)
    ProviderAccount.objects.update(provider=SLUG, last_webhook_at=timezone.now())
    Message.objects.filter(pk=message.pk).update(state="sending", attempt_number=1, claimed_at=long_ago)
    message.attempts.create(number=1, claimed_at=long_ago, outcome="uncertain")
    Message.objects.filter(pk=message.pk).update(state="uncertain")
    message.refresh_from_db()
    return message


def test_two_look_ups_at_once_ask_for_each_message_once(told: Told) -> None:
    messages = [_doubtful() for _ in range(4)]
    _at_once(doubtful_look_up, doubtful_look_up)
    assert sorted(told.asked) == sorted(str(message.reference) for message in messages)


@each_round
def test_absence_and_proof_at_once_end_in_delivered_or_in_an_incident(
    told: Told, settings: Settings, round_number: int
) -> None:
    settings.LOOK_UP_ABSENCE_SECONDS = {SLUG: 60.0}
    message = _doubtful()
    proof = StatusEvent("id-1", DeliveryStatus.DELIVERED, timezone.now(), reference=str(message.reference))
    absent = LookUpAnswer(absent=True)
    _at_once(
        lambda: look_up_apply(message_id=message.pk, asked_at=timezone.now(), answer=absent),
        lambda: status_apply(message.account_id, proof),
    )
    message.refresh_from_db()
    ended = (message.state, Recontact.objects.get().state, Incident.objects.count())
    assert ended in {("delivered", "spent", 0), ("rejected", "released", 1)}
    assert list(differences()) == []
