"""One run after another in processes of their own, and what each came to, in words."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from hsm_portal.processes import spawn
from tests.chaos.plan import plan_of
from tests.providers.simulator.server import PROJECT

#: A run that takes longer is ended, and has failed.
RUN_SECONDS = 1_800
_COUNTS = ("faults", "restarted", "states", "doubted", "uncertain")
_NUMBERS = ("messages", "retried", "doubled", "lost", "seconds", "cpu_seconds")


def run_seed(seed: int, recipients: int, prepared: Path, home: Path, *, patience: float = 1.0) -> dict[str, Any]:
    """Run a seed in the folder `home`/<seed>, on a copy of the `prepared` database; returns its result (see run.Result).

    Time limits are as long as usual times `patience`.
    """
    folder = home / str(seed)
    folder.mkdir()
    command = [
        sys.executable,
        "-m",
        "tests.chaos.one",
        str(seed),
        str(recipients),
        str(prepared),
        str(folder),
        str(patience),
    ]
    # Its guard ends it when this process is ended.
    child = spawn(f"seed {seed}", command, log=folder / "run.log", directory=PROJECT)
    with contextlib.suppress(subprocess.TimeoutExpired):
        child.process.wait(RUN_SECONDS * patience)
    child.stop()
    return _result(folder, seed)


def told(result: dict[str, Any], folder: Path, recipients: int) -> str:
    """The result in lines for a person: the seed's faults first, and where its logs are if it failed."""
    seed, problems = result["seed"], result["problems"]
    faults = " ".join(map(str, plan_of(seed).faults))
    word = "FAILED" if problems else "good"
    counts = {name: result[name] for name in ("states", "retried", "doubted", "uncertain", "restarted") if result[name]}
    lines = [
        f"seed {seed}: {word}, {result['seconds']} s, {result['cpu_seconds']} s of processor; {faults}",
        f"    {json.dumps(counts)}",
        *(f"    {problem}" for problem in problems),
    ]
    if problems:
        lines.append(f"    Its logs: {folder / 'log'}. Again: make chaos SEED={seed} RECIPIENTS={recipients}")
    return "\n".join(lines)


def tidy(result: dict[str, Any], folder: Path) -> None:
    """Nothing of a good run is kept."""
    if not result["problems"]:
        shutil.rmtree(folder, ignore_errors=True)


def _result(folder: Path, seed: int) -> dict[str, Any]:
    path = folder / "result.json"
    if path.is_file():
        return dict(json.loads(path.read_text(encoding="utf-8")))
    end = (folder / "run.log").read_text(encoding="utf-8", errors="replace").strip().splitlines()[-1:]
    empty = {**{name: {} for name in _COUNTS}, **dict.fromkeys(_NUMBERS, 0)}
    return {"seed": seed, **empty, "problems": [f"the run broke off: {' '.join(end)}"]}
