"""The pump: drives every number it has leased, all at once, on one event loop. Database work is per batch, in threads."""

from __future__ import annotations

import asyncio
import contextlib
import math
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

import structlog
from django.db import InterfaceError, OperationalError, close_old_connections, connections

from providers.contracts import AccountConfig, Provider
from providers.http import MAX_CONNECTIONS
from providers.registry import adapter_for
from recontact.dispatch.candidates import agents_wait
from recontact.dispatch.connections import Connections
from recontact.dispatch.lease import (
    Lease,
    account_unusable,
    lease_release,
    leases_resume,
    numbers_due,
    numbers_due_within,
)
from recontact.dispatch.number import LOOK_EVERY_SECONDS, NumberPump
from recontact.dispatch.record import Result, bare, record
from recontact.dispatch.sharing import look
from recontact.dispatch.switch import dispatch_may_run
from recontact.dispatch.wake import forget_awake, stay_awake, wake_another
from recontact.heartbeats import DISPATCHER, heartbeat_record

log = structlog.get_logger(__name__)
T = TypeVar("T")

SLICE_SECONDS = 30.0
#: How long numbers wait at the end of a slice for those whose provider is slow, before any pump may have them.
KEPT_SECONDS = 2.0
#: How often a pump with several numbers calls an idle dispatcher. Our own worker may fetch a call ahead, but only one.
INVITE_EVERY_SECONDS = 2.0
RECORD_EVERY_SECONDS = 0.1
#: A record costs its statements, for one result as for so many: fewer wait a little for more, unless an agent's is among them.
WORTH_A_RECORD = 48
RECORD_AT_LAST_SECONDS = 0.3
#: How often the pump looks whether an agent's message waits.
AGENTS_EVERY_SECONDS = 0.05
IDLE_SECONDS = 2.0
#: What comes due so soon is waited for; anything later is beat's to wake us up for.
SHORT_WAIT_SECONDS = 5.0
DATABASE_THREADS = 4
#: How long the end of a slice waits for a database that is away; with a call's time, less than the claims' lease.
LAST_RECORD_SECONDS = 10.0
#: The database is away or another transaction was in the way: the same batch works when it is tried again.
PASSING_ERRORS = (OperationalError, InterfaceError)


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
    """One slice of dispatching. `stop` is asked often; when it says yes, nothing more is claimed and what flies is recorded.

    Where another one of the same process follows, `kept` is what the one before left: leases, so that no other pump takes
    their numbers in between. A slice that ends because its time is up leaves its own there.
    """

    def __init__(
        self,
        holder: str,
        stop: Callable[[], bool],
        *,
        kept: Sequence[Lease] | None = None,
        adapter: Callable[[AccountConfig], Provider] = adapter_for,
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        self.holder = holder
        self.stop = stop
        self.adapter = adapter
        self.idle_seconds = idle_seconds
        self.threads = ThreadPoolExecutor(max_workers=DATABASE_THREADS, thread_name_prefix="dispatch-db")
        self.numbers: dict[int, NumberPump] = {}
        #: Those whose number was lost and leased anew while they still wait for calls: their answers are recorded too.
        self.outlived: list[NumberPump] = []
        self.kept = list(kept or ())
        self.is_followed = kept is not None
        self.goes_on = False
        self.invited_at = -math.inf
        self.results: list[Result] = []
        self.unanswered = 0
        self.connections = Connections(MAX_CONNECTIONS)
        self.one_flush = asyncio.Lock()
        self.recording = True

    async def in_database(self, function: Callable[..., T], *args: Any) -> T:
        """Run a blocking database step in a thread, so that sends go on meanwhile."""
        return await asyncio.get_running_loop().run_in_executor(self.threads, _fresh, function, args)

    async def run(self, seconds: float = SLICE_SECONDS) -> bool:
        """Pump until nothing is due, `seconds` have passed, or `stop`. True: there is more to do, come back at once."""
        ends = time.monotonic() + seconds
        recorder = asyncio.create_task(self._record_forever())
        for_agents = asyncio.create_task(self._look_for_agents())
        try:
            try:
                await self._resume()
                await self._lead(ends)
                self.goes_on = self.is_followed and bool(self.numbers) and not self.stop()
            finally:
                self.stop = lambda: True
                for_agents.cancel()
                await self._end_numbers()
                self.recording = False
                await recorder
            if self.kept:
                return True
            await self.in_database(forget_awake)
            return await self.in_database(numbers_due)
        finally:
            if not self.kept:
                with contextlib.suppress(Exception):
                    await self.in_database(forget_awake)
            self._close_threads()

    async def _end_numbers(self) -> None:
        """Wait for what flies. Numbers that are done keep their leases only for so long."""
        tasks = [each.task for each in (*self.outlived, *self.numbers.values())]
        if tasks and (await asyncio.wait(tasks, timeout=KEPT_SECONDS))[1]:
            self.goes_on = False
            for lease in self.kept:
                await self.let_go(lease, keeps=False)
            self.kept = []
        await asyncio.gather(*tasks, return_exceptions=True)

    async def let_go(self, lease: Lease, *, keeps: bool) -> None:
        """Give a number back, or keep it for the next slice."""
        if keeps and self.goes_on:
            self.kept.append(lease)
            return
        with contextlib.suppress(Exception):
            await self.in_database(lease_release, lease)

    def _close_threads(self) -> None:
        """Every thread closes its own connection: another one may not."""
        together = threading.Barrier(DATABASE_THREADS)
        for _ in range(DATABASE_THREADS):
            self.threads.submit(_close_connections, together)
        self.threads.shutdown()

    async def _resume(self) -> None:
        """Go on with the numbers of the slice before. Give the sign of life: beat's tick for it waits behind this task."""
        kept, self.kept = self.kept, []
        await self.in_database(partial(heartbeat_record, name=DISPATCHER))
        for lease in await self.in_database(leases_resume, kept) if kept else ():
            await self._own(lease)

    async def _lead(self, ends: float) -> None:
        """Look for numbers to own every 250 ms, until the slice ends or nothing has been due for a while."""
        busy_at = time.monotonic()
        while time.monotonic() < ends and not self.stop():
            self.numbers = {number: each for number, each in self.numbers.items() if not each.task.done()}
            if await self.in_database(dispatch_may_run):
                await self._look()
            if self.numbers:
                busy_at = time.monotonic()
                await self.in_database(stay_awake)
            elif time.monotonic() - busy_at > self.idle_seconds:
                if not await self.in_database(numbers_due_within, SHORT_WAIT_SECONDS):
                    return
                busy_at = time.monotonic()
            await asyncio.sleep(LOOK_EVERY_SECONDS)

    async def _look(self) -> None:
        """Own what is free, and give back what another pump should have of what is ours: a round of it at a time."""
        leases, to_give = await self.in_database(look, self.holder)
        for lease in leases:
            await self._own(lease)
        if to_give and not any(each.given_back for each in self.numbers.values()):
            for number in sorted(self.numbers.values(), key=lambda each: each.unanswered)[:to_give]:
                number.given_back = True
        if len(self.numbers) > 1 and time.monotonic() - self.invited_at > INVITE_EVERY_SECONDS:
            self.invited_at = time.monotonic()
            await self.in_database(wake_another)

    async def _own(self, lease: Lease) -> None:
        """Start with a number. An account whose adapter cannot be made is parked, and keeps no other waiting."""
        try:
            number = NumberPump(self, lease)
        except Exception as error:
            await self.in_database(account_unusable, lease.config.account_id, error)
            await self.in_database(lease_release, lease)
        else:
            self.outlived = [each for each in self.outlived if not each.task.done()]
            if lease.number_id in self.numbers:
                self.outlived.append(self.numbers[lease.number_id])
            self.numbers[lease.number_id] = number
            number.start()

    async def _look_for_agents(self) -> None:
        """Wake the numbers for which an agent's message is due, which claim for their campaigns a second ahead."""
        while True:
            await asyncio.sleep(AGENTS_EVERY_SECONDS)
            if not self.numbers:
                continue
            try:
                waiting = await self.in_database(agents_wait, list(self.numbers))
            except Exception as error:
                # They wait for the next claim meanwhile.
                log.warning("dispatch_agents_not_looked_for", error=type(error).__name__)
                await asyncio.sleep(IDLE_SECONDS)
                continue
            for number_id in waiting & self.numbers.keys():
                self.numbers[number_id].agents_wait()

    async def _record_forever(self) -> None:
        waited = 0.0
        while self.recording:
            await asyncio.sleep(RECORD_EVERY_SECONDS)
            waited += RECORD_EVERY_SECONDS
            enough = len(self.results) >= WORTH_A_RECORD or any(each.claim.of_agents for each in self.results)
            if enough or waited >= RECORD_AT_LAST_SECONDS:
                waited = 0.0
                await self.flush()
        # The database may be away just now: an answer that is not written down costs an uncertain message.
        ends = time.monotonic() + LAST_RECORD_SECONDS
        while self.results and time.monotonic() < ends:
            await self.flush()

    async def flush(self) -> None:
        """Record what came in. A failed write is tried again with the next batch; the sweep is behind that."""
        async with self.one_flush:
            batch, self.results = self.results, []
            if not batch:
                return
            try:
                await self.in_database(record, batch)
            except Exception as error:
                log.error("dispatch_record_failed", results=len(batch), error=type(error).__name__)
                self.results = await self._record_singly(batch, error) + self.results
                await asyncio.sleep(RECORD_EVERY_SECONDS)

    async def _record_singly(self, batch: list[Result], error: Exception) -> list[Result]:
        """One by one, so that a result that cannot be written keeps no other back. Returns what is left to try again."""
        if isinstance(error, PASSING_ERRORS):
            return batch
        left = []
        for result in batch:
            for written in (lambda whole: whole, bare):
                try:
                    await self.in_database(record, [written(result)])
                    break
                except Exception as problem:
                    log.error(
                        "dispatch_result_refused", message_id=result.claim.message_id, error=type(problem).__name__
                    )
            else:
                left.append(result)
        return left
