"""The adapter of the payloads' account, facing a server that answers one page after the other."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from providers.adapters.dialog360 import Dialog360
from providers.contracts import AccountConfig
from tests.providers.wire import answer, request_read, run, served

DIRECTORY = Path(__file__).parents[3] / "payloads" / "dialog360"
WABA = "301945226341870"
PARTNER = {"partner_id": "abcPA", "partner_api_key": "partner-key-0123456789", "waba_account_id": "abcWA"}
T = TypeVar("T")
Page = tuple[str, Any]


def payload(name: str) -> Any:
    """The parsed JSON of `name`.json."""
    return json.loads((DIRECTORY / f"{name}.json").read_bytes())


def adapter(base_url: str = "", *, secret: str = "", **more: str) -> Dialog360:
    """The adapter; without a secret only the webhook's path protects it."""
    credentials = {"api_key": " d360-key-0123456789\n", "webhook_secret": secret, **more}
    return Dialog360(AccountConfig(1, "dialog360", WABA, credentials, base_url, timeout_seconds=2.0))


def from_pages(pages: list[Page], work: Callable[[Dialog360], T], **credentials: str) -> tuple[T, list[str]]:
    """What `work` makes of `pages`, each a status and a body, and the requests that it sent."""
    requests: list[str] = []

    async def serve_next(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        requests.append((await request_read(reader)).decode())
        status, body = pages[len(requests) - 1]
        writer.write(answer(body if isinstance(body, bytes) else json.dumps(body).encode(), status=status))
        await writer.drain()

    async def serving() -> T:
        async with served(serve_next) as base_url:
            return await asyncio.to_thread(work, adapter(base_url, **credentials))

    return run(serving()), requests
