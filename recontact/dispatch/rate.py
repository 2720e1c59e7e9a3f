"""A sender number's pace: a token bucket in messages/s of which no more than a second is claimed ahead.

Agents and campaigns stand in one line. While agents write, campaigns leave a share of the rate to them, and an agent's message
within that share does not wait behind the campaigns' in line.
"""

from __future__ import annotations

import asyncio
import math
import time

from django.conf import settings

from recontact.dispatch.inbound_rate import HEADROOM

#: The messages of so long may be claimed ahead.
AHEAD_SECONDS = 1.0
#: Turns that come within so long are taken together: a loop that wakes for each message spends more on waking than on sending.
TOGETHER_SECONDS = 0.02
#: A claim costs its statements, for one message as for so many: where half a batch is fewer, most of one has to go first.
WORTH_A_CLAIM = 64
MOST_OF_A_BATCH = 0.75
#: A line whose next claim came late makes up for so much at once. It fits between our rate and the number's ceiling.
LATE_SECONDS = 0.1
#: Agents are taken to be writing for so long after their last message.
WRITING_SECONDS = 10.0
#: So many seconds of the agents' share may gather, of a large share fewer: they go on top of what just went in line, and together
#: they have to fit below the number's ceiling. Where that is no whole message there is no share, and the line is short.
GATHER_SECONDS = 1.0


class RateLimit:
    """Room for messages at `rate` per second. `room` is reserved by claiming; `take` waits for each message's turn."""

    def __init__(self, rate: float) -> None:
        self.next_at = time.monotonic()
        self.held_until = 0.0
        self.agents_at = -math.inf
        self.share_used_until = 0.0
        self._moments: dict[float, asyncio.Event] = {}
        self.change(rate)

    def change(self, rate: float) -> None:
        """From now on `rate` messages per second."""
        self.rate = rate
        share = settings.RATE_AGENTS_SHARE
        self.gather = min(GATHER_SECONDS, (1 - HEADROOM) / share) if share else 0.0
        self.share = share if rate * share * self.gather >= 1 else 0.0

    def line_rate(self, now: float) -> float:
        """Messages per second of the line: all of the rate, but for the agents' share while they write."""
        writing = now - self.agents_at < WRITING_SECONDS
        return self.rate * (1 - self.share) if writing else self.rate

    def room(self) -> int:
        """How many messages may be claimed now, so that all of them go within a second."""
        now = time.monotonic()
        line_rate = self.line_rate(now)
        return int(max(0.0, self._burst(line_rate) - (self._line_from(now) - now) * line_rate))

    def room_for_agents(self) -> int:
        """How many more may be claimed now if they are agents': what has gathered of their share."""
        return self._gathered(time.monotonic())

    def pause(self) -> float:
        """Seconds until so much of what may be claimed ahead has gone that the next claim is worth it (at least a tick, so that
        others run)."""
        now = time.monotonic()
        line_rate = self.line_rate(now)
        burst = self._burst(line_rate)
        worth = max(1.0, burst / 2, min(burst * MOST_OF_A_BATCH, WORTH_A_CLAIM))
        wait = self.next_at - now - (burst - worth) / line_rate
        return min(max(wait, 0.005), 1.0)

    async def take(self, deadline: float, count: int = 1, *, of_agents: bool = False) -> bool:
        """Wait for the turn of the next `count` messages; agents' within their share have theirs at once. False when it would
        come after `deadline` (local monotonic clock), or when the provider throttled the number meanwhile."""
        now = time.monotonic()
        turn = self.turn(now, deadline, count, of_agents=of_agents)
        if turn is None:
            return False
        if turn > now:
            await self._together(math.ceil(turn / TOGETHER_SECONDS) * TOGETHER_SECONDS, now)
        return not self.is_held()

    def is_held(self) -> bool:
        """Whether the provider throttled, and nothing may go from this number now."""
        # A sleep may end a little early.
        return time.monotonic() < self.held_until - 0.05

    def hold(self, seconds: float) -> None:
        """The provider throttled: nothing more from this number for `seconds`."""
        self.held_until = max(self.held_until, time.monotonic() + min(seconds, 60.0))
        self.next_at = max(self.next_at, self.held_until)

    def turn(self, now: float, deadline: float, count: int, *, of_agents: bool) -> float | None:
        """When (local monotonic clock) the next `count` messages go, asked at `now`; None = not before `deadline`, and then
        they took no place."""
        if of_agents:
            self.agents_at = now
            if count <= self._gathered(now):
                self.share_used_until = max(now, self.share_used_until) + count / (self.rate * self.share)
                return now
        turn = max(now, self.next_at)
        if turn > deadline:
            return None
        self.next_at = self._line_from(now) + count / self.line_rate(now)
        return turn

    async def _together(self, when: float, now: float) -> None:
        """Until `when`, with all others who wait for that moment: one timer wakes them, in the order of their coming."""
        moment = self._moments.get(when)
        if moment is None:
            moment = self._moments[when] = asyncio.Event()
            asyncio.get_running_loop().call_later(when - now, self._wake, when)
        await moment.wait()

    def _wake(self, when: float) -> None:
        self._moments.pop(when).set()

    def _line_from(self, now: float) -> float:
        """From when on the line is free: a little ago, where it ran dry and no agent's message makes use of that."""
        late = 0.0 if now - self.agents_at < WRITING_SECONDS else LATE_SECONDS
        return max(self.next_at, now - late)

    def _gathered(self, now: float) -> int:
        """Messages of the agents' share that are free."""
        if not self.share or now < self.held_until:
            return 0
        free_seconds = self.gather - max(0.0, self.share_used_until - now)
        return int(max(0.0, free_seconds * self.rate * self.share))

    def _burst(self, line_rate: float) -> float:
        return max(1.0, line_rate * AHEAD_SECONDS)
