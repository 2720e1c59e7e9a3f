"""The provider simulator for the tests of this folder."""

from tests.providers.simulator.conftest import receiver, simulator, simulator_process

__all__ = ["receiver", "simulator", "simulator_process"]
