"""JSON web tokens: RS256 of the client's application read, HS256 of the webhooks made. Pure."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from providers.simulator.documents import Json, compact_bytes, mapping


def claims_of(token: str) -> Json:
    """The claims that a token makes, nothing verified; an empty object when it is none."""
    parts = token.split(".")
    if len(parts) != 3:
        return {}
    try:
        return mapping(json.loads(_decoded(parts[1])))
    except ValueError:
        return {}


def is_signed_by(token: str, public_key: str) -> bool:
    """Whether the RS256 signature is that of the key's owner."""
    signed, _, signature = token.rpartition(".")
    try:
        header = mapping(json.loads(_decoded(signed.partition(".")[0])))
        key = load_pem_public_key(public_key.encode())
        if header.get("alg") != "RS256" or not isinstance(key, RSAPublicKey):
            return False
        key.verify(_decoded(signature), signed.encode(), PKCS1v15(), SHA256())
    except (ValueError, InvalidSignature):
        return False
    return True


def signed_token(claims: Mapping[str, Any], secret: str) -> str:
    """An HS256 token."""
    signed = f"{_encoded(compact_bytes({'alg': 'HS256', 'typ': 'JWT'}))}.{_encoded(compact_bytes(dict(claims)))}"
    return f"{signed}.{_encoded(hmac.new(secret.encode(), signed.encode(), hashlib.sha256).digest())}"


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
