"""What becomes of the tests marked `browser` when there is no Chromium: named at the end as not run; in CI a failure."""

from __future__ import annotations

import os
from typing import Any

import pytest

from tests.chromium import find_chromium

NOT_RUN = pytest.StashKey[list[str]]()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the browser tests out, and remember them, when there is nothing to run them with."""
    browser = [item for item in items if item.get_closest_marker("browser")]
    if browser and find_chromium() is None:
        config.stash[NOT_RUN] = [item.nodeid for item in browser]
        config.hook.pytest_deselected(items=browser)
        items[:] = [item for item in items if item not in browser]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take over, in xdist's controller, what a worker left out (all leave out the same)."""
    not_run = getattr(node, "workeroutput", {}).get("browser_not_run")
    if not_run:
        node.config.stash[NOT_RUN] = not_run


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand the names to the controller; where it counts (CI=true), make the run fail."""
    not_run = session.config.stash.get(NOT_RUN, [])
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["browser_not_run"] = not_run
    elif not_run and os.environ.get("CI") == "true" and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Name the browser tests that did not run."""
    not_run = config.stash.get(NOT_RUN, [])
    if not_run:
        terminalreporter.section("browser tests not run: there is no Chromium (CHROMIUM=... names one)", red=True)
        for name in not_run:
            terminalreporter.line(name)
