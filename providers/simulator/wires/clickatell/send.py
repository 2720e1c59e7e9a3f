"""Clickatell's request and answer: up to 200 messages, each an ``hsm`` or a ``content``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from providers.simulator.documents import Json, mapping, sequence
from providers.simulator.parameters import by_name
from providers.simulator.refusal import Refusal
from providers.simulator.wires.clickatell.errors import BadMessage, message_error
from providers.simulator.wires.contract import Order, Result

LARGEST_REQUEST = 200


def orders_of(body: Json) -> list[Order]:
    """The messages of a request; raises Refusal(100) when it cannot be read."""
    items = sequence(body.get("messages"))
    if not items or len(items) > LARGEST_REQUEST:
        raise Refusal(100, f"Between 1 and {LARGEST_REQUEST} messages.")
    return [_order(mapping(item)) for item in items]


def _order(item: Json) -> Order:
    hsm = mapping(item.get("hsm"))
    parameters = mapping(hsm.get("parameters"))
    content = item.get("content")
    return Order(
        sender=_text(item.get("from")),
        recipient=_text(item.get("to")),
        reference=_text(item.get("clientMessageId")),
        text=content if isinstance(content, str) and not hsm else None,
        template_name=_text(hsm.get("template")),
        fill=by_name({name: str(value) for name, value in parameters.items()}),
        extra={"to": item.get("to")},
        problem=_problem(item, hsm, parameters),
    )


def _problem(item: Json, hsm: Json, parameters: Json) -> Refusal | None:
    if item.get("channel") != "whatsapp" or not _text(item.get("to")):
        return BadMessage()
    if not _text(item["to"]).isdigit():
        return BadMessage("105", "Invalid Destination Address.")
    if bool(hsm) == isinstance(item.get("content"), str):
        return BadMessage()
    if hsm and (not _text(hsm.get("template")) or not all(isinstance(value, str) for value in parameters.values())):
        return BadMessage()
    return None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def answer_body(results: Sequence[Result]) -> tuple[int, Json]:
    """HTTP status and body: 202, or 207 when a message was refused alone."""
    refused = any(result.refusal is not None for result in results)
    return 207 if refused else 202, {"messages": [_result(result) for result in results], "error": None}


def _result(result: Result) -> Json:
    order, message = result.order, result.message
    return {
        "apiMessageId": message.wamid if message else None,
        "accepted": message is not None,
        "to": order.extra["to"],
        "clientMessageId": order.reference or None,
        "error": message_error(result.refusal) if result.refusal else None,
    }
