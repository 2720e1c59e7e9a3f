"""Seeds of several runs add up by commit, each once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.chaos.history import by_commit, history_append, history_read

NOTHING: dict[str, Any] = {
    "faults": {},
    "restarted": {},
    "doubted": {},
    "uncertain": {},
    "retried": 0,
    "cpu_seconds": 1.0,
}


def outcome(seed: int, *, messages: int = 10, doubled: int = 0, problems: tuple[str, ...] = ()) -> dict[str, Any]:
    return {**NOTHING, "seed": seed, "messages": messages, "doubled": doubled, "lost": 0, "problems": list(problems)}


def test_seeds_of_several_runs_add_up_by_commit(tmp_path: Path) -> None:
    path = tmp_path / "chaos" / "history.jsonl"
    for commit, seed in (("one", 1), ("one", 2), ("two", 1)):
        history_append(outcome(seed), recipients=5_000, commit=commit, path=path)

    found = by_commit(history_read(path))

    assert [(each["commit"], each["seeds"], each["messages"]) for each in found] == [("one", 2, 20), ("two", 1, 10)]


def test_a_seed_that_was_run_again_counts_once_and_its_failure_is_not_forgotten(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    for result in (outcome(1), outcome(1), outcome(2, doubled=1, problems=("twice",)), outcome(2)):
        history_append(result, recipients=5_000, commit="one", path=path)

    (found,) = by_commit(history_read(path))

    assert (found["seeds"], found["doubled"], found["failed_seeds"]) == (2, 1, [2])


def test_without_a_file_there_is_no_history(tmp_path: Path) -> None:
    assert by_commit(history_read(tmp_path / "none")) == []
