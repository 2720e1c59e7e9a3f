"""What every seed came to, one JSON line each, so that the seeds of several runs add up: `make chaos-history`."""

from __future__ import annotations

import fcntl
import json
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.chaos.totals import totals
from tests.providers.simulator.server import PROJECT

HISTORY = PROJECT / "var" / "chaos" / "history.jsonl"


def commit_here() -> str:
    """The commit that is checked out, with a `+` when files differ from it; empty without git."""
    try:
        commit = _git("rev-parse", "--short=12", "HEAD")
        return f"{commit}+" if _git("status", "--porcelain", "--untracked-files=no") else commit
    except (OSError, subprocess.CalledProcessError):
        return ""


def history_append(result: Mapping[str, Any], *, recipients: int, commit: str, path: Path = HISTORY) -> None:
    """Append a seed's result (see run.Result); several runs may do so at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    line = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "commit": commit, "recipients": recipients, **result}
    with path.open("a", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write(json.dumps(line) + "\n")


def history_read(path: Path = HISTORY) -> list[dict[str, Any]]:
    """All lines, oldest first; none without a file."""
    if not path.is_file():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]


def by_commit(lines: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The lines of each commit added up as `make chaos` adds up a run, in the order of their first line.

    A seed that was run again on the same commit with as many recipients counts as it came out last, and as failed once it failed.
    """
    seeds: dict[str, dict[tuple[int, int], Mapping[str, Any]]] = defaultdict(dict)
    for line in lines:
        key = (line["seed"], line["recipients"])
        before = seeds[line["commit"]].get(key)
        if before is None or not before["problems"]:
            seeds[line["commit"]][key] = line
    return [{"commit": commit, **totals(list(found.values()))} for commit, found in seeds.items()]


def main() -> int:
    """Print one JSON object a commit; returns 1 when a seed of the newest failed."""
    found = by_commit(history_read())
    for each in found:
        print(json.dumps(each))  # noqa: T201 - a program for the terminal
    return int(bool(found and found[-1]["failed_seeds"]))


def _git(*arguments: str) -> str:
    command = ["git", *arguments]
    return subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True).stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
