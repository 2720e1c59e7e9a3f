"""One figure, as everybody reads it: a JSON line on standard output, and the same with its circumstances in the history."""

from __future__ import annotations

import json
import os
import subprocess
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
HISTORY = PROJECT / "var" / "bench" / "history.jsonl"


def figure(name: str, value: float, unit: str) -> None:
    """Print the figure, and append it to the history with date, commit and scale."""
    line = {"name": name, "value": round(float(value), 3), "unit": unit}
    print(json.dumps(line), flush=True)
    HISTORY.parent.mkdir(parents=True, exist_ok=True)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    kept = {**line, "date": now, "commit": _commit(), "scale": float(os.environ.get("SCALE") or 1)}
    with HISTORY.open("a", encoding="utf-8") as history:
        history.write(json.dumps(kept) + "\n")


@cache
def _commit() -> str:
    """The commit at work, with a `+` where files differ from it; empty outside a checkout."""
    command = ["git", "describe", "--always", "--dirty=+", "--abbrev=10", "--exclude=*"]
    result = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    return result.stdout.strip()
