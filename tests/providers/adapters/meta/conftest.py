"""The simulator, for the tests in which the adapter meets it."""

from __future__ import annotations

from tests.providers.simulator.conftest import receiver, simulator, simulator_process

__all__ = ["receiver", "simulator", "simulator_process"]
