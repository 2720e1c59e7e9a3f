"""Small TCP servers on the loopback that answer as badly as a test wants, and the making of messages to send to them."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from providers.contracts import OutboundMessage, Recipient, TemplateContent, TextContent
from providers.http import close_client

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
T = TypeVar("T")


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run `work` on a loop of its own and close that loop's HTTP client."""

    async def closing() -> T:
        try:
            return await work
        finally:
            await close_client()

    return asyncio.run(closing())


@asynccontextmanager
async def served(handler: Handler) -> AsyncIterator[str]:
    """The base URL of a server that runs `handler` for each connection."""

    async def guarded(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await handler(reader, writer)
        except ConnectionError:
            pass  # the client went away, which is what some tests are about
        finally:
            writer.close()

    server = await asyncio.start_server(guarded, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


async def request_read(reader: asyncio.StreamReader) -> bytes:
    """One whole HTTP request, head and body, as bytes."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(
        (int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0
    )
    return head + await reader.readexactly(length)


def answering(raw: bytes, requests: list[bytes] | None = None) -> Handler:
    """A handler that reads the request, sends `raw` and closes; `requests` collects what came."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await request_read(reader)
        if requests is not None:
            requests.append(request)
        writer.write(raw)
        await writer.drain()

    return handler


def answer(body: bytes, *, status: str = "200 OK", headers: str = "", length: int | None = None) -> bytes:
    """A raw HTTP answer. `length` lies about the body's length."""
    size = len(body) if length is None else length
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {size}\r\n{headers}"
    return f"{head}Connection: close\r\n\r\n".encode() + body


def free_port() -> int:
    """A port of the loopback on which nobody listens."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        port: int = holder.getsockname()[1]
        return port


def message(
    *,
    content: TemplateContent | TextContent | None = None,
    recipient: Recipient | None = None,
    reference: str = "hsm:01JC9Z6T8Q4V2K7M3N5P8R1S0T",
) -> OutboundMessage:
    """A message to the person of the fixtures; a text unless told otherwise."""
    return OutboundMessage(
        reference=reference,
        sender_external_id="298117653388214",
        sender_phone="+5491155550199",
        recipient=recipient or Recipient(phone="+5491155550100"),
        content=content or TextContent("Hola"),
    )
