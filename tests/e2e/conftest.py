"""A browser, the two Celery workers, the simulator and the portal between them: real parts all the way."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect, sync_playwright
from pytest_django.live_server_helper import LiveServer

from tests.e2e.stage import Visitor, celery_workers
from tests.providers.simulator.conftest import simulator_process
from tests.providers.simulator.server import SimulatorProcess
from tests.world import World, world_make

__all__ = ["simulator_process"]

collect_ignore = [] if os.environ.get("SCREENSHOTS") == "1" else ["test_screenshots.py"]
OPTIONS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
expect.set_options(timeout=45_000)


@pytest.fixture(scope="package")
def browser(chromium_path: str) -> Iterator[Browser]:
    """One Chromium for the folder. Not for the session: while Playwright runs, no other test may run an event loop."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=chromium_path, args=OPTIONS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="package")
def workers(
    django_db_setup: None,
    simulator_process: SimulatorProcess,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[None]:
    """The workers of both queues, one set for the folder."""
    with celery_workers(simulator_process.url, tmp_path_factory.mktemp("workers")):
        yield


@pytest.fixture
def world(transactional_db: None, live_server: LiveServer, workers: None, simulator_process: SimulatorProcess) -> World:
    """Portal and simulator with the same account; signed webhooks come to the portal."""
    return world_make(simulator_process, webhook_base=live_server.url)


@pytest.fixture
def visitor(world: World, browser: Browser, live_server: LiveServer) -> Iterator[Visitor]:
    """Whoever opens the portal in the browser."""
    visitor = Visitor(browser, live_server.url)
    yield visitor
    visitor.leave()
    world.simulator.settle()
