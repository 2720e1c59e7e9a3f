"""`make bench` runs, small, and says every figure that is asked of it. How fast it was is not looked at here."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

PROJECT = Path(__file__).parents[2]
SCALE = "0.002"
OF_DISPATCH = {
    "dispatch_rate", "client_rate", "dispatch_ratio", "baseline_rate", "agent_latency_p95_ms", "dispatch_decay",
    "plan_rows_per_s", "worker_peak_mb", "dispatch_rate_with_webhooks",
}  # fmt: skip


def _bench(only: str) -> tuple[int, str]:
    environment = {**os.environ, "SCALE": SCALE, "ONLY": only}
    command = [sys.executable, "-m", "bench"]
    result = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)
    return result.returncode, result.stdout if result.returncode == 0 else result.stdout + result.stderr


def _figures(output: str) -> dict[str, Any]:
    return {line["name"]: line for line in map(json.loads, output.splitlines())}


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("only", "names"),
    [
        ("dispatch", OF_DISPATCH),
        ("fairness", {"fairness_min"}),
        ("webhooks", {"webhook_rate", "webhook_p95_ms", "webhook_ratio", "webhook_apply_rate"}),
        ("screens", {"slowest_page_ms", "result_csv_s"}),
        (
            "costs",
            {"costs_cells", "costs_page_10m_ms", "costs_export_year_s", "costs_export_peak_mb", "costs_trigger_ms"},
        ),
        ("inbox", {"inbox_1m_p95_ms", "search_1m_p95_ms", "ticket_p95_ms", "agents_100_core_share"}),
    ],
)
def test_a_short_run_prints_one_json_line_for_each_figure(only: str, names: set[str]) -> None:
    code, output = _bench(only)

    assert code == 0, output
    found = _figures(output)
    assert names <= set(found)
    assert all(set(line) == {"name", "value", "unit"} and line["value"] >= 0 for line in found.values())
    assert found[sorted(names)[0]]["value"] > 0


def test_a_module_that_there_is_not_is_named() -> None:
    code, output = _bench("dispatch,nothing")

    assert code != 0
    assert "nothing" in output
