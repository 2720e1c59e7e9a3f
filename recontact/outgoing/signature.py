"""The signature of what is sent: HMAC-SHA256 with the subscription's secret over the moment and the body. Pure."""

from __future__ import annotations

import hashlib
import hmac

HEADER = "HSM-Signature"


def signature(body: bytes, *, secret: str, at: int) -> str:
    """The header's value, `t=<unix seconds>,v1=<hex>`; `at` is the moment of this try."""
    signed = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={signed}"
