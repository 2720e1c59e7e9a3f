"""Sending webhooks: signed, in parallel, retried with growing gaps, and spoilt as the knobs say."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import aiohttp

from providers.simulator.knobs import Knobs
from providers.simulator.record import Delivery
from providers.simulator.wire import Json, signature, webhook_bytes
from providers.simulator.world import Account

AGENT = "facebookexternalua"
LONGEST_GAP_SECONDS = 3600.0


@dataclass(slots=True, eq=False)
class Event:
    """One change to report. ``wamid`` and ``status`` tie a status to its message."""

    id: int
    waba_id: str
    field: str
    value: Json
    at: int
    wamid: str | None = None
    status: str | None = None


@dataclass(slots=True, eq=False)
class Webhook:
    """Events on their way in one body; retries send the same bytes."""

    waba_id: str
    events: list[Event]
    body: bytes
    attempts: int = 0
    id: int = field(default=0)


def envelope(events: list[Event]) -> Json:
    """The body for these events: entries by halves when there are several, statuses side by side in one value."""
    half = (len(events) + 1) // 2
    groups = [events] if len(events) < 3 else [events[:half], events[half:]]
    return {"object": "whatsapp_business_account", "entry": [_entry(group) for group in groups]}


def _entry(events: list[Event]) -> Json:
    entry: Json = {"id": events[0].waba_id}
    if all(event.field not in ("messages", "user_preferences") for event in events):
        entry["time"] = events[0].at
    changes: list[Json] = []
    for event in events:
        last = changes[-1]["value"] if changes else {}
        if event.status and "statuses" in last and _same_head(last, event.value):
            changes[-1] = {
                "value": {**last, "statuses": [*last["statuses"], *event.value["statuses"]]},
                "field": event.field,
            }
        else:
            changes.append({"value": event.value, "field": event.field})
    return {**entry, "changes": changes}


def _same_head(first: Json, second: Json) -> bool:
    return first.get("metadata") == second.get("metadata") and first.get("contacts") == second.get("contacts")


class WebhookSender:
    """The queue and its workers. ``delivered`` is told of each POST; ``settled`` of webhooks that need no more tries."""

    def __init__(
        self,
        knobs: Callable[[], Knobs],
        account_of: Callable[[str], Account | None],
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

    async def handshake(self, url: str, verify_token: str) -> str | None:
        """Verify a callback URL as Meta does: GET with a challenge. Returns what is wrong, or None."""
        challenge = str(secrets.randbelow(9 * 10**9) + 10**9)
        query = {"hub.mode": "subscribe", "hub.challenge": challenge, "hub.verify_token": verify_token}
        try:
            async with self._client.get(url, params=query, timeout=aiohttp.ClientTimeout(total=10)) as response:
                answered = (await response.text()).strip()
        except (aiohttp.ClientError, TimeoutError, ValueError) as problem:
            return f"the callback could not be reached: {type(problem).__name__}"
        if response.status != 200:
            return f"the callback answered HTTP {response.status}"
        return None if answered == challenge else "the callback did not echo the challenge"

    @property
    def _client(self) -> aiohttp.ClientSession:
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
            finally:
                self._busy -= 1

    def _gather(self, first: Event) -> Webhook:
        knobs = self._knobs()
        events = [first]
        while len(events) < knobs.batch and not self._queue.empty():
            following = self._queue.get_nowait()
            if isinstance(following, Webhook) or following.waba_id != first.waba_id:
                self._put_back.append(following)
                break
            events.append(following)
        if knobs.reorder:
            self._random.shuffle(events)
        self._ids += 1
        return Webhook(first.waba_id, events, webhook_bytes(envelope(events)), id=self._ids)

    async def _carry(self, webhook: Webhook, generation: int) -> None:
        knobs = self._knobs()
        account = self._account_of(webhook.waba_id)
        dropped = ""
        if account is None or not account.subscribed or not account.webhook_url:
            dropped = "not_subscribed"
        elif webhook.attempts == 0 and self._random.random() < knobs.loss_share:
            dropped = "lost"
        if account is None or dropped:
            self._note(webhook, "", dropped, 0.0)
            self._settled(webhook, False)
            return
        copies = 2 if self._random.random() < knobs.duplicate_share else 1
        for _ in range(copies):
            answer = await self._post(account, webhook)
            if generation != self._generation:
                return
        if answer == "200":
            self._settled(webhook, True)
        elif webhook.attempts >= knobs.retry_limit:
            self._settled(webhook, False)
        else:
            self._retry_later(webhook, knobs)

    async def _post(self, account: Account, webhook: Webhook) -> str:
        webhook.attempts += 1
        headers = {
            "Content-Type": "application/json",
            "User-Agent": AGENT,
            "X-Hub-Signature-256": signature(account.app_secret, webhook.body),
        }
        timeout = aiohttp.ClientTimeout(total=self._knobs().webhook_timeout_ms / 1000)
        began = time.monotonic()
        try:
            async with self._client.post(
                account.webhook_url, data=webhook.body, headers=headers, timeout=timeout, allow_redirects=False
            ) as response:
                await response.read()
                answer = str(response.status)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as problem:
            answer = type(problem).__name__
        self._note(webhook, account.webhook_url, answer, time.monotonic() - began)
        return answer

    def _note(self, webhook: Webhook, url: str, answer: str, took: float) -> None:
        delivery = Delivery(
            id=webhook.id,
            at=self._knobs().now(),
            waba_id=webhook.waba_id,
            url=url,
            events=[event.id for event in webhook.events],
            attempt=webhook.attempts,
            answer=answer,
            body=webhook.body.decode("ascii"),
            took_ms=int(took * 1000),
        )
        self._delivered(webhook, delivery)

    def _retry_later(self, webhook: Webhook, knobs: Knobs) -> None:
        gap = min(knobs.retry_base_ms / 1000 * 2 ** (webhook.attempts - 1), LONGEST_GAP_SECONDS)

        def again() -> None:
            self._retries.discard(timer)
            self._queue.put_nowait(webhook)

        timer = asyncio.get_running_loop().call_later(gap, again)
        self._retries.add(timer)
