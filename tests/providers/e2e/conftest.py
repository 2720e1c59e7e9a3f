"""A stage for the provider of the test: its parameter `provider`, or its module's `PROVIDER` (see stage.py)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pytest_django import Settings

from tests.providers.e2e.provider import Provider
from tests.providers.e2e.stage import Stage, stage_make
from tests.providers.simulator.conftest import simulator_process
from tests.providers.simulator.server import SimulatorProcess

__all__ = ["simulator_process"]


@pytest.fixture
def provider(request: pytest.FixtureRequest) -> Provider:
    """The module's provider, for a test that is not given one as its parameter."""
    provider: Provider = request.module.PROVIDER
    return provider


@pytest.fixture
def stage(
    provider: Provider,
    transactional_db: None,
    live_server: Any,
    simulator_process: SimulatorProcess,
    settings: Settings,
) -> Iterator[Stage]:
    """The portal is served, the simulator knows it, and nothing is left behind."""
    setup = provider.setup
    provider.forget()
    settings.PROVIDER_BASE_URLS = {setup.slug: f"{simulator_process.url}{setup.path}"}
    settings.PROVIDER_TIMEOUT_SECONDS = 2.0
    # Some providers sign the address that they call, and are told it with each message.
    settings.PUBLIC_URL = live_server.url
    yield stage_make(setup, simulator_process, portal=live_server.url)
    simulator_process.post("reset", world=True)
    provider.forget()
