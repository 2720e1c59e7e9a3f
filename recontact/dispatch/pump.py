"""The pump: drives every number it has leased, all at once, on one event loop. Database work is per batch, in threads."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import structlog
from django.conf import settings
from django.db import close_old_connections, connections

from providers.contracts import Accepted, AccountConfig, Provider
from providers.errors import Reason, SendError, Throttled, Unavailable, Uncertain
from providers.registry import adapter_for
from recontact.dispatch.claim import CLAIM_DEADLINE_SECONDS, Claim, LeaseLost, claim
from recontact.dispatch.lease import LEASE_SECONDS, Lease, lease_release, lease_renew, leases_take, numbers_due
from recontact.dispatch.rate import RateLimit
from recontact.dispatch.record import Result, record
from recontact.dispatch.switch import dispatch_may_run
from recontact.dispatch.wake import forget_awake, stay_awake

log = structlog.get_logger(__name__)
T = TypeVar("T")

SLICE_SECONDS = 30.0
LOOK_EVERY_SECONDS = 0.25
RECORD_EVERY_SECONDS = 0.1
IDLE_SECONDS = 2.0
DATABASE_THREADS = 4


def _fresh(function: Callable[..., T], args: tuple[Any, ...]) -> T:
    """One database step, on a connection that is checked first: one that the server dropped is replaced."""
    close_old_connections()
    try:
        return function(*args)
    except Exception:
        connections.close_all()
        raise


def _close_connections(together: threading.Barrier) -> None:
    together.wait(timeout=10)
    connections.close_all()


class Pump:
    """One slice of dispatching. `stop` is asked often; when it says yes, nothing more is claimed and what flies is recorded."""

    def __init__(
        self,
        holder: str,
        stop: Callable[[], bool],
        *,
        adapter: Callable[[AccountConfig], Provider] = adapter_for,
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        self.holder = holder
        self.stop = stop
        self.adapter = adapter
        self.idle_seconds = idle_seconds
        self.threads = ThreadPoolExecutor(max_workers=DATABASE_THREADS, thread_name_prefix="dispatch-db")
        self.numbers: dict[int, asyncio.Task[None]] = {}
        self.results: list[Result] = []
        self.one_flush = asyncio.Lock()
        self.recording = True

    async def in_database(self, function: Callable[..., T], *args: Any) -> T:
        """Run a blocking database step in a thread, so that sends go on meanwhile."""
        return await asyncio.get_running_loop().run_in_executor(self.threads, _fresh, function, args)

    async def run(self, seconds: float = SLICE_SECONDS) -> bool:
        """Pump until nothing is due, `seconds` have passed, or `stop`. True: there is more to do, come back at once."""
        ends = time.monotonic() + seconds
        recorder = asyncio.create_task(self._record_forever())
        try:
            await self._lead(ends)
        finally:
            self.stop = lambda: True
            await asyncio.gather(*self.numbers.values(), return_exceptions=True)
            self.recording = False
            await recorder
        await self.in_database(forget_awake)
        more = await self.in_database(numbers_due)
        self._close_threads()
        return more

    def _close_threads(self) -> None:
        """Every thread closes its own connection: another one may not."""
        together = threading.Barrier(DATABASE_THREADS)
        for _ in range(DATABASE_THREADS):
            self.threads.submit(_close_connections, together)
        self.threads.shutdown()

    async def _lead(self, ends: float) -> None:
        """Look for numbers to own every 250 ms, until the slice ends or nothing has been due for a while."""
        busy_at = time.monotonic()
        while time.monotonic() < ends and not self.stop():
            self.numbers = {number: task for number, task in self.numbers.items() if not task.done()}
            if await self.in_database(dispatch_may_run):
                for lease in await self.in_database(leases_take, self.holder):
                    self.numbers[lease.number_id] = asyncio.create_task(NumberPump(self, lease).run())
            if self.numbers:
                busy_at = time.monotonic()
                await self.in_database(stay_awake)
            elif time.monotonic() - busy_at > self.idle_seconds:
                return
            await asyncio.sleep(LOOK_EVERY_SECONDS)

    async def _record_forever(self) -> None:
        while self.recording:
            await asyncio.sleep(RECORD_EVERY_SECONDS)
            await self.flush()

    async def flush(self) -> None:
        """Record what came in. A failed write is tried again with the next batch; the sweep is behind that."""
        async with self.one_flush:
            batch, self.results = self.results, []
            if not batch:
                return
            try:
                await self.in_database(record, batch)
            except Exception:
                log.exception("dispatch_record_failed", results=len(batch))
                self.results = batch + self.results
                await asyncio.sleep(RECORD_EVERY_SECONDS)


class NumberPump:
    """One leased number: claim a little ahead of its rate, send, hand the results to the recorder."""

    def __init__(self, pump: Pump, lease: Lease) -> None:
        self.pump = pump
        self.lease = lease
        self.adapter = pump.adapter(lease.config)
        self.rate = RateLimit(lease.rate)
        self.sends: set[asyncio.Task[None]] = set()
        self.turn = 0

    async def run(self) -> None:
        """Until nothing is due for this number, the lease is lost, or the pump stops. Gives the lease back at the end."""
        renewed, idle_since = time.monotonic(), None
        try:
            while not self.pump.stop():
                if time.monotonic() - renewed > LEASE_SECONDS / 3:
                    if not await self.pump.in_database(lease_renew, self.lease):
                        return
                    renewed = time.monotonic()
                claimed = await self._claim()
                idle_since = None if claimed or self.sends else idle_since or time.monotonic()
                if idle_since is not None and time.monotonic() - idle_since > 2 * LOOK_EVERY_SECONDS:
                    return
                await asyncio.sleep(self.rate.pause() if claimed else LOOK_EVERY_SECONDS / 4)
        except LeaseLost:
            log.info("dispatch_lease_lost", number_id=self.lease.number_id)
        except Exception:
            log.exception("dispatch_number_failed", number_id=self.lease.number_id)
        finally:
            await asyncio.gather(*self.sends, return_exceptions=True)
            await self.pump.flush()
            with contextlib.suppress(Exception):
                await self.pump.in_database(lease_release, self.lease)

    async def _claim(self) -> int:
        limit = self.rate.room()
        if limit < 1:
            return 0
        began = time.monotonic()
        claims = await self.pump.in_database(claim, self.lease, limit, self.turn)
        self.turn += 1
        for each in claims:
            task = asyncio.create_task(self._send(each, began + CLAIM_DEADLINE_SECONDS))
            self.sends.add(task)
            task.add_done_callback(self.sends.discard)
        return len(claims)

    async def _send(self, each: Claim, deadline: float) -> None:
        await self.rate.take()
        outcome = await self._call(each, deadline)
        # The list is swapped by every flush: it is looked up only now, after the call.
        self.pump.results.append(Result(each, outcome))

    async def _call(self, each: Claim, deadline: float) -> Accepted | SendError:
        """The adapter's one call; begun before the claim's deadline, or certainly not at all. Never raises."""
        if time.monotonic() > deadline:
            return Unavailable(Reason.NOT_STARTED)
        try:
            async with asyncio.timeout(settings.PROVIDER_TIMEOUT_SECONDS + 5):
                return await self.adapter.send(each.outbound)
        except SendError as error:
            if isinstance(error, Throttled):
                self.rate.slow_down(error.retry_after, whole_number=error.reason != Reason.PAIR_RATE)
            return error
        except Exception as error:
            # Whatever an adapter did wrong, it may have sent.
            log.exception("dispatch_adapter_failed", message_id=each.message_id)
            return Uncertain(Reason.NO_ANSWER, detail=type(error).__name__)
