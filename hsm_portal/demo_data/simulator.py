"""The provider simulator's control API, as the demo uses it."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from providers.contracts import JsonObject

TIMEOUT_SECONDS = 15.0
START_SECONDS = 30.0


class SimulatorError(RuntimeError):
    """The simulator refused or did not answer; the message says what."""


@dataclass(frozen=True, slots=True)
class Simulator:
    """The simulator at `url`."""

    url: str

    def post(self, path: str, **order: object) -> JsonObject:
        """POST an order to /control/<path>; returns the answer. Raises SimulatorError."""
        request = urllib.request.Request(  # noqa: S310 - our own address
            f"{self.url}/control/{path}",
            data=json.dumps(order).encode(),
            headers={"Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as response:  # noqa: S310
                return dict(json.load(response))
        except urllib.error.HTTPError as error:
            raise SimulatorError(f"{path}: {error.read().decode(errors='replace')[:500]}") from error
        except (OSError, ValueError) as error:
            raise SimulatorError(f"{path}: {error}") from error

    def wait(self) -> None:
        """Wait until it answers, as a process that has just been started does soon. Raises SimulatorError."""
        wait_for(f"{self.url}/control/counts", what="The provider simulator")

    @contextmanager
    def at(self) -> Iterator[Clock]:
        """A clock to set for what is said to have happened earlier; it is right again afterwards."""
        try:
            yield Clock(self)
        finally:
            self.post("knobs", clock_offset_seconds=0)


@dataclass(frozen=True, slots=True)
class Clock:
    """The simulator's clock while it is being set."""

    simulator: Simulator

    def set(self, moment: datetime) -> None:
        """Make it `moment` now."""
        self.simulator.post("knobs", clock_offset_seconds=round(moment.timestamp() - time.time()))


def wait_for(url: str, *, what: str) -> None:
    """Wait until something answers HTTP at `url`, whatever it answers. Raises SimulatorError that names `what`."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            urllib.request.urlopen(url, timeout=5).close()  # noqa: S310 - our own address
            return
        except urllib.error.HTTPError:
            return
        except OSError as error:
            if time.monotonic() > deadline:
                raise SimulatorError(f"{what} does not answer at {url}: {error}") from error
            time.sleep(0.1)
