"""gunicorn's worker with threads, in which few threads do most of the work: whoever became free last takes the next request.

gunicorn's own pool lets them take turns. Each thread has a connection of its own to the database, which keeps its plans and what
it has read of the catalogue; with turns, each of eight comes to every page cold, again and again.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import Any

from gunicorn.workers.gthread import ThreadWorker  # type: ignore[import-untyped]  # it has no types


class WebWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn says no types
    """`gunicorn --worker-class hsm_portal.web_worker.WebWorker`, with `--threads` as ever."""

    def get_thread_pool(self) -> Executor:
        """The pool that runs the requests of this process."""
        return LastFreeFirst(self.cfg.threads)


@dataclass(slots=True, eq=False)
class _Call:
    """What somebody is to do, and where he leaves the answer."""

    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    named: dict[str, Any]
    future: Future[Any] = field(default_factory=Future)

    def run(self) -> None:
        if not self.future.set_running_or_notify_cancel():
            return
        try:
            answer = self.function(*self.arguments, **self.named)
        # Whoever waits for the answer gets that too, as from every executor.
        except BaseException as error:
            self.future.set_exception(error)
        else:
            self.future.set_result(answer)


class LastFreeFirst(Executor):
    """A pool of threads of which the one that became free last works next; another is begun only while all are busy.

    The threads hold up no end of their process: gunicorn waits for open requests itself, as long as it is told to.
    """

    def __init__(self, max_workers: int) -> None:
        self._most, self._begun, self._is_over = max_workers, 0, False
        self._lock = threading.Lock()
        self._free: list[SimpleQueue[_Call | None]] = []
        self._waiting: deque[_Call] = deque()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """As of every executor. Raises RuntimeError after `shutdown`."""
        call = _Call(fn, args, kwargs)
        with self._lock:
            if self._is_over:
                raise RuntimeError("no calls after the pool was shut down")
            if self._free:
                self._free.pop().put(call)
            elif self._begun < self._most:
                self._begun += 1
                name = f"web-{self._begun}"
                threading.Thread(target=self._work, args=(call,), name=name, daemon=True).start()
            else:
                self._waiting.append(call)
        return call.future

    def shutdown(self, wait: bool = False, *, cancel_futures: bool = False) -> None:
        """Nothing new is taken. What waits is done still, unless it is cancelled; nobody is waited for."""
        with self._lock:
            self._is_over = True
            if cancel_futures:
                for call in self._waiting:
                    call.future.cancel()
            for calls in self._free:
                calls.put(None)
            self._free.clear()

    def _work(self, first: _Call) -> None:
        calls: SimpleQueue[_Call | None] = SimpleQueue()
        call: _Call | None = first
        while call is not None:
            call.run()
            del call
            call = self._next(calls)

    def _next(self, calls: SimpleQueue[_Call | None]) -> _Call | None:
        """What this thread does next, once there is something; None when the pool is over."""
        with self._lock:
            if self._waiting:
                return self._waiting.popleft()
            if self._is_over:
                return None
            self._free.append(calls)
        return calls.get()
