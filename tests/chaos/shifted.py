"""`python -m tests.chaos.shifted SECONDS ARGUMENT...`: the `celery` command in a process whose clock is off by SECONDS.

time-machine shifts what Python reads of the wall clock, in this process and in those forked from it: `time.time`, `time_ns`,
`gmtime`, `localtime`, `strftime`, `clock_gettime(CLOCK_REALTIME)`, and `datetime`'s `now`, `utcnow` and `today`. It keeps
ticking. Not shifted: monotonic clocks (a machine with a wrong clock has right ones too), what libraries in C read by
themselves, and the database, which has a clock of its own.
"""

from __future__ import annotations

import runpy
import sys
from datetime import UTC, datetime, timedelta

import time_machine


def clock_shift(seconds: float) -> None:
    """Put this process's clock off, for good. Before Celery and Django load: they remember moments."""
    time_machine.travel(datetime.now(UTC) + timedelta(seconds=seconds), tick=True).start()


def main() -> None:
    """Shift the clock, then be Celery."""
    clock_shift(float(sys.argv[1]))
    sys.argv = ["celery", *sys.argv[2:]]
    runpy.run_module("celery", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
