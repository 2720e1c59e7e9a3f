"""The stage of the fault tests: real workers shared by the folder, a fresh world for each test."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from pytest_django import Settings

from tests.faults.postgres_wire import PostgresWire
from tests.faults.processes import Worker, database_url, services, until
from tests.faults.stage import Stage, database_is_quiet, prepare
from tests.providers.simulator.conftest import simulator_process
from tests.providers.simulator.server import SimulatorProcess
from tests.world import world_make

__all__ = ["simulator_process"]


@dataclass(frozen=True)
class Workers:
    """The worker of the dispatcher, over its wire to the database, and the worker of everything else."""

    dispatcher: Worker
    others: Worker
    wire: PostgresWire


@pytest.fixture(scope="package")
def workers(
    tmp_path_factory: pytest.TempPathFactory, django_db_setup: None, simulator_process: SimulatorProcess
) -> Iterator[Workers]:
    """Shared by the folder, and gone before the tests of other folders."""
    folder = tmp_path_factory.mktemp("workers")
    url, redis = os.environ["DATABASE_URL"], os.environ["REDIS_URL"]
    wire = PostgresWire(dict(parse_qsl(urlsplit(url).query))["host"])
    wired, direct = (
        services(database=database, redis=redis, simulator=simulator_process.url)
        for database in (database_url(url, host=str(wire.folder)), database_url(url))
    )
    dispatcher = Worker(folder / "dispatcher", "dispatch", wired)
    others = Worker(folder / "others", "default", direct).start()
    yield Workers(dispatcher, others, wire)
    for worker in (dispatcher, others):
        if worker.runs:
            worker.kill()
    wire.close()


@pytest.fixture
def stage(
    transactional_db: None,
    live_server: Any,
    simulator_process: SimulatorProcess,
    workers: Workers,
    settings: Settings,
) -> Iterator[Stage]:
    """Everything runs, and the simulator's webhooks reach the portal."""
    settings.PROVIDER_BASE_URLS = {"meta": simulator_process.url}
    # Django's test server lets ten connections wait, and fifty come at once.
    live_server.thread.httpd.socket.listen(128)
    dispatcher = workers.dispatcher
    if not dispatcher.runs:
        dispatcher.start()
    world = world_make(simulator_process, webhook_base=live_server.url)
    prepare(world)
    yield Stage(world, dispatcher, workers.others, workers.wire, live_server.url)
    # What still runs would be in the way of emptying the tables.
    simulator_process.post("reset", world=True)
    until(lambda: not dispatcher.pumps, what="the end of the slice")
    until(database_is_quiet, what="the end of all transactions")
