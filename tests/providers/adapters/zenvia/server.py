"""A stand-in that answers management calls one after the other and keeps what came."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any, TypeVar

from providers.adapters.zenvia import Zenvia
from tests.contract.cases_zenvia import CASES
from tests.providers.wire import answer, request_read, run, served

T = TypeVar("T")


def answered(answers: list[tuple[str, Any, str]], call: Callable[[Zenvia], T]) -> tuple[T, list[str]]:
    """What `call` gives with these answers (status line, body, further headers), and the requests that came."""
    requests: list[str] = []

    async def serve_next(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        requests.append((await request_read(reader)).decode())
        status, body, headers = answers[len(requests) - 1]
        raw = b"" if body is None else json.dumps(body).encode()
        writer.write(answer(raw, status=status, headers=headers))
        await writer.drain()

    async def work() -> T:
        async with served(serve_next) as base_url:
            made = CASES.adapter(base_url)
            assert isinstance(made, Zenvia)
            return await asyncio.to_thread(call, made)

    return run(work()), requests
