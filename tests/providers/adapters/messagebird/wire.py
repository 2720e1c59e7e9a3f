"""The adapter of the payloads' account, facing a server that answers one page after the other."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlsplit

from providers.adapters.messagebird import MessageBird
from providers.contracts import AccountConfig
from tests.contract.cases import WEBHOOK_URL
from tests.contract.cases_messagebird import CASES, payload
from tests.providers.wire import answer, request_read, run, served

__all__ = ["Asked", "Page", "adapter", "exchanged", "payload"]

T = TypeVar("T")
Page = tuple[str, Any]


@dataclass(frozen=True)
class Asked:
    """One request: method, path, query, body."""

    method: str
    path: str
    query: dict[str, str]
    body: str


def adapter(base_url: str = "", *, workspace: str = CASES.external_id, **credentials: str) -> MessageBird:
    """The adapter of the payloads' account."""
    values = {**CASES.credentials, **credentials}
    return MessageBird(AccountConfig(1, "messagebird", workspace, values, base_url, 2.0, WEBHOOK_URL))


def exchanged(pages: list[Page], work: Callable[[MessageBird], Awaitable[T]]) -> tuple[T, list[Asked]]:
    """What `work` makes of `pages`, each a status and a body, and the requests that it sent."""
    requests: list[Asked] = []

    async def serve_next(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        requests.append(_asked(await request_read(reader)))
        status, body = pages[len(requests) - 1]
        writer.write(answer(body if isinstance(body, bytes) else json.dumps(body).encode(), status=status))
        await writer.drain()

    async def serving() -> T:
        async with served(serve_next) as base_url:
            return await work(adapter(base_url))

    return run(serving()), requests


def _asked(request: bytes) -> Asked:
    head, _, body = request.decode().partition("\r\n\r\n")
    method, target, _version = head.split("\r\n")[0].split(" ")
    parsed = urlsplit(target)
    return Asked(method, parsed.path, dict(parse_qsl(parsed.query)), body)
