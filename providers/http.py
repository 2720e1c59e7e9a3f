"""The only place that makes HTTP clients: explicit timeouts, no retries, no redirects, and a redacted record of each call.

A call that fails before anything could reach the provider is `Unavailable`; every other failure is `Uncertain`.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache, lru_cache
from ipaddress import ip_address
from typing import Any
from weakref import WeakKeyDictionary

import aiohttp
import httpx
import orjson
from django.conf import settings
from yarl import URL

from providers.contracts import Exchange
from providers.errors import Park, ProviderCallError, Reason, Rejected, SendError, Unavailable, Uncertain
from providers.http_call import Answer, Call
from providers.http_record import CallRecord, causes
from providers.time_limit import time_limit

__all__ = [
    "CONNECT_SECONDS",
    "MAX_CONNECTIONS",
    "MAX_LIST_BYTES",
    "Answer",
    "Call",
    "call_provider",
    "call_provider_sync",
    "client_for_running_loop",
    "clocks_watched",
    "close_client",
    "is_loopback_url",
    "url_problem",
]

CONNECT_SECONDS = 5.0
# Shorter than any provider's or proxy's own: a connection closed under a request costs an uncertain message.
KEEPALIVE_SECONDS = 3.0
MAX_CONNECTIONS = 256
MAX_LIST_BYTES = 16 * 1024 * 1024

# What aiohttp raises while it connects (pool, DNS, TCP, TLS), and at no other time.
CERTAINLY_NOT_SENT = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)
_NOT_AN_ANSWER = (aiohttp.ClientResponseError, aiohttp.ClientPayloadError)


class AnswerTooLarge(Exception):
    """The answer is larger than `Call.max_bytes`; it was not read to its end."""


class AnswerTooSlow(Exception):
    """The answer was still coming when the call's time was up."""


# --- sending ---------------------------------------------------------------------------------------------------------


async def call_provider(call: Call) -> Answer:
    """Make exactly one call on the event loop's own client. Raises SendError; a cancellation goes through untouched."""
    record = CallRecord(call)
    client = client_for_running_loop()
    request = _request_built(call, record)
    try:
        with time_limit(call.timeout):
            async with client.request(**request) as response:
                record.status = response.status
                body = await _read_capped(response.content, call.max_bytes)
    except Exception as error:
        raise transport_error(error, record.exchange(error=error)) from error
    return record.answer(response.status, response.headers.items(), body)


def transport_error(error: BaseException, exchange: Exchange) -> SendError:
    """What a failed call means. Only a cause that proves that nothing was written makes it `Unavailable`."""
    found = list(causes(error))
    if any(isinstance(cause, CERTAINLY_NOT_SENT) for cause in found):
        return Unavailable(Reason.NETWORK, detail=exchange.error, exchange=exchange)
    answered = exchange.status is not None or any(isinstance(cause, _NOT_AN_ANSWER) for cause in found)
    reason = Reason.UNREADABLE_ANSWER if answered else Reason.NO_ANSWER
    return Uncertain(reason, detail=exchange.error, exchange=exchange)


def _request_built(call: Call, record: CallRecord) -> dict[str, Any]:
    """The arguments of the request, encoded but not sent yet: whatever fails here is certainly not sent."""
    problem = url_problem(call.url)
    if problem:
        exchange = record.exchange(error=ValueError(problem))
        raise Unavailable(Reason.NETWORK, detail=problem, park=Park.ACCOUNT, exchange=exchange)
    try:
        return {**_encoded(call), "allow_redirects": False, "timeout": _client_timeout(call.timeout)}
    except Exception as error:
        exchange = record.exchange(error=error)
        raise Rejected(Reason.BAD_REQUEST, detail=exchange.error, exchange=exchange) from error


def _encoded(call: Call) -> dict[str, Any]:
    """Address, headers and body as they go over the wire. JSON, which nearly all is, is not sent through httpx's layers."""
    if call.json_body is not None and not call.params:
        headers = {name: value.encode("ascii").decode() for name, value in call.headers.items()}
        body = orjson.dumps(call.json_body)
        headers["Content-Type"] = "application/json"
        return {"method": call.method, "url": _normal_url(call.url), "headers": headers, "data": body}
    arguments = _request_arguments(call)
    arguments.pop("timeout")
    request = httpx.Request(**arguments)
    headers = {name: value for name, value in request.headers.items() if name not in ("host", "content-length")}
    url = URL(str(request.url), encoded=True)
    return {"method": call.method, "url": url, "headers": headers, "data": request.read() or None}


@lru_cache(maxsize=1024)
def _normal_url(url: str) -> URL:
    return URL(str(httpx.URL(url)), encoded=True)


@lru_cache(maxsize=16)
def _client_timeout(seconds: float) -> aiohttp.ClientTimeout:
    """Only of the way there: the whole call's time is the caller's to watch."""
    connect = _connect_seconds(seconds)
    return aiohttp.ClientTimeout(total=None, connect=connect, sock_connect=connect)


def _connect_seconds(seconds: float) -> float:
    return min(CONNECT_SECONDS, seconds / 2)


# --- managing --------------------------------------------------------------------------------------------------------


