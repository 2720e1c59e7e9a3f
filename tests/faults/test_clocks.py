"""Machines whose clocks do not agree: what beat sends is carried out, whoever is minutes fast or slow."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from celery.beat import ScheduleEntry, Scheduler
from django.core.cache import cache

from hsm_portal.celery import app
from hsm_portal.processes import Child, spawn
from hsm_portal.schedule import BEAT_SCHEDULE
from recontact.heartbeats import BEAT, heartbeat_ages
from tests.faults.processes import PROJECT, database_url, until

#: A queue of its own: the folder's workers stand frozen between their tests, and Valkey would hand the tick to one of them.
QUEUE = "clocks"


@pytest.fixture(params=[-600, 600], ids=["ten minutes slow", "ten minutes fast"])
def worker_with_a_wrong_clock(
    request: pytest.FixtureRequest, tmp_path: Path, transactional_db: None
) -> Iterator[Child]:
    """The ordinary worker, on this test's database and with its queue."""
    options = ["-A", "hsm_portal", "worker", "-Q", QUEUE, "-c", "1", "--without-gossip", "--without-mingle"]
    command = [sys.executable, "-m", "tests.chaos.shifted", str(request.param), *options]
    environment = {**os.environ, "DATABASE_URL": database_url(os.environ["DATABASE_URL"])}
    child = spawn("worker", command, log=tmp_path / "log", environment=environment, directory=PROJECT)
    yield child
    child.kill()
    # pytest shows it with a failure.
    sys.stdout.write((tmp_path / "log").read_text())


@pytest.mark.usefixtures("worker_with_a_wrong_clock")
def test_a_worker_with_a_wrong_clock_carries_out_what_beat_sends() -> None:
    beat = Scheduler(app, lazy=True)
    entry = BEAT_SCHEDULE["beat heartbeat"]
    options = {**entry["options"], "queue": QUEUE}
    beat.apply_async(ScheduleEntry(name="beat heartbeat", app=app, **{**entry, "options": options}))

    until(lambda: BEAT in heartbeat_ages(), what="the heartbeat")
    # It took the tick for one: the next would be passed over if it came at once.
    assert cache.get("beat:hsm_portal.tasks.beat_heartbeat") == "1"
