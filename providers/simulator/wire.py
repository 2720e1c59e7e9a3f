"""JSON as it goes over the wire: the types, and the exact bytes that Meta would send."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

Json = dict[str, Any]
_COMPACT = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_ESCAPED = json.JSONEncoder(ensure_ascii=True, separators=(",", ":"))


def compact_bytes(document: Any) -> bytes:
    """The document as compact UTF-8 JSON (answers and the journal)."""
    return _COMPACT.encode(document).encode()


def webhook_bytes(document: Any) -> bytes:
    """The document as Meta writes webhooks: non-ASCII as lower-case ``\\uXXXX`` and slashes escaped."""
    return _ESCAPED.encode(document).replace("/", "\\/").encode("ascii")


def signature(app_secret: str, body: bytes) -> str:
    """The value of ``X-Hub-Signature-256``: HMAC-SHA256 over the raw bytes, keyed with the app secret."""
    return "sha256=" + hmac.new(app_secret.encode(), body, hashlib.sha256).hexdigest()


def mapping(value: Any) -> Json:
    """The value if it is a JSON object, else an empty one: for reading what a client sent without trusting it."""
    return value if isinstance(value, dict) else {}


def sequence(value: Any) -> list[Any]:
    """The value if it is a JSON array, else an empty one."""
    return value if isinstance(value, list) else []
