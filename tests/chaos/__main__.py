"""`make chaos`: many runs, each in a folder and processes of its own, several at a time. The last line is one JSON object."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from hsm_portal.embedded import EmbeddedPostgres
from tests.chaos.lane import run_seed, tidy, told
from tests.chaos.parts import ENVIRONMENT
from tests.providers.simulator.server import PROJECT


def main() -> int:
    """The command line; returns 0 when every run was good, and then leaves nothing behind."""
    chosen = _options()
    seeds = chosen.seed or range(chosen.first, chosen.first + chosen.seeds)
    home = Path(tempfile.mkdtemp(prefix="hsm-chaos-"))
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, partial(_stop, home))
    # As root, PostgreSQL runs as somebody who has to get in.
    home.chmod(0o711)
    # A dozen Pythons per run: they compile each module once for all of them, and leave nothing in the project.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTHONPYCACHEPREFIX"] = str(home / "compiled")
    postgres = EmbeddedPostgres(data=home / "prepared")
    try:
        _prepare(postgres)
        results = _run_all(seeds, chosen.recipients, chosen.jobs, postgres.data, home)
    finally:
        shutil.rmtree(postgres.data, ignore_errors=True)
        postgres.data.with_name(f"{postgres.data.name}.lock").unlink(missing_ok=True)
        shutil.rmtree(home / "compiled", ignore_errors=True)
    good = all(not result["problems"] for result in results)
    if good:
        shutil.rmtree(home, ignore_errors=True)
    say(json.dumps(summary(results)))
    return 0 if good else 1


def _stop(home: Path, *_signal: object) -> None:
    """Asked to end: the guards of the runs under way end them, each with all its parts."""
    say(f"Stopped. What is left of the runs is in {home}.")
    os._exit(130)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make chaos", description="Campaigns under random faults, and the proof.")
    parser.add_argument("--seed", type=int, nargs="+", help="only this one, or these")
    parser.add_argument("--seeds", type=int, default=4, help="how many")
    parser.add_argument("--first", type=int, default=1, help="the first of them")
    parser.add_argument("--jobs", type=int, default=1, help="how many at a time")
    parser.add_argument("--recipients", type=int, default=5_000, help="of each campaign")
    return parser.parse_args()


def _prepare(postgres: EmbeddedPostgres) -> None:
    """One database with the portal's tables, of which each run gets a copy."""
    environment = {**os.environ, **ENVIRONMENT, "DATABASE_URL": postgres.start(), "REDIS_URL": "redis://127.0.0.1:1/0"}
    command = [sys.executable, "manage.py", "migrate", "--noinput", "--verbosity", "0"]
    try:
        subprocess.run(command, cwd=PROJECT, env=environment, check=True)
    finally:
        postgres.stop()


def _run_all(seeds: Sequence[int], recipients: int, jobs: int, prepared: Path, home: Path) -> list[dict[str, Any]]:
    def run(seed: int) -> dict[str, Any]:
        result = run_seed(seed, recipients, prepared, home)
        say(told(result, home / str(seed), recipients))
        tidy(result, home / str(seed))
        return result

    with ThreadPoolExecutor(jobs) as lanes:
        return list(lanes.map(run, seeds))


def summary(results: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """All runs as one: the last line. What is counted by name (faults by kind, doubts by reason) is added by name."""

    def by_name(name: str) -> dict[str, int]:
        counts: Counter[str] = Counter()
        for result in results:
            counts.update(result[name])
        return dict(sorted(counts.items()))

    def added(name: str) -> float:
        total: float = sum(result[name] for result in results)
        return round(total, 1)

    uncertain = by_name("uncertain")
    return {
        "seeds": len(results),
        "campaigns": len(results),
        "messages": added("messages"),
        "faults": by_name("faults"),
        "doubled": added("doubled"),
        "lost": added("lost"),
        "uncertain_left": sum(uncertain.values()),
        "uncertain_reasons": uncertain,
        # Messages that were in doubt at some time, by the state they ended in.
        "doubted": by_name("doubted"),
        "retried": added("retried"),
        "restarted": by_name("restarted"),
        "failed_seeds": [result["seed"] for result in results if result["problems"]],
        "cpu_seconds": added("cpu_seconds"),
    }


def say(text: str) -> None:
    """Print at once."""
    print(text, flush=True)  # noqa: T201 - a program for the terminal


if __name__ == "__main__":
    sys.exit(main())