def call_provider_sync(call: Call) -> Answer:
    """Make exactly one management call. Raises ProviderCallError when there is no whole answer."""
    record = CallRecord(call)
    problem = url_problem(call.url)
    if problem:
        exchange = record.exchange(error=ValueError(problem))
        raise ProviderCallError(Reason.NETWORK, detail=problem, exchange=exchange)
    deadline = time.monotonic() + call.timeout
    try:
        with (
            httpx.Client(verify=_ssl_context(), trust_env=False, follow_redirects=False) as client,
            client.stream(**_request_arguments(call)) as response,
        ):
            record.status = response.status_code
            _clock_note(response.headers.get("date", ""))
            body = _read_capped_sync(response.iter_bytes(), call.max_bytes, deadline)
    except Exception as error:
        exchange = record.exchange(error=error)
        unreached = isinstance(error, httpx.ConnectError | httpx.ConnectTimeout)
        reason = Reason.NETWORK if unreached else Reason.PROVIDER_DOWN
        raise ProviderCallError(reason, detail=exchange.error, exchange=exchange) from error
    return record.answer(response.status_code, response.headers.multi_items(), body)


_clocks: ContextVar[list[float] | None] = ContextVar("clocks", default=None)


@contextmanager
def clocks_watched() -> Iterator[list[float]]:
    """Collects, for each management call answered within the block, how many seconds the server's clock is ahead of ours."""
    seen: list[float] = []
    token = _clocks.set(seen)
    try:
        yield seen
    finally:
        _clocks.reset(token)


def _clock_note(date: str) -> None:
    seen = _clocks.get()
    if seen is None or not date:
        return
    try:
        moment = parsedate_to_datetime(date)
    except ValueError:
        return
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    seen.append(aware.timestamp() - datetime.now(UTC).timestamp())


# --- clients ---------------------------------------------------------------------------------------------------------

_clients: WeakKeyDictionary[asyncio.AbstractEventLoop, aiohttp.ClientSession] = WeakKeyDictionary()


def client_for_running_loop() -> aiohttp.ClientSession:
    """The event loop's client, made on first use (so: after a fork) and kept open between uses."""
    loop = asyncio.get_running_loop()
    client = _clients.get(loop)
    if client is None or client.closed:
        connector = aiohttp.TCPConnector(limit=MAX_CONNECTIONS, keepalive_timeout=KEEPALIVE_SECONDS, ssl=_ssl_context())
        # The client is shared by accounts, so a cookie of one must never reach another.
        client = aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())
        # By itself aiohttp makes a PUT again when a kept connection breaks, and a provider may take its messages by PUT. There is
        # no public way to say no; a test would see it come back.
        client._retry_connection = False
        _clients[loop] = client
    return client


async def close_client() -> None:
    """Close the running loop's client, if it has one. For the end of a worker."""
    client = _clients.pop(asyncio.get_running_loop(), None)
    if client is not None:
        await client.close()


@cache
def _ssl_context() -> ssl.SSLContext:
    return httpx.create_ssl_context()


# --- parts -----------------------------------------------------------------------------------------------------------


def url_problem(url: str) -> str:
    """Why `url` may not be called, or "". Plain http is for this machine, and for the hosts that the settings name."""
    parsed = _scheme_and_host(url)
    if parsed is None:
        return "The address is not a URL."
    scheme, host = parsed
    if not host:
        return "The address has no host."
    if scheme == "https" or (scheme == "http" and (_is_loopback(host) or host in settings.PROVIDER_PLAIN_HTTP_HOSTS)):
        return ""
    return "The address must begin with https://."


@lru_cache(maxsize=1024)
def _scheme_and_host(url: str) -> tuple[str, str] | None:
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        return None
    return parsed.scheme, parsed.host


def is_loopback_url(url: str) -> bool:
    """Whether `url` leads to this machine."""
    return _is_loopback(httpx.URL(url).host)


@lru_cache(maxsize=256)
def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _request_arguments(call: Call) -> dict[str, Any]:
    connect = _connect_seconds(call.timeout)
    return {
        "method": call.method,
        "url": call.url,
        "headers": dict(call.headers),
        "params": dict(call.params) or None,
        "json": call.json_body,
        "data": dict(call.form) if call.form is not None else None,
        "files": _multipart(call),
        "content": call.content,
        "timeout": httpx.Timeout(call.timeout, connect=connect, pool=connect),
    }


def _multipart(call: Call) -> dict[str, Any] | None:
    fields: dict[str, Any] = {name: (None, value) for name, value in (call.multipart or {}).items()}
    if call.file is not None:
        name, file_name, content_type, content = call.file
        fields[name] = (file_name, content, content_type)
    return fields or None


async def _read_capped(content: aiohttp.StreamReader, limit: int) -> bytes:
    body = bytearray()
    while chunk := await content.readany():
        body += chunk
        if len(body) > limit:
            raise AnswerTooLarge(f"more than {limit} bytes")
    return bytes(body)


def _read_capped_sync(chunks: Iterator[bytes], limit: int, deadline: float) -> bytes:
    body = bytearray()
    for chunk in chunks:
        body += chunk
        if len(body) > limit:
            raise AnswerTooLarge(f"more than {limit} bytes")
        if time.monotonic() > deadline:
            raise AnswerTooSlow
    return bytes(body)
