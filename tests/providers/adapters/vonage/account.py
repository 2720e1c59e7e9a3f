"""A Vonage account against a small server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, TypeVar

from providers.adapters.vonage import Vonage
from providers.contracts import AccountConfig, OutboundMessage, WebhookRequest
from tests.contract.cases import WEBHOOK_URL
from tests.contract.cases_vonage import CASES, WABA, payload, sign
from tests.providers.wire import answer, request_read, run, served

T = TypeVar("T")
Asked = tuple[str, str, dict[str, str], Any]


def account(base_url: str = "", **credentials: str) -> Vonage:
    known = {**CASES.credentials, **credentials}
    return Vonage(AccountConfig(1, "vonage", WABA, known, base_url, 2.0, WEBHOOK_URL))


def against(
    answers: Sequence[bytes], work: Callable[[Vonage], Coroutine[Any, Any, T]], **credentials: str
) -> tuple[T, list[Asked]]:
    """What `work` makes of a provider that gives these answers in turn, and its requests: method, path, headers, body."""
    asked: list[Asked] = []

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head, _, raw = (await request_read(reader)).partition(b"\r\n\r\n")
        line, *rows = head.decode().split("\r\n")
        headers = {name.lower(): value for name, _colon, value in (row.partition(": ") for row in rows)}
        method, path = line.split(" ")[:2]
        asked.append((method, path, headers, json.loads(raw) if raw else None))
        writer.write(answers[len(asked) - 1])
        await writer.drain()

    async def inside() -> T:
        async with served(handler) as base_url:
            return await work(account(base_url, **credentials))

    return run(inside()), asked


def sent(message: OutboundMessage, **credentials: str) -> Asked:
    """The one request for `message`."""
    taken = answer(json.dumps(payload("send-success-202.json")).encode(), status="202 Accepted")

    async def work(made: Vonage) -> object:
        return await made.send(message)

    _accepted, asked = against([taken], work, **credentials)
    assert len(asked) == 1
    return asked[0]


def webhook(document: Any) -> WebhookRequest:
    body = json.dumps(document).encode()
    return WebhookRequest(body, sign(body), WEBHOOK_URL)
