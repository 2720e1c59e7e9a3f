"""How the answer to a send reaches the client, or does not: after which wait, and how much of it."""

from __future__ import annotations

import asyncio
import socket
import struct
from dataclasses import dataclass
from typing import Literal, TypeAlias

from aiohttp import web

from providers.simulator.knobs import Knobs

GATEWAY_PAGE = "<html><head><title>Sorry, something went wrong.</title></head><body></body></html>"
#: The whole answer; half of it, then the end; the end at once; or the same by RST, as a broken gateway does.
Ending: TypeAlias = Literal["whole", "half", "close", "reset"]


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, what the client gets of it, and after how many seconds."""

    response: web.Response
    wait: float = 0.0
    ending: Ending = "whole"


def reply_of(knobs: Knobs, response: web.Response, fate: str = "normal") -> Reply:
    """The reply that a fate's ``answer`` (or the knob ``lose_mode``) makes of a response."""
    wait = knobs.latency_ms / 1000
    if fate == "normal":
        return Reply(response, wait)
    if fate == "never":
        return Reply(response, wait + knobs.unanswered_ms / 1000, "close")
    if fate == "close":
        return Reply(response, wait, "close")
    if fate == "reset":
        return Reply(response, wait, "reset")
    if fate == "half":
        return Reply(response, wait, "half")
    if fate == "html_500":
        return Reply(gateway_page(500), wait)
    if fate == "junk":
        return Reply(web.Response(text="OK<!-- cached -->", content_type="text/html"), wait)
    return Reply(response, wait + knobs.slow_answer_ms / 1000)


def gateway_page(status: int) -> web.Response:
    """What a gateway answers in the provider's place."""
    return web.Response(status=status, text=GATEWAY_PAGE, content_type="text/html")


def body_of(response: web.Response) -> bytes:
    """The body of a response that was made of bytes or text."""
    return response.body if isinstance(response.body, bytes) else b""


async def deliver(request: web.Request, reply: Reply) -> web.StreamResponse:
    """Give the reply as the answer of an aiohttp handler."""
    if reply.wait:
        await asyncio.sleep(reply.wait)
    if reply.ending == "whole":
        return reply.response
    answer: web.StreamResponse = web.Response(status=500)
    if reply.ending == "half":
        body = body_of(reply.response)
        headers = {**reply.response.headers, "Content-Length": str(len(body))}
        answer = web.StreamResponse(status=reply.response.status, headers=headers)
        await answer.prepare(request)
        await answer.write(body[: len(body) // 2])
    if request.transport is not None:
        end(request.transport, reply.ending)
    return answer


def end(transport: asyncio.WriteTransport, ending: Ending) -> None:
    """End a connection: after what was written, or by RST."""
    if ending == "reset":
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    else:
        transport.close()
