"""Sending webhooks: rendered and signed by their wire, in parallel, retried with growing gaps, spoilt as the knobs say."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import aiohttp
from yarl import URL

from providers.simulator.documents import Json
from providers.simulator.knobs import Knobs
from providers.simulator.record import Delivery
from providers.simulator.wires.contract import Hook, Note, Told, Wire
from providers.simulator.world import Account

LONGEST_GAP_SECONDS = 3600.0


LOG = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class Event:
    """One thing to tell. ``wamid`` and ``status`` tie a status to its message; ``url`` and ``stream`` as in a note."""

    id: int
    waba_id: str
    field: str
    value: Json
    at: int
    wamid: str | None = None
    status: str | None = None
    url: str = ""
    stream: str = ""

    def together_with(self, other: Event) -> bool:
        """Whether one webhook may tell both."""
        return (self.waba_id, self.url, self.stream) == (other.waba_id, other.url, other.stream)

    def told(self) -> Told:
        """The event as its wire gets it."""
        note = Note(self.field, self.value, url=self.url, stream=self.stream)
        return Told(self.id, self.waba_id, self.at, note)


@dataclass(slots=True, eq=False)
class Webhook:
    """Events on their way in one request; retries send the same bytes. ``hook`` is written at the first attempt."""

    waba_id: str
    events: list[Event]
    hook: Hook | None = None
    attempts: int = 0
    id: int = field(default=0)


class WebhookSender:
    """The queue and its workers. ``delivered`` is told of each POST; ``settled`` of webhooks that need no more tries."""

    def __init__(
        self,
        knobs: Callable[[], Knobs],
        account_of: Callable[[str], tuple[Account, Wire] | None],
        delivered: Callable[[Webhook, Delivery], None],
        settled: Callable[[Webhook, bool], None],
    ) -> None:
        self._knobs = knobs
        self._account_of = account_of
        self._delivered = delivered
        self._settled = settled
        self._queue: asyncio.Queue[Event | Webhook] = asyncio.Queue()
        self._put_back: list[Event | Webhook] = []
        self._open = asyncio.Event()
        self._workers: list[asyncio.Task[None]] = []
        self._retries: set[asyncio.TimerHandle] = set()
        self._session: aiohttp.ClientSession | None = None
        self._random = knobs().random()
        self._ids = 0
        self._busy = 0
        self._generation = 0

    async def start(self) -> None:
        """Open the HTTP session and start the workers."""
        self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=15))
        self.tune()

    def tune(self) -> None:
        """Take over changed knobs: the gate, the random seed, the number of workers."""
        knobs = self._knobs()
        self._random = knobs.random()
        if knobs.hold_webhooks:
            self._open.clear()
        else:
            self._open.set()
        wanted = max(1, knobs.webhook_concurrency)
        for worker in self._workers[wanted:]:
            worker.cancel()
        self._workers = self._workers[:wanted]
        while self._session is not None and len(self._workers) < wanted:
            self._workers.append(asyncio.create_task(self._work()))

    def emit(self, event: Event) -> None:
        """Queue one event."""
        self._queue.put_nowait(event)

    @property
    def waiting(self) -> int:
        """How many events or webhooks are queued, under way, or waiting for a retry."""
        return self._queue.qsize() + len(self._put_back) + len(self._retries) + self._busy

    def clear(self) -> None:
        """Forget all that waits; what is under way is not tried again."""
        self._generation += 1
        for timer in self._retries:
            timer.cancel()
        self._retries.clear()
        self._put_back.clear()
        while not self._queue.empty():
            self._queue.get_nowait()

    async def stop(self) -> None:
        """Cancel the workers and close the session; what waits stays in the journal for the next start."""
        self.clear()
        for worker in self._workers:
            worker.cancel()
        await asyncio.gather(*self._workers, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    @property
    def session(self) -> aiohttp.ClientSession:
        """The HTTP session, once started."""
        if self._session is None:
            raise RuntimeError("the webhook sender was not started")
        return self._session

    async def _work(self) -> None:
        while True:
            item = self._put_back.pop() if self._put_back else await self._queue.get()
            generation = self._generation
            self._busy += 1
            try:
                await self._open.wait()
                if generation == self._generation:
                    item = item if isinstance(item, Webhook) else self._gather(item)
                    await self._carry(item, generation)
            except asyncio.CancelledError:
                self._queue.put_nowait(item)
                raise
            except Exception:
                # A mistake in one wire must not end the worker of them all.
                LOG.exception("a webhook could not be written")
            finally:
                self._busy -= 1

    def _gather(self, first: Event) -> Webhook:
        knobs = self._knobs()
        known = self._account_of(first.waba_id)
        limit = knobs.batch if known is not None and known[1].batched else 1
        events = [first]
        while len(events) < limit and not self._queue.empty():
            following = self._queue.get_nowait()
            if isinstance(following, Webhook) or not following.together_with(first):
                self._put_back.append(following)
                break
            events.append(following)
        if knobs.reorder:
            self._random.shuffle(events)
        self._ids += 1
        return Webhook(first.waba_id, events, id=self._ids)

    async def _carry(self, webhook: Webhook, generation: int) -> None:
        knobs = self._knobs()
        known = self._account_of(webhook.waba_id)
        url = "" if known is None else webhook.events[0].url or known[0].webhook_url
        dropped = ""
        if known is None or not known[0].subscribed or not url:
            dropped = "not_subscribed"
        elif webhook.attempts == 0 and self._random.random() < knobs.loss_share:
            dropped = "lost"
        if known is None or dropped:
            self._note(webhook, "", dropped, 0.0, reached=False)
            self._settled(webhook, False)
            return
        account, wire = known
        copies = 2 if self._random.random() < knobs.duplicate_share else 1
        for _ in range(copies):
            reached = await self._post(account, wire, webhook, url)
            if generation != self._generation:
                return
        limit = knobs.retry_limit if wire.retry_limit is None else min(wire.retry_limit, knobs.retry_limit)
        if reached:
            self._settled(webhook, True)
        elif webhook.attempts >= limit:
            self._settled(webhook, False)
        else:
            self._retry_later(webhook, knobs)

    async def _post(self, account: Account, wire: Wire, webhook: Webhook, url: str) -> bool:
        webhook.attempts += 1
        hook = webhook.hook = webhook.hook or wire.render(account, [event.told() for event in webhook.events])
        knobs = self._knobs()
        timeout = aiohttp.ClientTimeout(total=knobs.webhook_timeout_ms / 1000)
        began = time.monotonic()
        reached = False
        try:
            headers = {**hook.headers, **wire.sign(account, url, hook, knobs.now())}
            # Encoded already: what was signed is what is asked for, byte by byte.
            target = URL(url, encoded=True)
            async with self.session.request(
                hook.method, target, data=hook.body, headers=headers, timeout=timeout, allow_redirects=False
            ) as response:
                await response.read()
                answer, reached = str(response.status), wire.received(response.status)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as problem:
            answer = type(problem).__name__
        self._note(webhook, url, answer, time.monotonic() - began, reached=reached)
        return reached

    def _note(self, webhook: Webhook, url: str, answer: str, took: float, *, reached: bool) -> None:
        delivery = Delivery(
            id=webhook.id,
            at=self._knobs().now(),
            waba_id=webhook.waba_id,
            url=url,
            events=[event.id for event in webhook.events],
            attempt=webhook.attempts,
            answer=answer,
            body="" if webhook.hook is None else webhook.hook.body.decode("utf-8", "replace"),
            took_ms=int(took * 1000),
            reached=reached,
        )
        self._delivered(webhook, delivery)

    def _retry_later(self, webhook: Webhook, knobs: Knobs) -> None:
        gap = min(knobs.retry_base_ms / 1000 * 2 ** (webhook.attempts - 1), LONGEST_GAP_SECONDS)

        def again() -> None:
            self._retries.discard(timer)
            self._queue.put_nowait(webhook)

        timer = asyncio.get_running_loop().call_later(gap, again)
        self._retries.add(timer)
