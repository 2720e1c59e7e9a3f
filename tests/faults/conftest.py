"""The stage of the fault tests: real workers shared by the folder, a fresh world for each test."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from pytest_django import Settings

from tests.faults.processes import Worker, database_url, services, until
from tests.faults.stage import Stage, database_is_quiet, prepare
from tests.providers.simulator.conftest import simulator_process
from tests.providers.simulator.server import SimulatorProcess
from tests.world import world_make

__all__ = ["simulator_process"]


@pytest.fixture(scope="package")
def worker_environment(django_db_setup: None, simulator_process: SimulatorProcess) -> dict[str, str]:
    """The services of the tests, for worker processes."""
    database = database_url(os.environ["DATABASE_URL"])
    return services(database=database, redis=os.environ["REDIS_URL"], simulator=simulator_process.url)


@pytest.fixture(scope="package")
def workers(
    tmp_path_factory: pytest.TempPathFactory, worker_environment: dict[str, str]
) -> Iterator[tuple[Worker, Worker]]:
    """The dispatcher's worker and the worker of everything else, gone before the tests of other folders."""
    folder = tmp_path_factory.mktemp("workers")
    dispatcher = Worker(folder / "dispatcher", "dispatch", worker_environment)
    others = Worker(folder / "others", "default", worker_environment).start()
    yield dispatcher, others
    for worker in (dispatcher, others):
        if worker.runs:
            worker.kill()


@pytest.fixture
def stage(
    transactional_db: None,
    live_server: Any,
    simulator_process: SimulatorProcess,
    workers: tuple[Worker, Worker],
    settings: Settings,
) -> Iterator[Stage]:
    """Everything runs, and the simulator's webhooks reach the portal."""
    settings.PROVIDER_BASE_URLS = {"meta": simulator_process.url}
    # Django's test server lets ten connections wait, and fifty come at once.
    live_server.thread.httpd.socket.listen(128)
    dispatcher, others = workers
    if not dispatcher.runs:
        dispatcher.start()
    world = world_make(simulator_process, webhook_base=live_server.url)
    prepare(world)
    yield Stage(world, dispatcher, others)
    # What still runs would be in the way of emptying the tables.
    simulator_process.post("reset", world=True)
    until(lambda: not dispatcher.pumps, what="the end of the slice")
    until(database_is_quiet, what="the end of all transactions")
