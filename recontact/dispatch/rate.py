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
        self.held_until = 0.0

    def room(self) -> int:
        """How many messages may be claimed now, so that all of them go within a quarter of a second."""
        behind = self.next_at - time.monotonic()
        return int(max(0.0, self.burst - max(0.0, behind) * self.rate))

    def pause(self) -> float:
        """Seconds until there is room for at least one more message (at least a tick, so that others run)."""
        wait = self.next_at - time.monotonic() - (self.burst - 1) / self.rate
        return min(max(wait, 0.005), 1.0)

    async def take(self, deadline: float, count: int = 1) -> bool:
        """Wait for the turn of the next `count` messages. False when it would come after `deadline` (local monotonic
        clock), or when the provider throttled the number meanwhile."""
        now = time.monotonic()
        turn = max(now, self.next_at)
        if turn > deadline:
            return False
        self.next_at = turn + count / self.rate
        if turn > now:
            await asyncio.sleep(turn - now)
        # A sleep may end a little early.
        return time.monotonic() >= self.held_until - 0.05

    def hold(self, seconds: float) -> None:
        """The provider throttled: nothing more from this number for `seconds`."""
        self.held_until = max(self.held_until, time.monotonic() + min(seconds, 60.0))
        self.next_at = max(self.next_at, self.held_until)
