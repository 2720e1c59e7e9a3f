"""The beat schedule names tasks and queues that exist."""

from __future__ import annotations

import pytest
import redis
from django.conf import settings

from hsm_portal.celery import app
from hsm_portal.schedule import BEAT_SCHEDULE
from hsm_portal.tasks import beat_heartbeat, dispatcher_heartbeat, first_heartbeats
from recontact.heartbeats import BEAT, DISPATCHER, heartbeat_ages

# The queues that the workers of demo and docker-compose.yml listen to.
QUEUES = {"default", "dispatch"}


@pytest.mark.parametrize("name", BEAT_SCHEDULE)
def test_a_scheduled_task_exists_and_goes_to_a_queue_with_a_worker(name: str) -> None:
    entry = BEAT_SCHEDULE[name]
    app.loader.import_default_modules()
    assert entry["task"] in app.tasks
    route = app.amqp.router.route(dict(entry.get("options", {})), entry["task"])
    assert getattr(route.get("queue"), "name", "default") in QUEUES


@pytest.mark.django_db
def test_the_heartbeat_tasks_leave_their_signs_of_life() -> None:
    beat_heartbeat()
    dispatcher_heartbeat()
    assert set(heartbeat_ages()) == {BEAT, DISPATCHER}


def test_beat_sends_the_first_heartbeats_to_both_workers_when_it_starts() -> None:
    first_heartbeats()
    with redis.Redis.from_url(settings.REDIS_URL) as broker:
        assert {queue: broker.llen(queue) for queue in QUEUES} == {"default": 1, "dispatch": 1}
