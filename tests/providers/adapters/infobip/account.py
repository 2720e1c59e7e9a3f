"""An Infobip account against a small server, and what the tests of its adapter ask of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from providers.adapters.infobip import Infobip
from providers.contracts import AccountConfig, OutboundMessage, WebhookRequest
from tests.contract.cases import PAYLOADS, WEBHOOK_URL
from tests.contract.cases_infobip import REFERENCE, outbound
from tests.providers.wire import Handler, answer, answering, run, served

CREDENTIALS = {"api_key": "infobip-key-0123456789", "template_sender": "5491155550199"}
T = TypeVar("T")


def account(base_url: str = "", **credentials: str) -> Infobip:
    known = {**CREDENTIALS, **credentials}
    return Infobip(AccountConfig(1, "infobip", "tienda", known, base_url, 2.0, WEBHOOK_URL))


def fixture(name: str) -> bytes:
    return (PAYLOADS / "infobip" / name).read_bytes()


def against(handler: Handler, work: Callable[[Infobip], Coroutine[Any, Any, T]], **credentials: str) -> T:
    """What `work` gives with an account whose provider behaves like `handler`."""

    async def inside() -> T:
        async with served(handler) as base_url:
            return await work(account(base_url, **credentials))

    return run(inside())


def body_sent(message: OutboundMessage, **credentials: str) -> tuple[str, Any]:
    """The path and the JSON body of the request for `message`."""
    requests: list[bytes] = []
    handler = answering(answer(fixture("send-success-200.json")), requests)

    async def work(made: Infobip) -> object:
        return await made.send_many([message])

    against(handler, work, **credentials)
    head, _, raw = requests[0].partition(b"\r\n\r\n")
    return head.split(b" ")[1].decode(), json.loads(raw)


def message_of(index: int) -> OutboundMessage:
    """One of many, each with a reference and a phone of its own."""
    return outbound("order_update", reference=f"{REFERENCE[:-4]}{index:04d}", phone=f"+549115555{index:04d}")


def webhook(document: Any, headers: dict[str, str] | None = None) -> WebhookRequest:
    return WebhookRequest(json.dumps(document).encode(), headers or {}, WEBHOOK_URL)
