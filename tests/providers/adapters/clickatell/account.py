"""A Clickatell account against a small server."""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from providers.adapters.clickatell import Clickatell
from providers.contracts import AccountConfig
from tests.contract.cases import PAYLOADS, WEBHOOK_URL
from tests.contract.cases_clickatell import CASES
from tests.providers.wire import answer, answering, run, served

T = TypeVar("T")


def account(base_url: str = "", **credentials: str) -> Clickatell:
    known = {**CASES.credentials, **credentials}
    return Clickatell(AccountConfig(1, "clickatell", CASES.external_id, known, base_url, 2.0, WEBHOOK_URL))


def fixture(name: str) -> Any:
    return json.loads((PAYLOADS / "clickatell" / name).read_bytes())


def against(
    status: int, document: Any, work: Callable[[Clickatell], Coroutine[Any, Any, T]]
) -> tuple[T, list[tuple[str, Any]]]:
    """What `work` makes of a provider that answers so, and what was asked: the request's head and its body."""
    requests: list[bytes] = []
    raw = document if isinstance(document, bytes) else json.dumps(document).encode()

    async def inside() -> T:
        async with served(answering(answer(raw, status=f"{status} X"), requests)) as base_url:
            return await work(account(base_url))

    outcome = run(inside())
    pairs = [request.partition(b"\r\n\r\n") for request in requests]
    return outcome, [(head.decode(), json.loads(body) if body else None) for head, _, body in pairs]
