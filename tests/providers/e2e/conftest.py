"""A stage for the provider that the test module names in `SETUP` (see stage.py)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pytest_django import Settings

from tests.providers.e2e.stage import Setup, Stage, stage_make
from tests.providers.simulator.conftest import simulator_process
from tests.providers.simulator.server import SimulatorProcess

__all__ = ["simulator_process"]


@pytest.fixture
def stage(
    request: pytest.FixtureRequest,
    transactional_db: None,
    live_server: Any,
    simulator_process: SimulatorProcess,
    settings: Settings,
) -> Iterator[Stage]:
    """The portal is served, the simulator knows it, and nothing is left behind."""
    setup: Setup = request.module.SETUP
    settings.PROVIDER_BASE_URLS = {setup.slug: f"{simulator_process.url}/{setup.slug}"}
    settings.PROVIDER_TIMEOUT_SECONDS = 2.0
    # Some providers sign the address that they call, and are told it with each message.
    settings.PUBLIC_URL = live_server.url
    yield stage_make(setup, simulator_process, portal=live_server.url)
    simulator_process.post("reset", world=True)
