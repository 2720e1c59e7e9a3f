"""`make chaos`: many runs, each in a folder and processes of its own, several at a time. The last line is one JSON object."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from hsm_portal.embedded import EmbeddedPostgres
from tests.chaos.parts import ENVIRONMENT, PROJECT
from tests.chaos.plan import plan_of

#: A run that takes longer is ended, and has failed.
RUN_SECONDS = 900


def main() -> int:
    """The command line; returns 0 when every run was good."""
    chosen = _options()
    first = chosen.seed if chosen.seed is not None else chosen.first
    seeds = range(first, first + (1 if chosen.seed is not None else chosen.seeds))
    home = Path(tempfile.mkdtemp(prefix="hsm-chaos-"))
    home.chmod(0o711)
    # A dozen Pythons per run: they compile each module once for all of them, and leave nothing in the project.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTHONPYCACHEPREFIX"] = str(home / "compiled")
    postgres = EmbeddedPostgres(data=home / "prepared")
    try:
        _prepare(postgres)
        with ThreadPoolExecutor(chosen.jobs) as pool:
            results = list(pool.map(lambda seed: _run(seed, chosen.recipients, postgres.data, home), seeds))
    finally:
        shutil.rmtree(postgres.data, ignore_errors=True)
        postgres.data.with_name("prepared.lock").unlink(missing_ok=True)
    good = all(not result["problems"] for result in results)
    if good and not chosen.keep:
        shutil.rmtree(home, ignore_errors=True)
    say(json.dumps(_sum(results)))
    return 0 if good else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make chaos", description="Campaigns under random faults, and the proof.")
    parser.add_argument("--seed", type=int, help="only this one")
    parser.add_argument("--seeds", type=int, default=4, help="how many")
    parser.add_argument("--first", type=int, default=1, help="the first of them")
    parser.add_argument("--jobs", type=int, default=1, help="how many at a time")
    parser.add_argument("--recipients", type=int, default=5_000, help="of each campaign")
    parser.add_argument("--keep", action="store_true", help="keep the logs of good runs too")
    return parser.parse_args()


def _prepare(postgres: EmbeddedPostgres) -> None:
    """One database with the portal's tables, of which each run gets a copy."""
    environment = {**os.environ, **ENVIRONMENT, "DATABASE_URL": postgres.start(), "REDIS_URL": "redis://127.0.0.1:1/0"}
    command = [sys.executable, "manage.py", "migrate", "--noinput", "--verbosity", "0"]
    try:
        subprocess.run(command, cwd=PROJECT, env=environment, check=True)
    finally:
        postgres.stop()


def _run(seed: int, recipients: int, prepared: Path, home: Path) -> dict[str, Any]:
    """One run, and its line."""
    folder = home / str(seed)
    folder.mkdir()
    command = [sys.executable, "-m", "tests.chaos.one", str(seed), str(recipients), str(prepared), str(folder)]
    with (folder / "run.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=PROJECT, stdout=log, stderr=subprocess.STDOUT)
        try:
            process.wait(RUN_SECONDS)
        except subprocess.TimeoutExpired:
            process.terminate()
            process.wait()
    result = _read(folder, seed)
    faults = " ".join(str(fault) for fault in plan_of(seed).faults)
    word = "good" if not result["problems"] else "FAILED"
    say(f"seed {seed}: {word}, {result['seconds']} s, {result['cpu_seconds']} s of processor; {faults}")
    say(f"  {result['states']}, retried {result['retried']}, doubted {result['doubted']}, {result['restarted']}")
    for problem in result["problems"]:
        say(f"  {problem}")
    if result["problems"]:
        say(f"  its logs: {folder}; again: make chaos SEED={seed} RECIPIENTS={recipients}")
    else:
        shutil.rmtree(folder / "simulator", ignore_errors=True)
    return result


def _read(folder: Path, seed: int) -> dict[str, Any]:
    path = folder / "result.json"
    if path.is_file():
        return dict(json.loads(path.read_text(encoding="utf-8")))
    tail = (folder / "run.log").read_text(encoding="utf-8", errors="replace").strip().splitlines()[-1:]
    empty: dict[str, Any] = {name: {} for name in ("faults", "restarted", "states", "doubted", "uncertain")}
    numbers = dict.fromkeys(("messages", "seconds", "retried", "doubled", "lost", "cpu_seconds"), 0)
    return {"seed": seed, **empty, **numbers, "problems": [f"the run broke off: {' '.join(tail)}"]}


def _sum(results: list[dict[str, Any]]) -> dict[str, Any]:
    def added(name: str) -> dict[str, int]:
        counts: Counter[str] = Counter()
        for result in results:
            counts.update(result[name])
        return dict(sorted(counts.items()))

    return {
        "seeds": len(results),
        "campaigns": len(results),
        "messages": sum(result["messages"] for result in results),
        "faults": added("faults"),
        "doubled": sum(result["doubled"] for result in results),
        "lost": sum(result["lost"] for result in results),
        "uncertain_left": sum(sum(result["uncertain"].values()) for result in results),
        "uncertain_reasons": added("uncertain"),
        "doubted": added("doubted"),
        "retried": sum(result["retried"] for result in results),
        "failed_seeds": [result["seed"] for result in results if result["problems"]],
        "cpu_seconds": round(sum(result["cpu_seconds"] for result in results), 1),
    }


def say(text: str) -> None:
    """Print at once."""
    print(text, flush=True)  # noqa: T201 - a program for the terminal


if __name__ == "__main__":
    sys.exit(main())
