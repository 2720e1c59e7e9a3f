"""Waking the inbox's worker through the real broker."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import redis
from celery import current_app
from django.conf import settings

from providers import tasks
from providers.wake import INBOX_TASK, forget_woken, wake_inbox


@pytest.fixture
def broker() -> Iterator[redis.Redis]:
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        yield client


def _waiting(broker: redis.Redis) -> int:
    return int(broker.llen(settings.CELERY_TASK_DEFAULT_QUEUE))


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


@pytest.mark.django_db
def test_a_worker_with_more_to_do_than_its_slice_wakes_the_next(
    broker: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "SLICE", 0)
    tasks.inbox_process()
    assert _waiting(broker) == 1
