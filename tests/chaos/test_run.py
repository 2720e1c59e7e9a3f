"""A short `make chaos`: the same code as the long one, on a small campaign."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.chaos.lane import run_seed
from tests.chaos.totals import totals
from tests.providers.simulator.server import PROJECT

#: PostgreSQL is stopped under it, web and the worker are killed, and webhooks are lost.
SEED = 2


@pytest.mark.timeout(600)
def test_a_small_campaign_comes_through_its_faults_with_nobody_doubled_and_nobody_lost() -> None:
    # Its limits are for a machine of its own.
    command = [sys.executable, "-m", "tests.chaos", "--seed", str(SEED), "--recipients", "150", "--patience", "3"]
    ran = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)

    assert ran.returncode == 0, ran.stdout + ran.stderr
    found = json.loads(ran.stdout.splitlines()[-1])
    assert (found["seeds"], found["campaigns"], found["doubled"], found["lost"]) == (1, 1, 0, 0)
    assert found["messages"] >= 150
    assert found["faults"] == {"postgres_stopped": 1, "web_killed": 1, "webhooks_lost": 1, "worker_killed": 1}


def test_a_run_that_breaks_off_has_failed_and_keeps_its_log(tmp_path: Path) -> None:
    result = run_seed(SEED, 10, tmp_path / "no database", tmp_path)

    assert "FileNotFoundError" in result["problems"][0]
    assert (tmp_path / str(SEED) / "run.log").is_file()
    assert totals([result])["failed_seeds"] == [SEED]
