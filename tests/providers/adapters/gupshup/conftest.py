"""The simulator and a receiver of its webhooks."""

from tests.providers.simulator.conftest import receiver, simulator, simulator_process

__all__ = ["receiver", "simulator", "simulator_process"]
