"""The adapter facing a server that answers one page after the other, and what it asked."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlsplit

from providers.adapters.meta import MetaCloudApi
from tests.providers.adapters.meta.payloads import adapter
from tests.providers.wire import answer, request_read, run, served

T = TypeVar("T")
Page = tuple[str, Any]


@dataclass(frozen=True)
class Asked:
    """One request: method, path, query and JSON body."""

    method: str
    path: str
    query: dict[str, str]
    body: Any


def from_pages(pages: list[Page], work: Callable[[MetaCloudApi], T]) -> tuple[T, list[Asked]]:
    """What `work` makes of `pages`, each a status and a body, and the requests that it sent."""
    requests: list[Asked] = []

    async def serve_next(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        requests.append(_asked(await request_read(reader)))
        status, body = pages[len(requests) - 1]
        writer.write(answer(body if isinstance(body, bytes) else json.dumps(body).encode(), status=status))
        await writer.drain()

    async def serving() -> T:
        async with served(serve_next) as base_url:
            return await asyncio.to_thread(work, adapter(base_url=base_url))

    return run(serving()), requests


def _asked(request: bytes) -> Asked:
    head, _, body = request.partition(b"\r\n\r\n")
    method, target, _version = head.split(b"\r\n")[0].decode().split(" ")
    parsed = urlsplit(target)
    return Asked(method, parsed.path, dict(parse_qsl(parsed.query)), json.loads(body) if body else None)
