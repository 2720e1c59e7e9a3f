"""The front door. The usual send of Meta's wire is read and answered here; everything else is aiohttp's.

A simulator that answers a thousand sends a second beside the portal must not take the portal's processor: aiohttp's way
through a request costs three times what is done here. Only what every client sends is understood: ``POST``, HTTP/1.1, a path
without escapes or query, ``Content-Length``. A connection on which anything else arrives is handed to aiohttp for good,
with the bytes that have not been answered.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import formatdate
from functools import lru_cache, partial
from typing import cast

from aiohttp import web
from multidict import CIMultiDict
from yarl import URL

from providers.simulator.agenda import Agenda
from providers.simulator.app import LARGEST_BODY
from providers.simulator.flow import decided
from providers.simulator.replies import Reply, body_of, end
from providers.simulator.simulator import Simulator
from providers.simulator.wires.contract import Call, Wire

SEND = re.compile(rb"POST (/(v\d+\.\d+)/([\w.-]+)/(?:marketing_)?messages) HTTP/1\.1\r\n")
LONGEST_HEAD = 16 * 1024
HEADS_KEPT = 1_000
#: Headers that ask for more than is understood here.
UNUSUAL = ("connection", "content-encoding", "expect", "transfer-encoding", "upgrade")


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a send, as wires read it of a request. ``length``: of the body, in bytes."""

    app: web.Application
    path: str
    match_info: Mapping[str, str]
    headers: CIMultiDict[str]
    length: int
    method: str = "POST"

    @property
    def query(self) -> Mapping[str, str]:
        """Nothing: a path with a query is not understood here."""
        return {}

    @property
    def url(self) -> URL:
        """The path."""
        return URL(self.path)


class Front:
    """What the connections share: the wire at the root, and the aiohttp server behind it."""

    def __init__(self, simulator: Simulator, wire: Wire, application: web.Application, server: web.Server) -> None:
        self.simulator = simulator
        self.wire = wire
        self.server = server
        self.answers = Agenda()
        self.open: set[Connection] = set()
        self._application = application
        self._heads: dict[bytes, Head | None] = {}

    def connection(self) -> Connection:
        """The protocol of a new connection."""
        return Connection(self)

    def close(self) -> None:
        """End all connections that aiohttp did not get."""
        self.answers.clear()
        for connection in list(self.open):
            connection.close()

    def head(self, text: bytes) -> Head | None:
        """The head of a send; None when it is anything else. A client's heads are much the same, so they are kept."""
        if text not in self._heads:
            if len(self._heads) >= HEADS_KEPT:
                self._heads.clear()
            self._heads[text] = self._read(text)
        return self._heads[text]

    def _read(self, text: bytes) -> Head | None:
        line = SEND.match(text)
        if line is None:
            return None
        headers: CIMultiDict[str] = CIMultiDict()
        for header in text[line.end() :].decode("utf-8", "surrogateescape").split("\r\n"):
            name, colon, value = header.partition(":")
            if not colon or name != name.strip():
                return None
            headers.add(name, value.strip())
        if len(headers.getall("Host", [])) != 1:
            return None
        lengths = headers.getall("Content-Length", [])
        if len(lengths) != 1 or not (lengths[0].isascii() and lengths[0].isdigit()) or int(lengths[0]) > LARGEST_BODY:
            return None
        if any(name in headers and headers[name].lower() != "keep-alive" for name in UNUSUAL):
            return None
        path, version, sender = (part.decode() for part in line.groups())
        return Head(self._application, path, {"version": version, "object_id": sender}, headers, int(lengths[0]))


class Connection(asyncio.Protocol):
    """One connection: a request is answered before the next one is looked at."""

    def __init__(self, front: Front) -> None:
        self._front = front
        self._unread = b""
        self._answering = False
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember the connection."""
        self._transport = cast(asyncio.Transport, transport)
        self._front.open.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it; what was still to be answered stays done."""
        self._transport = None
        self._front.open.discard(self)

    def data_received(self, data: bytes) -> None:
        """Take what arrived."""
        self._unread = self._unread + data if self._unread else data
        if not self._answering:
            self._read()

    def close(self) -> None:
        """End it."""
        if self._transport is not None:
            self._transport.abort()

    def _read(self) -> None:
        end_of_head = self._unread.find(b"\r\n\r\n")
        if end_of_head < 0:
            if len(self._unread) > LONGEST_HEAD or not b"POST /v".startswith(self._unread[:7]):
                self._hand_over()
            return
        head = self._front.head(self._unread[:end_of_head])
        if head is None:
            self._hand_over()
            return
        begin = end_of_head + 4
        if len(self._unread) < begin + head.length:
            return
        body, self._unread = self._unread[begin : begin + head.length], self._unread[begin + head.length :]
        self._answering = True
        self._answer(head, body)

    def _answer(self, head: Head, body: bytes) -> None:
        simulator = self._front.simulator
        call = Call(head, body, simulator.world, simulator.record, simulator.now())
        reply = decided(simulator, self._front.wire, call)
        if reply.wait:
            self._front.answers.add(reply.wait, partial(self._deliver, reply))
        else:
            self._deliver(reply)

    def _deliver(self, reply: Reply) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        if reply.ending in ("whole", "half"):
            body = body_of(reply.response)
            given = body if reply.ending == "whole" else body[: len(body) // 2]
            self._transport.write(_head_of(reply.response, len(body)) + given)
        if reply.ending != "whole":
            end(self._transport, reply.ending)
            return
        self._answering = False
        if self._unread:
            self._read()

    def _hand_over(self) -> None:
        transport, self._transport = self._transport, None
        if transport is None:
            return
        self._front.open.discard(self)
        handler = self._front.server()
        transport.set_protocol(handler)
        handler.connection_made(transport)
        handler.data_received(self._unread)


def _head_of(response: web.Response, length: int) -> bytes:
    lines = [
        f"HTTP/1.1 {response.status} {response.reason}",
        *(f"{name}: {value}" for name, value in response.headers.items()),
    ]
    return "\r\n".join([*lines, f"Content-Length: {length}", f"Date: {_date(int(time.time()))}", "", ""]).encode()


@lru_cache(maxsize=1)
def _date(second: int) -> str:
    return formatdate(second, usegmt=True)
