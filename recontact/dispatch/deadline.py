"""The moment by which a claimed message's call has begun, or is not made at all."""

from __future__ import annotations

import time
from dataclasses import dataclass

#: Goes on while the machine sleeps, where there is such a clock: a suspended pump must not wake up and send an old claim.
_AWAKE_OR_NOT = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


@dataclass(frozen=True, slots=True)
class Deadline:
    """One moment on the local monotonic clock, and on the one that counts sleep."""

    monotonic: float
    sleep_counted: float

    @classmethod
    def after(cls, seconds: float) -> Deadline:
        """`seconds` from now."""
        return cls(time.monotonic() + seconds, time.clock_gettime(_AWAKE_OR_NOT) + seconds)

    def has_passed(self) -> bool:
        """Whether either clock is beyond it."""
        return time.monotonic() > self.monotonic or time.clock_gettime(_AWAKE_OR_NOT) > self.sleep_counted
