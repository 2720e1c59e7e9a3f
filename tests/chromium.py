"""Where Chromium is for the browser tests; `python -m tests.chromium` gets one when there is none."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import sync_playwright

INSTALL_TIMEOUT_SECONDS = 300
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find_chromium() -> str | None:
    """The path of a Chromium that starts: CHROMIUM, one of the system, or Playwright's own; None when there is none."""
    return next((path for path in _candidates() if path and _starts(path)), None)


def install_chromium() -> None:
    """Try Playwright's own download, then, as root, the system's package."""
    _run([sys.executable, "-m", "playwright", "install", "chromium"])
    if find_chromium() is None and os.geteuid() == 0 and shutil.which("apt-get"):
        _run(["apt-get", "update", "-qq"])
        _run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium", "fonts-liberation"])


def _candidates() -> Iterator[str | None]:
    yield os.environ.get("CHROMIUM")
    yield from (shutil.which(name) for name in NAMES)
    yield _own_of_playwright()


def _own_of_playwright() -> str | None:
    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).is_file() else None


def _starts(path: str) -> bool:
    """A downloaded browser may lack libraries of the system, which shows only when it is started."""
    try:
        return subprocess.run([path, "--version"], capture_output=True, timeout=30, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def _run(command: list[str]) -> None:
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    try:
        subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, timeout=INSTALL_TIMEOUT_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        sys.stderr.write(f"{command[0]}: {error}\n")


if __name__ == "__main__":
    if find_chromium() is None:
        sys.stderr.write("No Chromium for the browser tests: trying to get one.\n")
        install_chromium()
