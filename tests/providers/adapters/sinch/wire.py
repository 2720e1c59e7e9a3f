"""The adapter of the payloads' account, facing a server that answers one page after the other."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlsplit

from providers.adapters.sinch import Sinch
from providers.contracts import AccountConfig
from tests.contract.cases_sinch import CASES, payload
from tests.providers.wire import answer, request_read, run, served

__all__ = ["Asked", "Page", "adapter", "exchanged", "payload"]

T = TypeVar("T")
Page = tuple[str, Any]


@dataclass(frozen=True)
class Asked:
    """One request: method, path, query, headers in lower case, body."""

    method: str
    path: str
    query: dict[str, str]
    head: str
    body: str


def adapter(base_url: str = "", **credentials: str) -> Sinch:
    """The adapter of the payloads' account."""
    values = {**CASES.credentials, **credentials}
    return Sinch(AccountConfig(1, "sinch", CASES.external_id, values, base_url, timeout_seconds=2.0))


def exchanged(pages: list[Page], work: Callable[[Sinch], Awaitable[T]], **credentials: str) -> tuple[T, list[Asked]]:
    """What `work` makes of `pages`, each a status and a body, and the requests that it sent."""
    requests: list[Asked] = []

    async def serve_next(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        requests.append(_asked(await request_read(reader)))
        status, body = pages[len(requests) - 1]
        writer.write(answer(body if isinstance(body, bytes) else json.dumps(body).encode(), status=status))
        await writer.drain()

    async def serving() -> T:
        async with served(serve_next) as base_url:
            return await work(adapter(base_url, **credentials))

    return run(serving()), requests


def _asked(request: bytes) -> Asked:
    head, _, body = request.decode().partition("\r\n\r\n")
    method, target, _version = head.split("\r\n")[0].split(" ")
    parsed = urlsplit(target)
    return Asked(method, parsed.path, dict(parse_qsl(parsed.query)), head.lower(), body)
