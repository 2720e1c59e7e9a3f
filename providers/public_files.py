"""A file that a person names by its address: only over https, from public addresses, and no larger than may be.

A person could name an address inside our own network, and a public name may lead there too. So every address that the name
has is looked at, and the connection goes to the one that was looked at, not to what the name means a moment later.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import Any
from urllib.parse import urlsplit

import httpcore
import httpx
from django.conf import settings
from django.utils.translation import gettext as _

from providers.errors import PreparationFailed, Reason
from providers.http import CONNECT_SECONDS

MAX_BYTES = 16 * 1024 * 1024
TIMEOUT_SECONDS = 15.0
HEADERS = [("Accept", "image/*, video/*, application/pdf"), ("User-Agent", "HSM-Portal")]
#: Networks behind which an IPv4 address hides.
_TRANSLATED = (
    IPv6Network("64:ff9b::/96"),
    IPv6Network("64:ff9b:1::/48"),
    IPv6Network("2002::/16"),
    IPv6Network("2001::/32"),
)


@dataclass(frozen=True, slots=True)
class PublicFile:
    """A file with its type, seen in its first bytes: what a server says of it may be wrong."""

    name: str
    content_type: str
    content: bytes


def file_fetch(url: str) -> PublicFile:
    """The file at `url`. Raises PreparationFailed(MEDIA) with a sentence for people."""
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname:
        raise _refused(_("The address of the sample must begin with https://."))
    try:
        content = _read(str(httpx.URL(url)))
    except NotPublic as error:
        raise _refused(_("The address of the sample leads into a private network.")) from error
    except httpcore.TimeoutException as error:
        raise _refused(_("The server of the sample did not answer in time.")) from error
    except (httpcore.NetworkError, httpcore.ProtocolError, httpx.InvalidURL, OSError, ValueError) as error:
        raise _refused(_("The server of the sample could not be reached.")) from error
    kind = content_type_of(content)
    if not kind:
        raise _refused(_("The sample is no JPEG or PNG image, no MP4 video and no PDF."))
    return PublicFile(parts.path.rpartition("/")[2][-100:] or "sample", kind, content)


def content_type_of(content: bytes) -> str:
    """The type that the first bytes show; "" for one that WhatsApp takes no sample of."""
    if content.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if content.startswith(b"%PDF-"):
        return "application/pdf"
    return "video/mp4" if content[4:8] == b"ftyp" else ""


def is_public(address: str) -> bool:
    """Whether an IP address is on the open internet, and hides no other."""
    found = ip_address(address.partition("%")[0])
    hidden = isinstance(found, IPv6Address) and (
        found.ipv4_mapped is not None or any(found in network for network in _TRANSLATED)
    )
    return found.is_global and not found.is_multicast and not hidden


class NotPublic(Exception):
    """The address leads into a private network."""


class _Until(httpcore.NetworkStream):
    """A connection that is read and written until a moment, however slowly the other side goes on."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: float) -> None:
        self._stream, self._deadline = stream, deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._left(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        inner = self._stream.start_tls(ssl_context, server_hostname, self._left(timeout))
        return _Until(inner, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)

    def _left(self, timeout: float | None) -> float:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout
        return left if timeout is None else min(timeout, left)


class PublicOnly(httpcore.SyncBackend):
    """Connects to public addresses, and to the hosts named. Raises NotPublic for any other.

    Nothing goes on after `deadline` (of time.monotonic): a server that sends its headers letter by letter would keep a worker.
    """

    def __init__(self, private_hosts: Collection[str] = (), *, deadline: float) -> None:
        self.private_hosts = private_hosts
        self.deadline = deadline

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """As every backend, but to an address that was looked at."""
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = list(dict.fromkeys(str(each[4][0]) for each in found))
        if host not in self.private_hosts and not all(is_public(address) for address in addresses):
            raise NotPublic
        return _Until(self._connect(addresses, port, timeout, local_address, socket_options), self.deadline)

    def _connect(
        self,
        addresses: Sequence[str],
        port: int,
        timeout: float | None,
        local_address: str | None,
        socket_options: Iterable[Any] | None,
    ) -> httpcore.NetworkStream:
        for address in addresses[:-1]:
            # A name often has an address of a kind that this machine has no way to.
            with suppress(httpcore.ConnectError, httpcore.ConnectTimeout):
                return super().connect_tcp(address, port, timeout, local_address, socket_options)
        return super().connect_tcp(addresses[-1], port, timeout, local_address, socket_options)


def _read(url: str) -> bytes:
    deadline = time.monotonic() + TIMEOUT_SECONDS
    limits = {"connect": CONNECT_SECONDS, "read": CONNECT_SECONDS, "write": CONNECT_SECONDS, "pool": CONNECT_SECONDS}
    with (
        httpcore.ConnectionPool(
            ssl_context=httpx.create_ssl_context(),
            network_backend=PublicOnly(settings.SAMPLE_PRIVATE_HOSTS, deadline=deadline),
        ) as pool,
        pool.stream("GET", url, headers=HEADERS, extensions={"timeout": limits}) as response,
    ):
        if response.status != 200:
            # Where a redirect leads nobody has looked at.
            raise _refused(_("The server of the sample answers with HTTP %(status)s.") % {"status": response.status})
        content = bytearray()
        for chunk in response.iter_stream():
            content += chunk
            if len(content) > MAX_BYTES:
                limit = {"limit": MAX_BYTES // 1024 // 1024}
                raise _refused(_("The sample is larger than %(limit)s MB.") % limit)
        return bytes(content)


def _refused(sentence: str) -> PreparationFailed:
    return PreparationFailed(Reason.MEDIA, detail=sentence)
