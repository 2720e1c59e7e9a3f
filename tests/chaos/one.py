"""`python -m tests.chaos.one SEED RECIPIENTS PREPARED FOLDER PATIENCE`: one run, into `result.json` there."""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from typing import Any

import django

from tests.chaos.nursery import Nursery, libraries_load
from tests.chaos.parts import Parts
from tests.chaos.plan import plan_of


def main() -> None:
    """Start the services, then Django on them, then the portal's processes, then the run."""
    seed, recipients = int(sys.argv[1]), int(sys.argv[2])
    prepared, folder = Path(sys.argv[3]), Path(sys.argv[4])
    patience = float(sys.argv[5])
    # An end that was asked for takes the parts along.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    libraries_load()
    parts = Parts(Nursery(), folder, prepared)
    try:
        os.environ.update(parts.start_services())
        django.setup()
        parts.start_portal(Nursery())
        run: Any = import_module("tests.chaos.run")
        result = asdict(run.run(parts, plan_of(seed), recipients, patience))
    finally:
        parts.stop()
    result["cpu_seconds"] = round(_cpu_seconds(), 1)
    (folder / "result.json").write_text(json.dumps(result), encoding="utf-8")


def _cpu_seconds() -> float:
    """Of this process and of those it started, once they have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


if __name__ == "__main__":
    main()
