"""The simulator and the world, as for tests that send."""

from __future__ import annotations

from tests.providers.simulator.conftest import simulator_process
from tests.recontact.conftest import world

__all__ = ["simulator_process", "world"]
