"""Systems outside that are told of events by a worker which may die, and the proof that they were told of each, in order."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from typing import Any

from celery import current_app
from django.core.cache import cache
from django.db import connection

from recontact.models import Message, OutgoingEvent
from tests.factories import message_make
from tests.faults.processes import until
from tests.recontact.outgoing.receiver import HOST, Receiver

#: A queue of its own, so that no other test's worker takes these tasks.
QUEUE = "telling"
ENVIRONMENT = {"OUTGOING_PRIVATE_HOSTS": HOST}
STATES = ("sending", "accepted", "sent", "delivered", "read")
#: Of those moves, the ones that are told.
TOLD = STATES[1:]


def messages_make(count: int) -> list[int]:
    """Queued messages, by id."""
    return [message_make().pk for _ in range(count)]


def messages_move(ids: list[int], *states: str) -> None:
    """Each of them through these states, all of them at once."""
    for state in states:
        Message.objects.filter(pk__in=ids).update(state=state)


def tick() -> None:
    """What beat does every two seconds."""
    current_app.send_task("recontact.tasks.outgoing_deliver", queue=QUEUE, retry=False)


def time_passes() -> None:
    """All pauses are over, and all that a dead worker held."""
    cache.delete("outgoing:leader")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE recontact_outgoingevent SET due_at = clock_timestamp() WHERE standing = 'waiting'")
        cursor.execute("UPDATE recontact_subscription SET retry_at = NULL, lease = NULL, leased_until = NULL")


def pauses_end() -> None:
    """All pauses are over; who tells goes on telling, and what he holds just now is passed over: this comes again."""
    with connection.cursor() as cursor:
        cursor.execute(
            """UPDATE recontact_outgoingevent SET due_at = clock_timestamp() WHERE id IN
               (SELECT id FROM recontact_outgoingevent WHERE standing = 'waiting' FOR UPDATE SKIP LOCKED)"""
        )
        cursor.execute(
            """UPDATE recontact_subscription SET retry_at = NULL WHERE id IN
               (SELECT id FROM recontact_subscription FOR UPDATE SKIP LOCKED)"""
        )


def wait_told() -> None:
    """Until nothing waits, beat ticking and pauses ending."""

    def told() -> bool:
        pauses_end()
        tick()
        time.sleep(0.3)
        return not OutgoingEvent.objects.filter(standing="waiting").exists()

    until(told, what="the telling of all events")


def prove_told(receiver: Receiver, *, events: int, taken: Counter[str]) -> None:
    """Each of so many noted events was taken (`taken`: how often, by id), and of each subject one after another."""
    noted = list(OutgoingEvent.objects.order_by("pk"))
    assert len(noted) == events
    assert {event.standing for event in noted} == {"delivered"}
    assert set(taken) == {str(event.uid) for event in noted}
    came: dict[Any, list[int]] = defaultdict(list)
    for got in receiver.got:
        assert got.headers["HSM-Event-Id"] == got.body["id"]
        came[got.body["message"]["id"]].append(got.body["sequence"])
    for sequence in came.values():
        assert sequence == sorted(sequence)
