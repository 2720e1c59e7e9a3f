"""Waking the inbox's worker through the real broker."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import redis
from celery import current_app
from django.conf import settings as portal_settings

from providers import tasks
from providers.models import WebhookDelivery
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
    assert (WebhookDelivery.objects.filter(state="received").count(), _waiting(broker)) == (2, 1)


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
    assert (WebhookDelivery.objects.filter(state="received").count(), _waiting(broker)) == (0, 1)


@pytest.mark.django_db
def test_a_worker_who_takes_everything_at_once_wakes_nobody(broker: redis.Redis) -> None:
    delivery_make(account_make(), b"{}")
    broker.flushdb()
    tasks.inbox_process()
    assert (WebhookDelivery.objects.filter(state="received").count(), _waiting(broker)) == (0, 0)
