"""The parts of `make demo` that can go wrong before and while it runs."""

from __future__ import annotations

import socket
import sys
import time
from pathlib import Path

import pytest

from hsm_portal.demo import Demo, DemoError, is_green, read_environment, require_free_port, write_environment
from hsm_portal.processes import spawn


def health(*, age: float, status: str = "ok") -> dict[str, object]:
    return {"status": status, "checks": {"database": {"ok": True}, "beat": {"ok": True, "age_seconds": age}}}


def test_it_names_the_port_that_is_taken_and_how_to_choose_another() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(DemoError, match=f"Port {port} is taken .* make demo PORT={port + 1}"):
            require_free_port(port, variable="PORT")


def test_it_takes_a_port_whose_last_connections_still_fade_away() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)):
            server.accept()[0].close()
    require_free_port(port, variable="PORT")


def test_the_environment_is_kept_for_the_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "demo.env"
    write_environment(path, {"SECRET_KEY": "a=b", "URL": "postgres://hsm@/hsm?host=/tmp/x"})
    assert read_environment(path) == {"SECRET_KEY": "a=b", "URL": "postgres://hsm@/hsm?host=/tmp/x"}
    assert path.stat().st_mode & 0o777 == 0o600


def test_there_is_no_environment_before_the_first_start(tmp_path: Path) -> None:
    assert read_environment(tmp_path / "demo.env") == {}


@pytest.mark.parametrize(
    ("answer", "green"),
    [
        (health(age=2), True),
        (health(age=30), False),
        (health(age=2, status="failing"), False),
        ({}, False),
    ],
)
def test_it_is_green_by_signs_of_life_of_this_run_only(answer: dict[str, object], green: bool) -> None:
    assert is_green(answer, within_seconds=10) is green


def test_it_tells_which_child_ended_and_its_last_words(tmp_path: Path) -> None:
    child = spawn(
        "worker", [sys.executable, "-c", "print('no such queue'); raise SystemExit(3)"], log=tmp_path / "worker.log"
    )
    child.process.wait()
    demo = Demo(port=1, simulator_port=2, children=[child])
    with pytest.raises(DemoError, match=r"`worker` ended by itself \(exit code 3\)[\s\S]*no such queue"):
        demo._require_all_running()


def test_a_child_that_does_not_end_when_asked_is_killed_after_the_grace(tmp_path: Path) -> None:
    script = "trap '' TERM; echo up; sleep 600"
    child = spawn("stubborn", ["/bin/sh", "-c", script], log=tmp_path / "log")
    while not child.log_tail():
        time.sleep(0.02)
    child.stop(grace_seconds=0.2)
    assert child.exit_code == -9
