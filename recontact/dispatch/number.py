"""One leased number: claim a little ahead of its rate, send, hand the results to the pump's recorder."""

from __future__ import annotations

import asyncio
import math
import time
from functools import partial
from typing import TYPE_CHECKING

import structlog

from providers.errors import Reason, Throttled, Unavailable
from providers.policy import holds_number
from recontact.dispatch.call import Outcome, call, groups
from recontact.dispatch.claim import CLAIM_DEADLINE_SECONDS, Claim, LeaseLost, claim
from recontact.dispatch.deadline import Deadline
from recontact.dispatch.inbound_rate import number_rate_now
from recontact.dispatch.lease import LEASE_SECONDS, Lease, lease_renew
from recontact.dispatch.rate import RateLimit
from recontact.dispatch.record import Result

if TYPE_CHECKING:
    from recontact.dispatch.pump import Pump

log = structlog.get_logger(__name__)

LOOK_EVERY_SECONDS = 0.25
#: So soon there may be room again: answers come all the time.
NO_ROOM_SECONDS = 0.02
#: A larger claim keeps an agent's message waiting for its end.
LARGEST_CLAIM = 128
#: An agent's message that cannot go just now (he is written to already) is not asked for again at once.
FRUITLESS_SECONDS = 0.5


class NumberPump:
    """One leased number: claim a little ahead of its rate, send, hand the results to the recorder."""

    def __init__(self, pump: Pump, lease: Lease) -> None:
        self.pump = pump
        self.lease = lease
        self.adapter = pump.adapter(lease.config)
        self.rate = RateLimit(lease.rate)
        self.sends: set[asyncio.Task[None]] = set()
        self.turn = 0
        self.unanswered = 0
        self._agents_wait = asyncio.Event()
        self._agents_in_vain_at = -math.inf
        #: Whether agents' messages, where any are due, are claimed before the campaigns', which take ten times as long.
        self._agents_go_first = True
        #: Set when the number is to be another pump's: nothing more is claimed, and what flies is recorded first.
        self.given_back = False

    def start(self) -> None:
        """Begin, as a task of the pump's loop."""
        self.task = asyncio.create_task(self.run())

    async def run(self) -> None:
        """Until nothing is due for this number, the lease is lost or given back, or the pump stops. Lets the lease go at the
        end, unless the next slice goes on with it."""
        renewed, idle_since, keeps = time.monotonic(), None, False
        try:
            while not self.pump.stop() and not self.given_back:
                if time.monotonic() - renewed > LEASE_SECONDS / 3:
                    if not await self.pump.in_database(lease_renew, self.lease):
                        raise LeaseLost
                    self.rate.change(await self.pump.in_database(number_rate_now, self.lease.number_id))
                    renewed = time.monotonic()
                room = self._room()
                # Where there is none for campaigns, an agent's message is told of by agents_wait.
                claimed = await self._claim(room) if room else 0
                # One that waits for room keeps the number: whoever took it anew would begin a new line.
                busy = claimed or self.sends or self.rate.room() < 1
                idle_since = None if busy else idle_since or time.monotonic()
                if idle_since is not None and time.monotonic() - idle_since > 2 * LOOK_EVERY_SECONDS:
                    return
                await self._rest(self.rate.pause() if claimed else LOOK_EVERY_SECONDS / 4 if room else NO_ROOM_SECONDS)
            keeps = self.pump.goes_on and not self.given_back
        except LeaseLost:
            log.info("dispatch_lease_lost", number_id=self.lease.number_id)
        except Exception:
            log.exception("dispatch_number_failed", number_id=self.lease.number_id)
        finally:
            await asyncio.gather(*self.sends, return_exceptions=True)
            await self.pump.flush()
            await self.pump.let_go(self.lease, keeps=keeps)

    def agents_wait(self) -> None:
        """An agent's message is due: it does not wait until the next claim is worth it."""
        self._agents_wait.set()

    async def _rest(self, seconds: float) -> None:
        """Until the campaigns' next claim. Agents' messages are claimed meanwhile, by themselves."""
        ends = time.monotonic() + seconds
        while (left := ends - time.monotonic()) > 0:
            try:
                await asyncio.wait_for(self._agents_wait.wait(), left)
            except TimeoutError:
                return
            self._agents_wait.clear()
            if time.monotonic() - self._agents_in_vain_at > FRUITLESS_SECONDS and not await self._claim(0):
                self._agents_in_vain_at = time.monotonic()

    def _room(self) -> int:
        """How many messages may be claimed: by the rate, and by what is unanswered, of which each number has its share. A few
        are not worth a claim then. What waits for a slow provider, or for this machine, waits in the queue, where an agent's
        message passes it by, and not until its claim is too old."""
        most = self.pump.connections.worth_claiming()
        share = max(1, most // max(1, len(self.pump.numbers)))
        free = max(share - self.unanswered, most - self.pump.unanswered)
        wanted = min(self.rate.room(), LARGEST_CLAIM)
        return max(0, min(wanted, free)) if free >= min(wanted, share // 4) else 0

    def _room_beside_campaigns(self) -> int:
        """How many messages there is room for if they are agents', of all numbers."""
        return self.pump.connections.worth_claiming() + self.pump.connections.for_agents - self.pump.unanswered

    def _count(self, messages: int) -> None:
        self.unanswered += messages
        self.pump.unanswered += messages

    async def _claim(self, limit: int) -> int:
        """Claim up to `limit` messages, and what agents may have beside them, and have them sent. Returns how many."""
        # A claim takes agents' messages first, so what is free is theirs before it is a campaign's.
        for_agents = max(0, min(self.rate.room_for_agents(), self._room_beside_campaigns() - limit))
        if limit + for_agents < 1:
            return 0
        deadline = Deadline.after(CLAIM_DEADLINE_SECONDS)
        step = partial(claim, self.lease, limit, self.turn, for_agents, agents_alone=self._agents_go_first)
        claims = await self.pump.in_database(step)
        if limit:
            # In turn, so that agents who never stop writing stop no campaign.
            self._agents_go_first = not self._agents_go_first or not any(each.of_agents for each in claims)
            self.turn += any(not each.of_agents for each in claims)
        self._count(len(claims))
        for group in groups(claims, self.adapter):
            task = asyncio.create_task(self._send(group, deadline))
            self.sends.add(task)
            task.add_done_callback(self.sends.discard)
        # They take their places in line now: how long the next claim may wait is told by the line.
        await asyncio.sleep(0)
        return len(claims)

    async def _send(self, claims: list[Claim], deadline: Deadline) -> None:
        """One call for these claims; begun before their deadline, or certainly not at all."""
        of_agents = claims[0].of_agents
        in_turn = await self.rate.take(deadline.monotonic, len(claims), of_agents=of_agents)
        if not in_turn:
            outcomes = _not_started(claims)
        elif of_agents:
            outcomes = await self._called(claims, deadline)
        else:
            async with self.pump.connections.one(self.lease.number_id):
                outcomes = await self._called(claims, deadline)
        for outcome in outcomes:
            if isinstance(outcome, Throttled):
                self._hold(outcome)
        self._count(-len(claims))
        # The list is swapped by every flush: it is looked up only now, after the call.
        self.pump.results.extend(Result(each, outcome) for each, outcome in zip(claims, outcomes, strict=True))

    async def _called(self, claims: list[Claim], deadline: Deadline) -> list[Outcome]:
        """The call, unless waiting for it took too long or the number was throttled meanwhile."""
        if deadline.has_passed() or self.rate.is_held():
            return _not_started(claims)
        outcomes = await call(self.adapter, claims)
        self.pump.connections.answered(len(claims))
        return outcomes

    def _hold(self, error: Throttled) -> None:
        """At once, for what is claimed already; the record makes the wait hold for every slice and every pump."""
        if holds_number(error.reason):
            self.rate.hold(error.retry_after)


def _not_started(claims: list[Claim]) -> list[Outcome]:
    return [Unavailable(Reason.NOT_STARTED) for _ in claims]
