"""How a webhook proves where it comes from, and the checks that providers without a signature of their own leave to us.

All comparisons take constant time and none raises on odd bytes.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Mapping

from providers.contracts import BadSignature, Protection, WebhookRequest

#: The header in which providers send back the secret that was entered with their webhook's address.
SECRET_HEADER = "x-hook-secret"  # noqa: S105 - a header's name
#: The user of basic authentication in the webhook's address: https://hsm:SECRET@host/...
BASIC_USER = "hsm"


def same(given: str, expected: str) -> bool:
    """Whether both texts are the same, in constant time; never for an empty `expected`."""
    return bool(expected) and hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode("utf-8", "replace"))


def secret_verify(request: WebhookRequest, *, secret: str, header: str = SECRET_HEADER) -> None:
    """Accept the account's secret in `header` or as the password of basic authentication. Raises BadSignature.

    Without a secret on the account only the unguessable path protects it: then every request that found the path passes.
    """
    if not secret:
        return
    if same(request.headers.get(header, "").strip(), secret):
        return
    if same(basic_password(request.headers), secret):
        return
    raise BadSignature("The request does not carry the account's webhook secret.")


def secret_protection(secret: str) -> Protection:
    """What protects an account that is checked by `secret_verify`."""
    return Protection.SECRET if secret else Protection.PATH


def basic_password(headers: Mapping[str, str]) -> str:
    """The password of basic authentication when its user is ours, else ""."""
    scheme, _space, value = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        user, _colon, password = base64.b64decode(value.strip(), validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return ""
    return password if user == BASIC_USER else ""
