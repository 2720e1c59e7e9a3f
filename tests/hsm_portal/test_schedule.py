"""The beat schedule names tasks and queues that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import redis
from django.conf import settings

from customer_service.inbound_files import FETCH_TASK
from hsm_portal.celery import app
from hsm_portal.schedule import BEAT_SCHEDULE
from hsm_portal.tasks import beat_heartbeat, dispatcher_heartbeat, fetcher_heartbeat, first_heartbeats
from providers.tasks import inbox_sweep
from recontact.heartbeats import BEAT, DISPATCHER, FETCHER, heartbeat_ages
from recontact.tasks import dispatch_pump

PROJECT = Path(__file__).parents[2]

# The queues that the workers of demo and docker-compose.yml listen to.
QUEUES = {"default", "dispatch", "media"}


@pytest.mark.parametrize("name", BEAT_SCHEDULE)
def test_a_scheduled_task_exists_and_goes_to_a_queue_with_a_worker(name: str) -> None:
    entry = BEAT_SCHEDULE[name]
    app.loader.import_default_modules()
    assert entry["task"] in app.tasks
    route = app.amqp.router.route(dict(entry.get("options", {})), entry["task"])
    assert getattr(route.get("queue"), "name", "default") in QUEUES


@pytest.mark.parametrize(
    ("task", "queue"), [(dispatch_pump.name, "dispatch"), (FETCH_TASK, "media"), (inbox_sweep.name, "default")]
)
def test_what_may_take_long_waits_in_no_queue_of_others(task: str, queue: str) -> None:
    assert app.amqp.router.route({}, task).get("queue", app.amqp.queues["default"]).name == queue


def test_every_queue_has_a_worker_in_demo_and_production() -> None:
    for file in ("docker-compose.yml", "hsm_portal/demo.py"):
        named = re.findall(r'"-Q", "([a-z,]+)"', (PROJECT / file).read_text(encoding="utf-8"))
        assert set(",".join(named).split(",")) == QUEUES


@pytest.mark.django_db
def test_the_heartbeat_tasks_leave_their_signs_of_life() -> None:
    beat_heartbeat()
    dispatcher_heartbeat()
    fetcher_heartbeat()
    assert set(heartbeat_ages()) == {BEAT, DISPATCHER, FETCHER}


def test_beat_sends_the_first_heartbeats_to_each_worker_when_it_starts() -> None:
    first_heartbeats()
    with redis.Redis.from_url(settings.REDIS_URL) as broker:
        assert {queue: broker.llen(queue) for queue in QUEUES} == {"default": 1, "dispatch": 1, "media": 1}
