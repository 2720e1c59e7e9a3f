"""How long a call may take, when hundreds are under way: as `asyncio.timeout`, with one timer for all of them instead of each."""

from __future__ import annotations

import asyncio
from types import TracebackType
from weakref import WeakKeyDictionary


class TimeLimit:
    """Cancels the task that is in the block when its time is up, and makes that a TimeoutError. Made by `time_limit`."""

    __slots__ = ("_cancelling", "_task", "_waiting", "is_over")

    def __init__(self, task: asyncio.Task[object], waiting: dict[TimeLimit, float]) -> None:
        self._task = task
        self._cancelling = task.cancelling()
        self._waiting = waiting
        #: Whether the time was up before the block ended.
        self.is_over = False

    def end(self) -> None:
        """The time is up."""
        self.is_over = True
        self._task.cancel()

    def __enter__(self) -> TimeLimit:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self.is_over:
            del self._waiting[self]
        # A cancellation from elsewhere goes on, whatever the time.
        elif self._task.uncancel() <= self._cancelling and kind is asyncio.CancelledError:
            raise TimeoutError from error


class _Watch:
    """The blocks of one limit on one loop: who began first is the first whose time is up."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        #: By when each is over, in the order of their beginning.
        self._waiting: dict[TimeLimit, float] = {}
        self._is_set = False

    def begin(self, loop: asyncio.AbstractEventLoop) -> TimeLimit:
        """A limit that counts from now."""
        task = asyncio.current_task(loop)
        if task is None:
            raise RuntimeError("a time limit is for a task")
        limit = TimeLimit(task, self._waiting)
        ends = self._waiting[limit] = loop.time() + self._seconds
        if not self._is_set:
            self._set(loop, ends)
        return limit

    def _set(self, loop: asyncio.AbstractEventLoop, when: float) -> None:
        self._is_set = True
        loop.call_at(when, self._look, loop)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        """End those whose time is up, and look again when the next one's is."""
        self._is_set = False
        now = loop.time()
        while self._waiting:
            limit, ends = next(iter(self._waiting.items()))
            if ends > now:
                self._set(loop, ends)
                return
            del self._waiting[limit]
            limit.end()


_watches: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[float, _Watch]] = WeakKeyDictionary()


def time_limit(seconds: float) -> TimeLimit:
    """For a `with` in a task: TimeoutError when the block takes longer than `seconds`. Limits may stand in each other.

    There is a timer for each number of seconds, so these should be few.
    """
    loop = asyncio.get_running_loop()
    watches = _watches.get(loop)
    if watches is None:
        watches = _watches[loop] = {}
    watch = watches.get(seconds)
    if watch is None:
        watch = watches[seconds] = _Watch(seconds)
    return watch.begin(loop)
