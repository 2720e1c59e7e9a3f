"""The flow of a send that holds several messages, with a small wire of the test's own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from providers.simulator.app import build_application
from providers.simulator.flow import json_response, sends
from providers.simulator.refusal import Refusal
from providers.simulator.seeding import seed
from providers.simulator.simulator import Simulator
from providers.simulator.wires.contract import Call, Hook, Note, Order, Result, Told, Wire
from providers.simulator.wires.facts import InboundFact, StatusFact
from providers.simulator.wires.registry import WIRES
from providers.simulator.world import Account

SENDER = "5491155550199"


class BulkWire(Wire):
    """Many messages a request. 4 (calls per hour) refuses all of them; 131031 is only reported later."""

    slug = "bulk"

    def routes(self) -> Iterable[web.RouteDef]:
        return [web.post("/send", sends(self))]

    def read(self, call: Call) -> list[Order]:
        if "messages" not in call.json():
            raise Refusal(100)
        return [
            Order(sender=SENDER, recipient=item["to"], reference=item["id"], template_name="hi", language="es")
            for item in call.json()["messages"]
        ]

    def account(self, call: Call) -> Account:
        account = call.world.account_with_token(self.slug, call.authorization("Bearer"))
        if account is None:
            raise Refusal(190)
        return account

    def refused(self, call: Call, refusal: Refusal) -> web.Response:
        return json_response({"refused": refusal.code}, 400)

    def refuses_request(self, code: int) -> bool:
        return code == 4

    def late(self, code: int) -> bool:
        return code == 131031

    def accepted(self, call: Call, results: Sequence[Result]) -> web.Response:
        return json_response([item.refusal.code if item.refusal else 0 for item in results])

    def status(self, fact: StatusFact) -> list[Note]:
        return []

    def inbound(self, fact: InboundFact) -> list[Note]:
        return []

    def render(self, account: Account, told: Sequence[Told]) -> Hook:
        return Hook(b"")


@pytest.fixture
def talk(tmp_path: Path) -> Callable[[str], tuple[int, Any, Simulator]]:
    """Send one message to each ending, in one request; returns the status, the answer and the simulator."""

    async def run(endings: str) -> tuple[int, Any, Simulator]:
        simulator = Simulator(tmp_path / "store", {**WIRES, "bulk": BulkWire()})
        account = {"waba_id": "a", "token": "t", "provider": "bulk"}
        number = {"phone_number_id": "n", "waba_id": "a", "display_phone_number": SENDER}
        body = [{"type": "BODY", "text": "Hola"}]
        template = {"waba_id": "a", "name": "hi", "language": "es", "category": "UTILITY", "components": body}
        seed(simulator, {"accounts": [account], "numbers": [number], "templates": [template]})
        simulator.tune(simulator.knobs.changed({"webhook_delay_ms": 1}))
        messages = [{"to": f"54911555501{digits}", "id": f"ref-{digits}"} for digits in endings.split()]
        async with TestClient(TestServer(build_application(simulator))) as client:
            order = {"messages": messages} if messages else {}
            try:
                response = await client.post("/bulk/send", json=order, headers={"Authorization": "Bearer t"})
            except aiohttp.ClientError as problem:
                return 0, type(problem).__name__, simulator
            while simulator.pending:
                await asyncio.sleep(0.01)
            is_json = response.content_type == "application/json"
            return response.status, await response.json() if is_json else None, simulator

    return lambda endings: asyncio.run(run(endings))


def results(simulator: Simulator) -> list[tuple[str, str]]:
    return [(item.reference, item.result) for item in simulator.record.requests]


def test_it_decides_each_message_of_a_request(talk: Any) -> None:
    status, answer, simulator = talk("50 33 51")

    assert (status, answer) == (200, [0, 131026, 0])
    assert results(simulator) == [("ref-50", "accepted"), ("ref-33", "refused"), ("ref-51", "accepted")]


def test_it_accepts_nothing_when_the_whole_request_is_refused(talk: Any) -> None:
    status, answer, simulator = talk("50 34")

    assert (status, answer) == (400, {"refused": 4})
    assert results(simulator) == [("ref-50", "refused"), ("ref-34", "refused")]
    assert not simulator.record.messages


def test_it_loses_the_answer_of_the_whole_request(talk: Any) -> None:
    status, answer, simulator = talk("50 25")

    assert (status, answer) == (0, "ServerDisconnectedError")
    assert results(simulator) == [("ref-50", "accepted"), ("ref-25", "accepted")]


def test_it_hides_behind_a_gateway_that_nothing_was_done(talk: Any) -> None:
    status, _, simulator = talk("50 40")

    assert status == 502
    assert results(simulator) == [("ref-50", "gateway_error"), ("ref-40", "gateway_error")]
    assert not simulator.record.messages


def test_it_accepts_what_is_only_refused_later(talk: Any) -> None:
    status, answer, simulator = talk("16")

    assert (status, answer) == (200, [0])
    (message,) = simulator.record.messages.values()
    assert [(item.status, item.code) for item in message.statuses] == [("failed", 131031)]


def test_it_keeps_a_status_that_the_vendor_does_not_tell(talk: Any) -> None:
    _, _, simulator = talk("50")

    (message,) = simulator.record.messages.values()
    assert [item.status for item in message.statuses] == ["sent", "delivered"]
    assert simulator.record.counts["deliveries"] == 0


def test_it_keeps_a_request_that_it_cannot_read(talk: Any) -> None:
    status, answer, simulator = talk("")

    assert (status, answer) == (400, {"refused": 100})
    assert [(item.body, item.result, item.code) for item in simulator.record.requests] == [("{}", "refused", 100)]
