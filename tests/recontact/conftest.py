"""The simulator and the world for tests that send."""

from __future__ import annotations

import pytest
from pytest_django import Settings

from tests.providers.simulator.conftest import simulator_process
from tests.providers.simulator.server import SimulatorProcess
from tests.world import World, world_make

__all__ = ["simulator_process", "world"]


@pytest.fixture
def world(transactional_db: None, simulator_process: SimulatorProcess, settings: Settings) -> World:
    """Portal and simulator with the same account; webhooks lead nowhere."""
    settings.PROVIDER_BASE_URLS = {"meta": simulator_process.url}
    settings.PROVIDER_TIMEOUT_SECONDS = 2.0
    return world_make(simulator_process)
