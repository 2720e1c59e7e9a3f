"""The signature of what is sent: HMAC-SHA256 with the subscription's secret over the moment and the body. Pure."""

from __future__ import annotations

import hashlib
import hmac

HEADER = "HSM-Signature"
#: How far a receiver should let the moment differ from its own clock, seconds.
TOLERANCE = 300


def signature(body: bytes, *, secret: str, at: int) -> str:
    """The header's value, `t=<unix seconds>,v1=<hex>`; `at` is the moment of this try."""
    return f"t={at},v1={_digest(body, secret=secret, at=str(at))}"


def is_signed(body: bytes, header: str, *, secret: str, now: int) -> bool:
    """Whether the header fits the body and is fresh, as a receiver checks it: in constant time, and within TOLERANCE."""
    parts = dict(part.partition("=")[::2] for part in header.split(","))
    at, told = parts.get("t", ""), parts.get("v1", "")
    if not (at.isascii() and at.isdigit()) or abs(now - int(at)) > TOLERANCE:
        return False
    return hmac.compare_digest(told.encode(), _digest(body, secret=secret, at=at).encode())


def _digest(body: bytes, *, secret: str, at: str) -> str:
    return hmac.new(secret.encode(), at.encode() + b"." + body, hashlib.sha256).hexdigest()
