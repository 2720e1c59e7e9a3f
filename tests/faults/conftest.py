"""The stage of the fault tests: real workers shared by the folder, a fresh world for each test."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from pytest_django import Settings

from tests.faults.processes import Workers, until
from tests.faults.stage import Stage, database_is_quiet, prepare
from tests.providers.simulator.conftest import simulator_process
from tests.providers.simulator.server import SimulatorProcess
from tests.world import world_make

__all__ = ["simulator_process"]


@pytest.fixture(scope="package")
def workers(
    tmp_path_factory: pytest.TempPathFactory, django_db_setup: None, simulator_process: SimulatorProcess
) -> Iterator[Workers]:
    """Shared by the folder, and gone before the tests of other folders."""
    urls = (os.environ["DATABASE_URL"], os.environ["REDIS_URL"], simulator_process.url)
    workers = Workers(tmp_path_factory.mktemp("workers"), *urls)
    yield workers
    workers.close()


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
    workers.thaw()
    for worker in (workers.dispatcher, workers.others):
        if not worker.runs:
            worker.start()
    world = world_make(simulator_process, webhook_base=live_server.url)
    prepare(world)
    yield Stage(world, workers, live_server.url)
    # What still runs would be in the way of emptying the tables, and what is to run yet too.
    workers.thaw()
    simulator_process.post("reset", world=True)
    until(lambda: not workers.pump, what="the end of the slice")
    until(lambda: _stand_still(workers), what="the end of all transactions")


def _stand_still(workers: Workers) -> bool:
    """Freeze the workers unless one is in the middle of a transaction."""
    workers.freeze()
    if database_is_quiet():
        return True
    workers.thaw()
    return False
