"""`make bench`: what the portal can do on this machine, one JSON line a figure. The method: docs/operations/performance.md

`SCALE=0.02` makes everything that much smaller; `ONLY=dispatch,fairness` chooses modules. Each module runs in a process of
its own with new services: PostgreSQL as durable as in production, and Valkey. `INBOX_DATA=/var/tmp/inbox` is a folder in which
the inbox keeps its filled database, and finds it the next time.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from importlib import import_module
from pathlib import Path

MODULES = ("dispatch", "fairness", "latency", "webhooks", "screens", "inbox", "costs")


def main() -> int:
    """Run the chosen modules one after the other; the exit code is that of the first that failed."""
    chosen = [name for name in os.environ.get("ONLY", "").replace(",", " ").split() if name] or list(MODULES)
    unknown = sorted(set(chosen) - set(MODULES))
    if unknown:
        sys.exit(f"There is no bench {', '.join(unknown)}; there are {', '.join(MODULES)}.")
    return next((code for code in [_in_a_process(name) for name in chosen] if code), 0)


def _in_a_process(name: str) -> int:
    """Its exit code. Whoever ends us ends it, and waits until it has put everything away."""
    child = subprocess.Popen([sys.executable, "-m", "bench", name])
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, _frame: child.send_signal(number))
    return child.wait()


def run_one(name: str) -> None:
    """Run one module here, with services of its own."""
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(143))
    services = import_module("bench.services")
    with services.durable_services(_kept(name)):
        import_module(f"bench.{name}").run(float(os.environ.get("SCALE") or 1))


def _kept(name: str) -> Path | None:
    """The folder of a database that is to be used again; only the inbox takes so long to fill that it is worth it."""
    named = os.environ.get("INBOX_DATA", "")
    return Path(named).resolve() if named and name == "inbox" else None


if __name__ == "__main__":
    if len(sys.argv) > 1:
        run_one(sys.argv[1])
    else:
        sys.exit(main())
