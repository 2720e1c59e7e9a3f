"""A bare loop of the HTTP client that the portal sends with: the same requests, and nothing before, between or after them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

import uvloop

from providers.contracts import JsonObject
from providers.http import MAX_CONNECTIONS, client_for_running_loop, close_client
from tests.providers.simulator.server import PHONE_NUMBER_ID, TOKEN


def client_rate(url: str, payloads: Sequence[JsonObject]) -> float:
    """Requests per second to the provider at `url`, as many at once as the client has connections."""
    return uvloop.run(_measured(f"{url}/v25.0/{PHONE_NUMBER_ID}/messages", payloads))


async def _measured(url: str, payloads: Sequence[JsonObject]) -> float:
    waiting = iter(payloads)
    client, headers = client_for_running_loop(), {"Authorization": f"Bearer {TOKEN}"}

    async def send() -> None:
        for payload in waiting:
            async with client.post(url, json=payload, headers=headers) as answer:
                answer.raise_for_status()
                await answer.read()

    began = time.monotonic()
    await asyncio.gather(*(send() for _ in range(MAX_CONNECTIONS)))
    taken = time.monotonic() - began
    await close_client()
    return len(payloads) / taken
