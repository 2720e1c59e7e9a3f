"""Waking the inbox's worker through the real broker."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import redis
from celery import current_app
from django.conf import settings as portal_settings

from providers import tasks
from providers.inbox_batch import deliveries_process_waiting
from providers.models import WebhookDelivery
from providers.reader_places import reader_place
from providers.wake import INBOX_TASK, forget_woken, wake_inbox, wake_inbox_soon
from tests.deliveries import delivery_make
from tests.factories import account_make
from tests.faults.processes import until


@pytest.fixture
def broker() -> Iterator[redis.Redis]:
    with redis.Redis.from_url(portal_settings.REDIS_URL) as client:
        yield client


def _waiting(broker: redis.Redis) -> int:
    return int(broker.llen(portal_settings.CELERY_TASK_DEFAULT_QUEUE))


def _unread() -> int:
    return WebhookDelivery.objects.filter(state="received").count()


def test_the_task_that_is_sent_exists() -> None:
    assert current_app.tasks[INBOX_TASK].name == tasks.inbox_process.name


def test_many_wakes_send_one_task(broker: redis.Redis) -> None:
    for _number in range(5):
        wake_inbox()
    assert _waiting(broker) == 1


def test_a_wake_after_the_worker_began_to_look_sends_another(broker: redis.Redis) -> None:
    wake_inbox()
    forget_woken()
    wake_inbox()
    assert _waiting(broker) == 2


def test_a_wake_asked_for_while_the_one_before_is_sent_goes_out_too(
    broker: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    def sent_while_asked_again() -> None:
        wake_inbox()
        forget_woken()
        if _waiting(broker) == 1:
            wake_inbox_soon()

    monkeypatch.setattr("providers.wake.wake_inbox", sent_while_asked_again)
    wake_inbox_soon()
    until(lambda: _waiting(broker) == 2, what="the second wake")


def test_a_broker_that_is_away_is_no_error(settings: Any, broker: redis.Redis) -> None:
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:1/0"}}
    wake_inbox()
    assert _waiting(broker) == 0


@pytest.mark.django_db
def test_a_worker_whose_time_is_up_leaves_the_rest_to_a_task_behind_those_that_wait(
    broker: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = account_make()
    for _number in range(3):
        delivery_make(account, b"{}")
    broker.flushdb()
    monkeypatch.setattr(tasks, "SLICE_SECONDS", 0)
    monkeypatch.setattr(tasks, "SLICE", 1)
    tasks.inbox_process()
    assert (_unread(), _waiting(broker)) == (2, 1)


@pytest.mark.django_db
def test_a_worker_who_finds_more_than_he_takes_at_once_reads_on_and_has_another_one_help(
    broker: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = account_make()
    for _number in range(3):
        delivery_make(account, b"{}")
    broker.flushdb()
    monkeypatch.setattr(tasks, "SLICE", 2)
    tasks.inbox_process()
    assert (_unread(), _waiting(broker)) == (0, 1)


@pytest.mark.django_db
def test_no_third_worker_reads(broker: redis.Redis) -> None:
    delivery_make(account_make(), b"{}")
    with reader_place(), reader_place():
        tasks.inbox_process()
        assert _unread() == 1
    tasks.inbox_process()
    assert _unread() == 0


@pytest.mark.django_db
def test_what_was_stored_while_there_was_no_place_for_another_is_read_by_who_had_one(
    broker: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = account_make()
    delivery_make(account, b"{}")
    wake_inbox()

    def another_comes(limit: int) -> int:
        done = deliveries_process_waiting(limit)
        if WebhookDelivery.objects.count() == 1:
            delivery_make(account, b"{}")
            wake_inbox()
        return done

    monkeypatch.setattr(tasks, "deliveries_process_waiting", another_comes)
    tasks.inbox_process()
    # The wake of the second one went into the first one's, and the next is heard.
    assert (_unread(), _waiting(broker)) == (0, 1)
    wake_inbox()
    assert _waiting(broker) == 2


@pytest.mark.django_db
def test_a_place_passes_with_the_worker_that_died_with_it(broker: redis.Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("providers.reader_places.PLACE_SECONDS", 1)
    delivery_make(account_make(), b"{}")
    held = [reader_place(), reader_place()]
    assert [place.__enter__() for place in held] == [True, True]
    tasks.inbox_process()
    assert _unread() == 1
    until(lambda: tasks.inbox_process() or _unread() == 0, what="a place")


@pytest.mark.django_db
def test_it_is_read_without_valkey_too(settings: Any) -> None:
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:1/0"}}
    delivery_make(account_make(), b"{}")
    tasks.inbox_process()
    assert _unread() == 0


@pytest.mark.django_db
def test_a_worker_who_takes_everything_at_once_wakes_nobody(broker: redis.Redis) -> None:
    delivery_make(account_make(), b"{}")
    broker.flushdb()
    tasks.inbox_process()
    assert (_unread(), _waiting(broker)) == (0, 0)
