"""One try to tell one address: https to the open internet only, no redirects, bounded in time and size.

A public name may lead into our own network, and lead elsewhere a moment after it was looked at. So what is looked at is the
address that the socket is made for, each time one is made.
"""

from __future__ import annotations

import asyncio
import socket
import time
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from django.conf import settings
from django.utils.translation import gettext as _

from providers.public_files import is_public
from recontact.outgoing.signature import HEADER, signature

TIMEOUT_SECONDS = 10.0
CONNECT_SECONDS = 5.0
#: An answer is only read for its beginning, and only where it refuses.
EXCERPT_BYTES = 2000


class PrivateAddress(OSError):
    """The name leads into a private network."""


@dataclass(frozen=True, slots=True)
class Told:
    """What came of one try: the status and the beginning of a refusal, or the error without an answer."""

    status: int | None
    duration_ms: int
    error: str = ""
    excerpt: str = ""

    @property
    def ok(self) -> bool:
        """Whether the address took it."""
        return self.status is not None and 200 <= self.status < 300


def address_problem(url: str) -> str:
    """Why nothing may be sent to `url`, in the active language; "" when it may as far as the address alone tells."""
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        return _("This is no address.")
    if not host or parts.username is not None or parts.fragment or any(letter.isspace() for letter in url):
        return _("Write the whole address: https://, the host and the path, without user and without #.")
    if host in settings.OUTGOING_PRIVATE_HOSTS:
        return ""
    if parts.scheme != "https":
        return _("The address must begin with https://.")
    return _("The address leads into a private network.") if _is_private(host) else ""


def _is_private(host: str) -> bool:
    """Whether the host is plainly of our own network; what a name leads to is seen when it is connected to."""
    if host == "localhost" or host.endswith((".localhost", ".local", ".internal")):
        return True
    try:
        ip_address(host)
    except ValueError:
        return False
    return not is_public(host)


def client_for(url: str, *, connections: int) -> aiohttp.ClientSession:
    """A client of the running loop for this address alone; the caller closes it."""
    connector = aiohttp.TCPConnector(
        limit=connections,
        ttl_dns_cache=None,
        use_dns_cache=False,
        socket_factory=_any_socket if urlsplit(url).hostname in settings.OUTGOING_PRIVATE_HOSTS else _public_socket,
    )
    return aiohttp.ClientSession(
        connector=connector,
        trust_env=False,
        auto_decompress=False,
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=None, connect=CONNECT_SECONDS, sock_connect=CONNECT_SECONDS),
    )


async def tell(client: aiohttp.ClientSession, *, url: str, body: bytes, uid: str, kind: str, secret: str) -> Told:
    """Make exactly one try. Whatever fails is an answer too; only a cancellation goes through."""
    started = time.monotonic()
    problem = address_problem(url)
    if problem:
        return Told(None, 0, "PrivateAddress")
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "HSM-Portal",
        "HSM-Event-Id": uid,
        "HSM-Event-Type": kind,
        HEADER: signature(body, secret=secret, at=int(time.time())),
    }
    status, excerpt, error = None, b"", ""
    try:
        async with (
            asyncio.timeout(TIMEOUT_SECONDS),
            client.post(url, data=body, headers=headers, allow_redirects=False) as response,
        ):
            status = response.status
            if not 200 <= status < 300:
                excerpt = await response.content.read(EXCERPT_BYTES)
    except (aiohttp.ClientError, OSError, ValueError, TimeoutError) as failure:
        # An answer whose end never came was given all the same.
        error = "" if status is not None else _name(failure)
    return Told(status, round((time.monotonic() - started) * 1000), error, excerpt.decode("utf-8", "replace"))


def _name(failure: BaseException) -> str:
    """The kind of failure: of what the connector wraps, the reason itself."""
    inner: BaseException | None = failure
    while inner is not None:
        if isinstance(inner, PrivateAddress):
            return PrivateAddress.__name__
        inner = inner.__cause__
    return type(failure).__name__


def _public_socket(address: Any) -> socket.socket:
    family, kind, protocol, _name_of_host, where = address
    if not is_public(str(where[0])):
        raise PrivateAddress(where[0])
    return socket.socket(family, kind, protocol)


def _any_socket(address: Any) -> socket.socket:
    family, kind, protocol, _name_of_host, _where = address
    return socket.socket(family, kind, protocol)
