"""`make chaos`: many runs, each in a folder and processes of its own, several at a time. The last line is one JSON object."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from tests.chaos.history import commit_here, history_append
from tests.chaos.lane import run_seed, tidy, told
from tests.chaos.totals import totals
from tests.prepared import prepared_data


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
    prepared = home / "prepared"
    try:
        # A copy of its own: a long run sees no other one's migrations.
        shutil.copytree(prepared_data(), prepared)
        results = _run_all(seeds, chosen, prepared, home)
    finally:
        for folder in (prepared, home / "compiled"):
            shutil.rmtree(folder, ignore_errors=True)
    good = all(not result["problems"] for result in results)
    if good:
        shutil.rmtree(home, ignore_errors=True)
    say(json.dumps(totals(results)))
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
    parser.add_argument("--patience", type=float, default=1.0, help="times the usual time limits, for a busy machine")
    return parser.parse_args()


def _run_all(seeds: Sequence[int], chosen: argparse.Namespace, prepared: Path, home: Path) -> list[dict[str, Any]]:
    recipients: int = chosen.recipients
    commit = commit_here()

    def run(seed: int) -> dict[str, Any]:
        result = run_seed(seed, recipients, prepared, home, patience=chosen.patience)
        history_append(result, recipients=recipients, commit=commit)
        say(told(result, home / str(seed), recipients))
        tidy(result, home / str(seed))
        return result

    with ThreadPoolExecutor(chosen.jobs) as lanes:
        return list(lanes.map(run, seeds))


def say(text: str) -> None:
    """Print at once."""
    print(text, flush=True)  # noqa: T201 - a program for the terminal


if __name__ == "__main__":
    sys.exit(main())
