"""The HTTP client's connections as the numbers of a pump share them: campaigns' calls wait for one here, agents' never do."""

from __future__ import annotations

import asyncio
import math
import time
from collections import Counter, deque

#: Of so many connections campaigns leave one free: an agent's call would wait in the client's line for one of theirs.
ONE_FOR_AGENTS_OF = 16
#: What was answered within about so long is what may be claimed beyond the connections: it has one soon.
SOON_SECONDS = 0.5


class One:
    """A connection for as long as the block takes. Made by `Connections.one`, for each message."""

    __slots__ = ("_connections", "_number_id")

    def __init__(self, connections: Connections, number_id: int) -> None:
        self._connections = connections
        self._number_id = number_id

    async def __aenter__(self) -> None:
        await self._connections.take(self._number_id)

    async def __aexit__(self, *_error: object) -> None:
        self._connections.give(self._number_id)


class Connections:
    """So many calls of campaigns at once. A connection that becomes free is the number's that uses the fewest."""

    def __init__(self, total: int) -> None:
        self.for_agents = max(1, total // ONE_FOR_AGENTS_OF)
        self.for_campaigns = max(1, total - self.for_agents)
        self._free = self.for_campaigns
        self._used: Counter[int] = Counter()
        self._waiting: dict[int, deque[asyncio.Future[None]]] = {}
        self._answered = 0.0
        self._answered_at = time.monotonic()

    def one(self, number_id: int) -> One:
        """Wait for a connection, in line with what else the number sends; it is free again at the end of the block."""
        return One(self, number_id)

    def answered(self, messages: int) -> None:
        """So many messages have their answer."""
        self._answered = self._answered_lately() + messages

    def worth_claiming(self) -> int:
        """How many of campaigns' messages may be claimed and without an answer: as many as may have a connection, and those that
        will have one soon, while answers come."""
        return self.for_campaigns + min(self.for_campaigns, int(self._answered_lately()))

    def _answered_lately(self) -> float:
        """What was answered in about SOON_SECONDS: older answers count less and less."""
        now = time.monotonic()
        self._answered *= math.exp((self._answered_at - now) / SOON_SECONDS)
        self._answered_at = now
        return self._answered

    async def take(self, number_id: int) -> None:
        """Wait for a connection; `give` is to follow."""
        if self._free > 0:
            self._free -= 1
            self._used[number_id] += 1
            return
        turn = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(number_id, deque()).append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled():
                self.give(number_id)
            raise

    def give(self, number_id: int) -> None:
        """Have one free again. Whose turn is next has it at once, so that none is free while somebody waits."""
        self._used[number_id] -= 1
        while self._waiting:
            next_id = min(self._waiting, key=self._used.__getitem__)
            turn = self._waiting[next_id].popleft()
            if not self._waiting[next_id]:
                del self._waiting[next_id]
            if not turn.cancelled():
                self._used[next_id] += 1
                turn.set_result(None)
                return
        self._free += 1
