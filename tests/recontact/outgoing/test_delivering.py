"""Events reach their address at least once, in order per subject, signed; and what fails is tried again, for a bounded time."""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from recontact.models import Message, OutgoingAttempt, OutgoingEvent, Subscription
from recontact.outgoing import lanes
from recontact.outgoing.call import Told
from recontact.outgoing.deliver import events_deliver
from tests.factories import message_make
from tests.plans import joined_by_loops
from tests.recontact.outgoing.receiver import Receiver, is_ours, receiver_run, subscription_make

pytestmark = pytest.mark.django_db

STATES = ("sending", "accepted", "sent", "delivered")


def moved(*states: str) -> Message:
    """A message that went through these states."""
    message = message_make()
    for state in states:
        Message.objects.filter(pk=message.pk).update(state=state)
    return message


def due_again() -> None:
    """As if the pauses were over."""
    OutgoingEvent.objects.update(due_at=timezone.now() - timedelta(seconds=1))
    Subscription.objects.update(retry_at=None)


def standings() -> list[str]:
    return list(OutgoingEvent.objects.order_by("pk").values_list("standing", flat=True))


def test_it_tells_each_event_with_its_id_and_a_signature_that_fits(receiver: Receiver) -> None:
    _subscription, secret = subscription_make(receiver.url, "message.state_changed")
    message = moved("sending", "accepted")

    assert events_deliver() == 1

    (got,) = receiver.got
    event = OutgoingEvent.objects.get()
    assert (got.body["type"], got.body["message"]["id"], got.body["message"]["state"]) == (
        "message.state_changed",
        message.pk,
        "accepted",
    )
    assert got.headers["HSM-Event-Id"] == got.body["id"] == str(event.uid)
    header = got.headers["HSM-Signature"]
    assert is_ours(got.raw, header, secret, time.time())
    assert not is_ours(got.raw + b" ", header, secret, time.time())
    assert not is_ours(got.raw, header, secret, time.time() + 400)
    assert (event.standing, event.tries, [attempt.status for attempt in event.attempts.all()]) == (
        "delivered",
        1,
        [200],
    )


def test_it_keeps_the_order_of_each_subject(receiver: Receiver) -> None:
    subscription_make(receiver.url, "message.state_changed")
    messages = [moved(*STATES) for _ in range(5)]

    assert events_deliver() == 15

    for message in messages:
        told = [got.body["message"]["state"] for got in receiver.got if got.body["message"]["id"] == message.pk]
        assert told == ["accepted", "sent", "delivered"]


def test_what_was_taken_is_not_told_again(receiver: Receiver) -> None:
    subscription_make(receiver.url, "message.state_changed")
    moved("sending", "accepted")

    events_deliver()

    assert (events_deliver(), len(receiver.got)) == (0, 1)


def test_a_failed_try_is_repeated_later_and_what_follows_waits_for_it(receiver: Receiver) -> None:
    subscription_make(receiver.url, "message.state_changed")
    moved("sending", "accepted", "sent")
    receiver.answer = lambda _body: 500

    assert (events_deliver(), len(receiver.got), standings()) == (0, 1, ["waiting", "waiting"])
    assert events_deliver() == 0
    receiver.answer = lambda _body: 204
    due_again()
    assert (events_deliver(), standings()) == (2, ["delivered", "delivered"])
    first, again, follower = receiver.got
    assert first.body["id"] == again.body["id"] != follower.body["id"]


def test_an_event_that_is_refused_holds_only_its_own_subject_back(receiver: Receiver) -> None:
    subscription_make(receiver.url, "message.state_changed")
    bad, good = moved("sending", "accepted", "sent"), moved("sending", "accepted", "sent")
    receiver.answer = lambda body: 422 if body["message"]["id"] == bad.pk else 200

    assert events_deliver() == 2
    assert {event.standing for event in OutgoingEvent.objects.filter(message=good)} == {"delivered"}
    assert {event.standing for event in OutgoingEvent.objects.filter(message=bad)} == {"waiting"}


def test_an_event_that_waits_for_an_earlier_one_keeps_no_worker_busy(receiver: Receiver) -> None:
    subscription_make(receiver.url, "message.state_changed")
    message = moved("sending", "accepted")
    receiver.answer = lambda _body: 422
    events_deliver()
    Message.objects.filter(pk=message.pk).update(state="sent")
    Subscription.objects.update(retry_at=None)

    with CaptureQueriesContext(connection) as asked:
        assert events_deliver(seconds=2.0) == 0

    assert len(asked) < 20
    assert len(receiver.got) == 1


def test_it_gives_up_after_a_bounded_time_and_goes_on_with_what_follows(receiver: Receiver) -> None:
    subscription_make(receiver.url, "message.state_changed")
    moved("sending", "accepted", "sent")
    receiver.answer = lambda body: 422 if body["message"]["state"] == "accepted" else 200
    events_deliver()
    OutgoingEvent.objects.exclude(first_tried_at=None).update(first_tried_at=timezone.now() - timedelta(hours=25))
    due_again()

    events_deliver()

    assert standings() == ["failed", "delivered"]


def test_pauses_grow(receiver: Receiver) -> None:
    subscription_make(receiver.url, "message.state_changed")
    moved("sending", "accepted")
    receiver.answer = lambda _body: 422
    waits = []
    for _ in range(4):
        due_again()
        events_deliver()
        event = OutgoingEvent.objects.get()
        last = event.attempts.last()
        assert last is not None
        waits.append(round((event.due_at - last.at).total_seconds()))

    assert waits == [10, 60, 300, 900]


