"""``python -m providers.simulator --port 8800 --store DIR``: run the simulator until it is told to stop.

Every option has a twin in the environment: SIMULATOR_HOST, SIMULATOR_PORT, SIMULATOR_STORE, SIMULATOR_SEED.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import signal
import sys
from pathlib import Path

import uvloop
from aiohttp import web

from providers.simulator.app import AT_THE_ROOT, build_application
from providers.simulator.front import Front
from providers.simulator.seeding import seed
from providers.simulator.simulator import Simulator
from providers.simulator.wires.registry import WIRES

STOP_SECONDS = 0.5


def options(arguments: list[str]) -> argparse.Namespace:
    """Read the command line, with the environment as defaults."""
    environment = os.environ.get
    parser = argparse.ArgumentParser(
        prog="python -m providers.simulator", description="A stand-in for the providers' servers."
    )
    parser.add_argument("--host", default=environment("SIMULATOR_HOST", "127.0.0.1"))
    parser.add_argument("--port", type=int, default=int(environment("SIMULATOR_PORT", "8800")), help="0: any free one")
    parser.add_argument("--store", type=Path, default=Path(environment("SIMULATOR_STORE", "simulator-store")))
    parser.add_argument("--seed", default=environment("SIMULATOR_SEED"), help="JSON file as for POST /control/seed")
    return parser.parse_args(arguments)


async def serve(chosen: argparse.Namespace) -> None:
    """Serve until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    simulator = Simulator(chosen.store, WIRES)
    if chosen.seed:
        seed(simulator, json.loads(Path(chosen.seed).read_text(encoding="utf-8")))
    application = build_application(simulator)
    runner = web.AppRunner(application, access_log=None, handler_cancellation=True, shutdown_timeout=STOP_SECONDS)
    await runner.setup()
    if runner.server is None:
        raise RuntimeError("aiohttp made no server")
    front = Front(simulator, simulator.wires[AT_THE_ROOT], application, runner.server)
    loop = asyncio.get_running_loop()
    listening = await loop.create_server(front.connection, chosen.host, chosen.port, backlog=1024)
    host, port = listening.sockets[0].getsockname()[:2]
    sys.stdout.write(f"Provider simulator ready on http://{host}:{port}\n")
    sys.stdout.flush()
    await stop.wait()
    listening.close()
    front.close()
    await runner.cleanup()


def main() -> None:
    """Entry point."""
    chosen = options(sys.argv[1:])
    # The record only grows: looking through all of it again and again for garbage finds none.
    gc.set_threshold(50_000, 50, 1_000)
    try:
        uvloop.run(serve(chosen))
    except (OSError, ValueError) as problem:
        sys.exit(f"The provider simulator cannot run: {problem}")


if __name__ == "__main__":
    main()
