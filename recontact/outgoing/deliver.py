"""Telling subscriptions what is due: one worker at a time, all subscriptions at once, a few calls to each.

A slice is one event loop. Each subscription has its own lane, so a slow address keeps only its own events waiting. The calls
run on the loop; what the database has to do runs between them in the worker's own thread.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

import aiohttp
import structlog
from asgiref.sync import async_to_sync, sync_to_async
from django.core.cache import cache
from django.db import DatabaseError

from recontact.models import OutgoingEvent, Subscription
from recontact.outgoing import lanes
from recontact.outgoing.bodies import bodies
from recontact.outgoing.call import TIMEOUT_SECONDS, Told, client_for, tell
from recontact.outgoing.keeping import secret_of
from recontact.outgoing.lanes import Lane

log = structlog.get_logger(__name__)

SLICE_SECONDS = 20.0
LOOK_SECONDS = 0.5
#: Subscriptions told at the same time, calls to each of them, and events taken at once.
LANES, CALLS, BATCH = 32, 10, 100
#: So many failures one after another, and the rest of a batch is not tried.
ENOUGH = 5
_LEADER = "outgoing:leader"


@dataclass(frozen=True, slots=True)
class _Batch:
    """Events to be told next, the body of each, and the secret that signs them."""

    events: Sequence[OutgoingEvent]
    bodies: Sequence[bytes]
    secret: str


def events_deliver(*, seconds: float = SLICE_SECONDS) -> int:
    """Tell what is due, for at most about so many seconds; returns how many events were taken by their addresses.

    While another worker is at it, nothing is done. The leases keep two from telling one subscription; that there is one
    worker keeps slow addresses from taking all of them.
    """
    if not _lead(seconds):
        return 0
    try:
        return async_to_sync(_slice)(seconds)
    finally:
        _lead_no_more()


async def _slice(seconds: float) -> int:
    """Lanes for whatever becomes due, until the time is up and the last of them has ended."""
    ends = time.monotonic() + seconds
    running: set[asyncio.Task[int]] = set()
    count = 0
    while True:
        if time.monotonic() < ends and len(running) < LANES:
            try:
                found = await sync_to_async(lanes.lanes_lease)(LANES - len(running))
            except DatabaseError as error:
                # The lanes end by themselves; the next slice tries anew.
                log.warning("outgoing_lease_failed", error=type(error).__name__)
                ends, found = time.monotonic(), []
            running |= {asyncio.create_task(_lane(lane, ends)) for lane in found}
        if not running:
            return count
        done, running = await asyncio.wait(running, timeout=LOOK_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            count += _counted(task)


def _counted(task: asyncio.Task[int]) -> int:
    """How many a lane told; what broke one lane is logged and breaks no other, and its lease ends by itself."""
    error = task.exception()
    if error is None:
        return task.result()
    log.error("outgoing_lane_failed", error=type(error).__name__, exc_info=error)
    return 0


async def _lane(lane: Lane, ends: float) -> int:
    """Tell one subscription, and give its lease back; how many events were taken."""
    try:
        return await _batches(lane, ends)
    except Exception:
        # Whatever it is, it would come again at once.
        await sync_to_async(lanes.lane_rest)(lane, lanes.FAULT_WAIT)
        raise
    finally:
        await sync_to_async(lanes.lane_release)(lane)


async def _batches(lane: Lane, ends: float) -> int:
    """Batch after batch, until nothing can be told, the address fails, or the time is up."""
    count, url = 0, ""
    client: aiohttp.ClientSession | None = None
    try:
        while time.monotonic() < ends:
            subscription = await sync_to_async(lanes.lane_renew)(lane)
            # Which networks a client may reach goes by the address it was made for.
            if subscription is None or url not in ("", subscription.url):
                break
            url = subscription.url
            client = client or client_for(url, connections=CALLS)
            batch = await sync_to_async(_prepare)(subscription)
            if not batch.events:
                if not count:
                    await sync_to_async(lanes.lane_rest)(lane, lanes.BLOCKED_WAIT)
                break
            tried = await _tell_all(client, url, batch, ends)
            count += sum(told.ok for _event, told in tried)
            if not await sync_to_async(_record)(lane, tried):
                break
        return count
    finally:
        if client is not None:
            await client.close()


async def _tell_all(
    client: aiohttp.ClientSession, url: str, batch: _Batch, ends: float
) -> list[tuple[OutgoingEvent, Told]]:
    """Tell the batch, CALLS at a time; what was tried, with its answer. The rest is left when the address fails."""
    waiting = iter(zip(batch.events, batch.bodies, strict=True))
    tried: list[tuple[OutgoingEvent, Told]] = []
    failed = 0

    async def caller() -> None:
        nonlocal failed
        for event, body in waiting:
            if failed >= ENOUGH or time.monotonic() >= ends:
                return
            told = await tell(client, url=url, body=body, uid=str(event.uid), kind=event.kind, secret=batch.secret)
            tried.append((event, told))
            failed = 0 if told.ok or told.status in lanes.EVENT_AT_FAULT else failed + 1

    await asyncio.gather(*(caller() for _ in range(CALLS)))
    return tried


def _prepare(subscription: Subscription) -> _Batch:
    """What is due now, with its bodies. Raises CredentialsError when no key of the settings reads the secret."""
    events = lanes.events_due(subscription.pk, BATCH)
    return _Batch(events, bodies(events, subscription), secret_of(subscription))


def _record(lane: Lane, tried: Sequence[tuple[OutgoingEvent, Told]]) -> bool:
    """Keep the answers; False when the address took nothing and none of it was the events' fault."""
    lanes.told_record(tried)
    if any(told.ok for _event, told in tried):
        lanes.address_went_well(lane)
        return True
    if not tried or any(told.status in lanes.EVENT_AT_FAULT for _event, told in tried):
        return True
    lanes.address_failed(lane)
    return False


def _lead(seconds: float) -> bool:
    """Whether this worker tells for the next while. Without Valkey every worker may: the leases still hold."""
    try:
        return bool(cache.add(_LEADER, "1", timeout=seconds + 2 * TIMEOUT_SECONDS))
    except Exception as error:
        log.warning("outgoing_leader_unknown", error=type(error).__name__)
        return True


def _lead_no_more() -> None:
    try:
        cache.delete(_LEADER)
    except Exception as error:
        log.warning("outgoing_leader_unknown", error=type(error).__name__)
