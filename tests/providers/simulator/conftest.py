"""One simulator process and one webhook receiver for the module, emptied before each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.providers.simulator.server import Receiver, SimulatorProcess, receiver_server, seed_data


@pytest.fixture(scope="session")
def simulator_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatorProcess]:
    """The process that the tests share."""
    process = SimulatorProcess(tmp_path_factory.mktemp("simulator"))
    yield process
    process.stop()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A webhook receiver."""
    receiver = Receiver()
    server = receiver_server(receiver)
    yield receiver
    server.shutdown()
    server.server_close()


@pytest.fixture
def simulator(simulator_process: SimulatorProcess, receiver: Receiver) -> SimulatorProcess:
    """The shared process with a fresh, seeded world and quick webhooks."""
    simulator_process.post("reset", world=True)
    simulator_process.post("seed", **seed_data(receiver.url))
    simulator_process.knobs(
        webhook_delay_ms=10, webhook_concurrency=1, retry_base_ms=20, review_delay_ms=10, enforce_limits=False
    )
    return simulator_process


@pytest.fixture
def own_simulator(tmp_path: Path, receiver: Receiver) -> Iterator[SimulatorProcess]:
    """A process of the test's own, to be stopped and started."""
    process = SimulatorProcess(tmp_path / "store")
    process.post("seed", **seed_data(receiver.url))
    yield process
    process.stop()
