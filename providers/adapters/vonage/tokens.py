"""The two JSON Web Tokens: ours, that authorizes a call (RS256), and Vonage's, that signs a webhook (HS256)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import re
import time
import uuid
from functools import lru_cache
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from providers.contracts import BadSignature, JsonObject, WebhookRequest
from providers.reading import whole_number
from providers.webhook_protection import same

TOKEN_SECONDS = 900
# A webhook older than this may be a copy that somebody kept; clocks may differ by as much the other way.
SIGNATURE_SECONDS = 300

_PEM = re.compile(r"-----BEGIN ([A-Z ]+)-----(.*?)-----END \1-----", re.DOTALL)


class BadKey(Exception):
    """The private key cannot be used. The message holds nothing of it."""


def bearer_token(application_id: str, private_key: str) -> str:
    """A token for one call, good for fifteen minutes. Raises BadKey."""
    now = int(time.time())
    claims = {
        "application_id": application_id,
        "iat": now,
        "exp": now + TOKEN_SECONDS,
        "jti": str(uuid.uuid4()),
    }
    signed = f"{_encoded({'alg': 'RS256', 'typ': 'JWT'})}.{_encoded(claims)}"
    signature = _key(private_key).sign(signed.encode(), padding.PKCS1v15(), SHA256())
    return f"{signed}.{_text(signature)}"


@lru_cache(maxsize=64)
def _key(private_key: str) -> rsa.RSAPrivateKey:
    found = _PEM.search(private_key.replace("\\n", "\n"))
    if found is None:
        raise BadKey("It is no private key in PEM format.")
    # A field of one line takes the line ends away that the format needs.
    kind, inner = found.group(1), re.sub(r"\s+", "", found.group(2))
    lines = [inner[start : start + 64] for start in range(0, len(inner), 64)]
    pem = "\n".join([f"-----BEGIN {kind}-----", *lines, f"-----END {kind}-----", ""])
    try:
        key = load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise BadKey("The private key cannot be read.") from error
    if not isinstance(key, rsa.RSAPrivateKey):
        raise BadKey("The private key is no RSA key.")
    return key


# --- webhooks ------------------------------------------------------------------------------------------------------------


def signature_verify(request: WebhookRequest, *, secret: str) -> None:
    """Raise BadSignature unless the token is signed with the secret, of these minutes, and made for this very body."""
    scheme, _space, token = request.headers.get("authorization", "").partition(" ")
    signed, _dot, signature = token.strip().rpartition(".")
    header, _dot, claims = signed.partition(".")
    if not secret or scheme.lower() != "bearer" or _decoded(header).get("alg") != "HS256":
        raise BadSignature("The request carries no token signed with the account's signature secret.")
    digest = hmac.new(secret.encode(), signed.encode("utf-8", "replace"), hashlib.sha256).digest()
    if not same(signature, _text(digest)):
        raise BadSignature("The token is not signed with the account's signature secret.")
    said = _decoded(claims)
    if not same(str(said.get("payload_hash", "")).lower(), hashlib.sha256(request.body).hexdigest()):
        raise BadSignature("The token was made for another body.")
    issued = whole_number(said.get("iat"))
    if issued is None or abs(time.time() - issued) > SIGNATURE_SECONDS:
        raise BadSignature("The token is too old.")


def _text(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def _encoded(value: JsonObject) -> str:
    return _text(json.dumps(value, separators=(",", ":")).encode())


def _decoded(value: str) -> dict[str, Any]:
    """The JSON object in a part of a token; an empty one when there is none."""
    try:
        parsed = json.loads(base64.urlsafe_b64decode(value.encode() + b"=" * (-len(value) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        return {}
    return parsed if isinstance(parsed, dict) else {}
