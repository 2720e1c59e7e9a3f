"""A sender number's pace: a token bucket in messages/s that never lets more than a quarter of a second gather."""

from __future__ import annotations

import asyncio
import time

#: How much of a second's messages may be claimed ahead and sent in one go.
AHEAD_SECONDS = 0.25


class RateLimit:
    """Room for messages at `rate` per second. `room` is reserved by claiming; `take` waits for each message's turn."""

    def __init__(self, rate: float) -> None:
        self.rate = rate
        self.burst = max(1.0, rate * AHEAD_SECONDS)
        self.next_at = time.monotonic()

    def room(self) -> int:
        """How many messages may be claimed now, so that all of them go within a quarter of a second."""
        behind = self.next_at - time.monotonic()
        return int(max(0.0, self.burst - max(0.0, behind) * self.rate))

    def pause(self) -> float:
        """Seconds until there is room for at least one more message (at least a tick, so that others run)."""
        wait = self.next_at - time.monotonic() - (self.burst - 1) / self.rate
        return min(max(wait, 0.005), 1.0)

    async def take(self, deadline: float) -> bool:
        """Wait for the next message's turn. False, at once, when it would come after `deadline` (local monotonic clock)."""
        now = time.monotonic()
        turn = max(now, self.next_at)
        if turn > deadline:
            return False
        self.next_at = turn + 1 / self.rate
        if turn > now:
            await asyncio.sleep(turn - now)
        return True

    def slow_down(self, seconds: float, *, whole_number: bool) -> None:
        """The provider throttled: nothing more from this number for `seconds` (one pair's limit slows nobody else)."""
        if whole_number:
            self.next_at = max(self.next_at, time.monotonic() + min(seconds, 60.0))