def test_an_address_that_fails_is_left_alone_for_a_while(receiver: Receiver) -> None:
    subscription, _secret = subscription_make(receiver.url, "message.state_changed")
    for _ in range(25):
        moved("sending", "accepted")
    receiver.answer = lambda _body: 503

    events_deliver()

    # As many as were under way when that was seen, not one for each event.
    assert len(receiver.got) < 20
    subscription.refresh_from_db()
    assert subscription.failures == 1
    assert subscription.retry_at is not None
    assert subscription.failing_since is not None


def test_an_address_that_keeps_failing_is_paused_and_its_events_wait(receiver: Receiver) -> None:
    subscription, _secret = subscription_make(receiver.url, "message.state_changed")
    moved("sending", "accepted")
    receiver.answer = lambda _body: 500
    events_deliver()
    Subscription.objects.update(failing_since=timezone.now() - timedelta(hours=25))
    due_again()

    events_deliver()

    subscription.refresh_from_db()
    assert subscription.state == Subscription.State.FAILING
    due_again()
    assert (events_deliver(), len(receiver.got), standings()) == (0, 2, ["waiting"])


def test_one_success_makes_an_address_well_again(receiver: Receiver) -> None:
    subscription, _secret = subscription_make(receiver.url, "message.state_changed")
    moved("sending", "accepted")
    receiver.answer = lambda _body: 500
    events_deliver()
    receiver.answer = lambda _body: 200
    due_again()

    events_deliver()

    subscription.refresh_from_db()
    assert (subscription.failures, subscription.failing_since, subscription.retry_at) == (0, None, None)


def test_a_slow_address_holds_no_other_back(receiver: Receiver) -> None:
    all_told = threading.Event()
    held_back: list[bool] = []

    def slowly(_body: Any) -> int:
        held_back.append(not all_told.wait(8))
        return 200

    with receiver_run() as slow:
        slow.answer = slowly
        subscription_make(slow.url, "message.state_changed")
        subscription_make(receiver.url, "message.state_changed")
        for _ in range(20):
            moved("sending", "accepted")

        def noted(_body: Any) -> int:
            if len(receiver.got) == 20:
                all_told.set()
            return 200

        receiver.answer = noted

        events_deliver(seconds=20.0)

    assert len(receiver.got) == 20
    assert not any(held_back)


def test_a_try_that_takes_too_long_is_a_failed_one(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recontact.outgoing.call.TIMEOUT_SECONDS", 0.3)
    subscription_make(receiver.url, "message.state_changed")
    moved("sending", "accepted")
    receiver.slow = 1.0

    events_deliver()

    attempt = OutgoingAttempt.objects.get()
    assert (attempt.status, attempt.error) == (None, "TimeoutError")


def test_a_redirect_is_not_followed(receiver: Receiver) -> None:
    subscription_make(receiver.url, "message.state_changed")
    moved("sending", "accepted")
    receiver.answer = lambda _body: 302

    events_deliver()

    assert (len(receiver.got), standings()) == (1, ["waiting"])
    assert OutgoingAttempt.objects.get().status == 302


def test_a_subscription_that_somebody_tells_is_told_by_nobody_else(receiver: Receiver) -> None:
    subscription_make(receiver.url, "message.state_changed")
    moved("sending", "accepted")
    (lane,) = lanes.lanes_lease(10)

    assert lanes.lanes_lease(10) == []
    assert events_deliver(seconds=0.5) == 0
    lanes.lane_release(lane)
    assert events_deliver(seconds=0.5) == 1


def test_a_worker_whose_lease_is_over_tells_nothing_more(receiver: Receiver) -> None:
    subscription_make(receiver.url, "message.state_changed")
    moved("sending", "accepted")
    (old,) = lanes.lanes_lease(10)
    Subscription.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    lanes.lanes_lease(10)

    assert lanes.lane_renew(old) is None


def test_a_worker_that_comes_back_late_with_a_failure_takes_nothing_back_of_what_another_told(
    receiver: Receiver,
) -> None:
    subscription, _secret = subscription_make(receiver.url, "message.state_changed")
    moved("sending", "accepted", "sent")
    late = lanes.events_due(subscription.pk, 10)
    events_deliver()

    lanes.told_record([(event, Told(None, 10_000, "TimeoutError")) for event in late])

    assert standings() == ["delivered", "delivered"]
    assert (events_deliver(seconds=0.5), len(receiver.got)) == (0, 2)


def test_what_was_told_but_not_recorded_is_told_again_under_its_id(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    subscription_make(receiver.url, "message.state_changed")
    moved("sending", "accepted")

    def database_gone(*_arguments: Any) -> None:
        raise OperationalError("gone")

    with monkeypatch.context() as patched:
        patched.setattr(lanes, "told_record", database_gone)
        assert events_deliver() == 0
    assert (len(receiver.got), standings()) == (1, ["waiting"])

    due_again()
    assert events_deliver() == 1
    assert receiver.got[0].body["id"] == receiver.got[1].body["id"]


def test_it_asks_as_many_questions_for_many_events_as_for_few(receiver: Receiver) -> None:
    subscription_make(receiver.url, "message.state_changed")
    counts = []
    for many in (2, 8):
        for _ in range(many):
            moved("sending", "accepted")
        with CaptureQueriesContext(connection) as asked:
            events_deliver()
        # How often it looks for what is due goes by time.
        counts.append(len([each for each in asked if "lease" not in each["sql"]]))

    assert counts[0] == counts[1]


def test_no_more_subscriptions_are_leased_than_asked_for(receiver: Receiver) -> None:
    for _ in range(3):
        subscription_make(receiver.url, "message.state_changed")
    moved("sending", "accepted")

    with joined_by_loops():
        assert len(lanes.lanes_lease(2)) == 2
