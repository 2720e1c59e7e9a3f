"""A customer's file, fetched from the provider: streamed, never longer than the limit, only from where it may be.

A webhook names the address, and not every provider signs its webhooks. So an address on the open internet is looked at as
`public_files` does, and an account's key travels to the provider's own hosts alone.
"""

from __future__ import annotations

import ssl
import time
from dataclasses import dataclass
from functools import cache
from typing import BinaryIO
from urllib.parse import urljoin, urlsplit

import httpcore
import httpx

from providers.abilities import KeepsMedia, MediaSource
from providers.calls import provider_call_record
from providers.contracts import MediaPointer
from providers.credentials import CredentialsError
from providers.errors import MediaGone, ProviderCallError
from providers.http import CONNECT_SECONDS, url_problem
from providers.models import ProviderAccount
from providers.public_files import NotPublic, PublicOnly
from providers.registry import BadAdapter, UnknownProvider, adapter_for

TIMEOUT_SECONDS = 60.0
REDIRECTS = 3
_ACCEPT = {"Accept": "*/*", "Accept-Encoding": "identity", "User-Agent": "HSM-Portal"}
_GONE, _REDIRECTS = (404, 410), (301, 302, 303, 307, 308)


class MediaTooLarge(Exception):
    """The file is larger than the limit; it was not read to its end."""


class MediaUnavailable(Exception):
    """It could not be fetched now and may be later. The text says why, in a few words without an address."""


@dataclass(frozen=True, slots=True)
class FetchedMedia:
    """What was written: bytes, and the type that the server named."""

    size: int
    content_type: str


def media_fetch(*, account: ProviderAccount, pointer: MediaPointer, into: BinaryIO, limit: int) -> FetchedMedia:
    """Write the file into `into`, at most `limit` bytes. Raises MediaTooLarge, errors.MediaGone or MediaUnavailable."""
    if pointer.size is not None and pointer.size > limit:
        raise MediaTooLarge
    source = _source(account, pointer)
    deadline = time.monotonic() + TIMEOUT_SECONDS
    for _ in range(REDIRECTS + 1):
        _check(source)
        try:
            answer = _read(source, into, limit, deadline)
        except NotPublic as error:
            raise MediaUnavailable("The address is not on the open internet.") from error
        except httpcore.TimeoutException as error:
            raise MediaUnavailable("The server was too slow.") from error
        except (httpcore.NetworkError, httpcore.ProtocolError, httpx.InvalidURL, OSError, ValueError) as error:
            raise MediaUnavailable(f"The server could not be reached ({type(error).__name__}).") from error
        if isinstance(answer, FetchedMedia):
            return answer
        source = _redirected(source, answer)
    raise MediaUnavailable("The address leads from one to the next.")


def _source(account: ProviderAccount, pointer: MediaPointer) -> MediaSource:
    try:
        adapter = adapter_for(account.config())
    except (CredentialsError, UnknownProvider, BadAdapter) as error:
        raise MediaUnavailable("The account cannot be used.") from error
    if not isinstance(adapter, KeepsMedia):
        return MediaSource(pointer.url)
    try:
        return adapter.media_source(pointer)
    except ProviderCallError as error:
        provider_call_record(account_id=account.pk, purpose="media", exchange=error.exchange)
        raise MediaUnavailable(error.detail[:200] or str(error.reason)) from error


def _check(source: MediaSource) -> None:
    if source.is_own and not url_problem(source.url):
        return
    if urlsplit(source.url).scheme != "https":
        raise MediaUnavailable("The address does not begin with https://.")


def _read(source: MediaSource, into: BinaryIO, limit: int, deadline: float) -> FetchedMedia | str:
    """The file, or where its address leads."""
    url = str(httpx.URL(source.url))
    private = (urlsplit(url).hostname or "",) if source.is_own else ()
    waits = {"connect": CONNECT_SECONDS, "read": 2 * CONNECT_SECONDS, "write": CONNECT_SECONDS, "pool": CONNECT_SECONDS}
    headers = list({**_ACCEPT, **source.headers}.items())
    with (
        httpcore.ConnectionPool(
            ssl_context=_ssl_context(), network_backend=PublicOnly(private, deadline=deadline)
        ) as pool,
        pool.stream("GET", url, headers=headers, extensions={"timeout": waits}) as response,
    ):
        told = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers}
        if response.status in _REDIRECTS and told.get("location"):
            return told["location"]
        if response.status in _GONE:
            raise MediaGone
        if response.status != 200:
            raise MediaUnavailable(f"The server answers with HTTP {response.status}.")
        length = told.get("content-length", "")
        if length.isascii() and length.isdigit() and int(length) > limit:
            raise MediaTooLarge
        into.seek(0)
        into.truncate()
        size = 0
        for chunk in response.iter_stream():
            size += len(chunk)
            if size > limit:
                raise MediaTooLarge
            into.write(chunk)
        return FetchedMedia(size, told.get("content-type", "").partition(";")[0].strip().lower()[:100])


def _redirected(source: MediaSource, location: str) -> MediaSource:
    """The next address; the key of the account stays behind unless it is the same host."""
    url = urljoin(source.url, location)
    same = urlsplit(url).netloc == urlsplit(source.url).netloc
    return MediaSource(url, source.headers if same else {}, is_own=source.is_own and same)


@cache
def _ssl_context() -> ssl.SSLContext:
    return httpx.create_ssl_context()
