"""What is still going to happen, by time: one timer of the event loop for all of it."""

from __future__ import annotations

import asyncio
import heapq
import math
from collections.abc import Callable
from itertools import count
from typing import TypeAlias

Action: TypeAlias = Callable[[], object]


class Agenda:
    """Actions to come, each at its time on the running event loop; those of the same moment in the order they came in."""

    def __init__(self) -> None:
        self._coming: list[tuple[float, int, Action]] = []
        self._order = count()
        self._timer: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        """How many are still to come. One that happens has left before it does."""
        return len(self._coming)

    def add(self, seconds: float, action: Action) -> None:
        """Let an action happen in so many seconds."""
        due = asyncio.get_running_loop().time() + seconds
        heapq.heappush(self._coming, (due, next(self._order), action))
        if self._timer is None or self._coming[0][0] == due:
            self._set_timer()

    def clear(self) -> None:
        """Forget all of them."""
        self._coming.clear()
        self._set_timer()

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._coming:
            loop = asyncio.get_running_loop()
            # Rounded up, as uvloop rounds to milliseconds: not to wake before the time.
            milliseconds = math.ceil((self._coming[0][0] - loop.time()) * 1000)
            self._timer = loop.call_later(max(0, milliseconds) / 1000, self._happen)

    def _happen(self) -> None:
        now = asyncio.get_running_loop().time()
        try:
            while self._coming and self._coming[0][0] <= now:
                heapq.heappop(self._coming)[2]()
        finally:
            # Also after an action that failed, which is the event loop's to report.
            self._set_timer()
