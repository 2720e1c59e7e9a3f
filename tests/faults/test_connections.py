"""A worker keeps its connection to the database from one task to the next, and replaces it when it is dead."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from celery import current_app
from django.db import connection

from recontact.heartbeats import BEAT, heartbeat_ages
from recontact.models import Heartbeat
from tests.faults.processes import Worker, database_url, until

QUEUE = "connections"


@pytest.fixture
def worker(tmp_path: Path, transactional_db: None) -> Iterator[Worker]:
    worker = Worker(tmp_path / "worker", QUEUE, {"DATABASE_URL": database_url(os.environ["DATABASE_URL"])})
    yield worker.start()
    worker.kill()


def _task_done() -> None:
    Heartbeat.objects.all().delete()
    current_app.send_task("hsm_portal.tasks.beat_heartbeat", queue=QUEUE)
    until(lambda: BEAT in heartbeat_ages(), what="the task")


def _sessions() -> list[int]:
    """The sessions of others in this database."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
               AND backend_type = 'client backend'"""
        )
        return [row[0] for row in cursor.fetchall()]


@pytest.mark.usefixtures("worker")
def test_a_connection_lasts_from_task_to_task_and_a_dead_one_costs_none_of_them() -> None:
    _task_done()
    before = _sessions()
    _task_done()
    assert before
    assert _sessions() == before

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pid) FROM unnest(%s::int[]) AS pid", [before])
    _task_done()
    assert not set(_sessions()) & set(before)
