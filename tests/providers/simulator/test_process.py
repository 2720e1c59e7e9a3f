"""The process: its options, and that it stands apart from the portal's code."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from providers.simulator.__main__ import options
from tests.providers.simulator.server import PROJECT, SimulatorProcess, seed_data


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "providers.simulator", *arguments]
    return subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=20, check=False)


def test_it_takes_its_options_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("HOST", "127.0.0.9"), ("PORT", "8811"), ("STORE", "/var/simulator"), ("SEED", "seed.json")):
        monkeypatch.setenv(f"SIMULATOR_{name}", value)

    chosen = options([])

    assert (chosen.host, chosen.port, chosen.store, chosen.seed) == (
        "127.0.0.9",
        8811,
        Path("/var/simulator"),
        "seed.json",
    )


def test_it_seeds_from_a_file_at_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seed = tmp_path / "seed.json"
    seed.write_text(json.dumps(seed_data("")), encoding="utf-8")

    process = SimulatorProcess(tmp_path / "store", "--seed", str(seed))
    try:
        assert process.send().status_code == 200
    finally:
        process.stop()


def test_it_says_why_it_cannot_run(tmp_path: Path) -> None:
    seed = tmp_path / "seed.json"
    seed.write_text('{"things": []}', encoding="utf-8")

    result = run("--port", "0", "--store", str(tmp_path / "store"), "--seed", str(seed))

    assert (result.returncode, result.stderr.strip()) == (
        1,
        "The provider simulator cannot run: unknown sections things",
    )


def test_it_imports_neither_django_nor_the_adapters() -> None:
    code = (
        "import sys, providers.simulator.app; "
        "print([name for name in sys.modules if name.startswith(('django', 'providers.adapters'))])"
    )
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}

    result = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT, env=environment, capture_output=True, text=True, check=True
    )

    assert result.stdout.strip() == "[]"
