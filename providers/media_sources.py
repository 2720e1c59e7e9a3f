"""To which hosts an account's key may travel when a file is fetched. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from urllib.parse import urlsplit

from providers.abilities import MediaSource


def own_source(url: str, *, hosts: Collection[str], headers: Mapping[str, str], base_url: str) -> MediaSource:
    """The source behind `url`: with the account's `headers` on the provider's own hosts (and below them), without elsewhere.

    A test server (`base_url`) stands in for those hosts.
    """
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    is_theirs = any(host == own or host.endswith(f".{own}") for own in hosts)
    if base_url and is_theirs:
        rest = f"{parts.path}?{parts.query}" if parts.query else parts.path
        return MediaSource(base_url.rstrip("/") + rest, headers, is_own=True)
    if base_url and host == urlsplit(base_url).hostname:
        return MediaSource(url, headers, is_own=True)
    return MediaSource(url, headers if is_theirs and parts.scheme == "https" else {})
