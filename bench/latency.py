"""From an agent's click to the provider while nothing else is sent: with the pump awake, and with its task to be woken."""

from __future__ import annotations

import statistics
import time

from bench.figures import figure
from bench.portal import portal, provider_like
from tests.factories import message_make
from tests.world import World, world_make

COUNT = 200
ASLEEP = 20
PAUSE_SECONDS = 0.05
#: Longer than a pump without work waits for some.
ASLEEP_SECONDS = 2.5


def run(scale: float) -> None:
    """Print the p95 of both."""
    with portal() as made:
        world = world_make(made.simulator)
        provider_like(made.simulator)
        made.start("dispatcher")
        _sent_after(world)
        awake = [_sent_after(world, PAUSE_SECONDS) for _ in range(max(10, int(COUNT * scale)))]
        asleep = [_sent_after(world, ASLEEP_SECONDS) for _ in range(max(2, int(ASLEEP * scale)))]
        figure("idle_latency_p95_ms", statistics.quantiles(awake, n=20)[-1], "ms")
        figure("woken_latency_p95_ms", statistics.quantiles(asleep, n=20)[-1], "ms")


def _sent_after(world: World, pause: float = 0.0) -> float:
    """Milliseconds from the click on a recontact to its arrival, after a pause."""
    query = world.query()
    time.sleep(pause)
    clicked_at = time.time()
    reference = str(message_make(query=query, template=world.template).reference)
    while not (found := world.simulator.get("requests", reference=reference)["data"]):
        time.sleep(0.005)
    return float(found[0]["at"] - clicked_at) * 1000
