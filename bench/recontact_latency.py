"""From queueing (commit) to the provider's receipt, over single recontacts with an idle dispatcher: p50 and p95.

`python -m bench.recontact_latency [COUNT]` (200 by default) starts PostgreSQL, Valkey, the simulator and a dispatcher worker
of its own, and prints figures only.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from importlib import import_module
from pathlib import Path
from typing import Any

import django
from django.core.management import call_command

PAUSE_SECONDS = 0.05


def main() -> None:
    """Set everything up, measure, print."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    # Starts the services and sets the environment, before the settings load.
    import_module("tests.embedded_plugin")
    django.setup()
    call_command("migrate", verbosity=0)
    processes: Any = import_module("tests.faults.processes")
    servers: Any = import_module("tests.providers.simulator.server")
    with tempfile.TemporaryDirectory() as folder:
        simulator = servers.SimulatorProcess(Path(folder) / "simulator")
        urls = (os.environ["DATABASE_URL"], os.environ["REDIS_URL"], simulator.url)
        workers = processes.Workers(Path(folder), *urls)
        try:
            workers.dispatcher.start()
            worlds: Any = import_module("tests.world")
            world = worlds.world_make(simulator)
            _report("pump awake", _measured(world, count, PAUSE_SECONDS))
            _report("pump asleep (its task goes through the broker)", _measured(world, max(1, count // 10), 2.5))
        finally:
            workers.close()
            simulator.stop()


def _measured(world: Any, count: int, pause: float) -> list[float]:
    """Milliseconds of each recontact, queued one at a time with a pause after each receipt."""
    queries = [world.query() for _ in range(count)]
    factories: Any = import_module("tests.factories")
    taken = []
    for query in queries:
        message = factories.message_make(query=query, template=world.template)
        queued_at = time.time()
        while not (found := world.simulator.get("requests", reference=str(message.reference))["data"]):
            time.sleep(0.01)
        taken.append((found[0]["at"] - queued_at) * 1000)
        time.sleep(pause)
    return taken


def _report(name: str, taken: list[float]) -> None:
    cuts = statistics.quantiles(taken, n=20) if len(taken) > 1 else taken * 19
    print(f"{name}: {len(taken)} recontacts, p50 {statistics.median(taken):.0f} ms, p95 {cuts[18]:.0f} ms")


if __name__ == "__main__":
    main()
