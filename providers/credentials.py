"""Provider credentials at rest: encrypted as one Fernet token, shown only masked, re-encrypted when keys rotate.

The keys are `settings.CREDENTIALS_KEYS`, newest first: the first encrypts, all decrypt.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

from providers.contracts import CredentialField

DOTS = "••••"
_TAIL = 4
# A secret shorter than this would give away too much of itself by its last four characters.
_SHORTEST_WITH_TAIL = 12


class CredentialsError(Exception):
    """Credentials cannot be encrypted or decrypted. The message says what to do and holds no value."""


def credentials_encrypt(values: Mapping[str, str]) -> bytes:
    """One token that holds `values`, encrypted with the first key. Raises CredentialsError without a usable key."""
    return _cipher().encrypt(json.dumps(dict(values), sort_keys=True).encode())


def credentials_decrypt(token: bytes) -> dict[str, str]:
    """The values of a token; an empty token holds none. Raises CredentialsError when no key fits."""
    if not token:
        return {}
    try:
        values = json.loads(_cipher().decrypt(token))
    except InvalidToken as error:
        raise CredentialsError(
            "The stored credentials fit none of the keys in CREDENTIALS_KEYS. "
            "Put back the key they were encrypted with, or enter the credentials again."
        ) from error
    return {str(name): str(value) for name, value in values.items()}


def credentials_rotate(token: bytes) -> bytes:
    """The same values under the first key; an empty token stays empty. Raises CredentialsError when no key fits."""
    if not token:
        return b""
    try:
        return _cipher().rotate(token)
    except InvalidToken as error:
        raise CredentialsError(
            "The stored credentials fit none of the keys in CREDENTIALS_KEYS, so they cannot be re-encrypted. "
            "Put the old key after the new one."
        ) from error


def credential_masked(value: str) -> str:
    """What may be shown of a secret: dots and its last four characters, dots alone when it is short, "" when empty."""
    if not value:
        return ""
    return DOTS + value[-_TAIL:] if len(value) >= _SHORTEST_WITH_TAIL else DOTS


def credentials_masked(fields: Iterable[CredentialField], values: Mapping[str, str]) -> dict[str, str]:
    """The declared fields as they may be shown: secrets masked, the others as they are. Undeclared values are left out."""
    return {
        field.name: credential_masked(values.get(field.name, "")) if field.secret else values.get(field.name, "")
        for field in fields
    }


def credentials_missing(fields: Iterable[CredentialField], values: Mapping[str, str]) -> list[CredentialField]:
    """The required fields that have no value."""
    return [field for field in fields if field.required and not values.get(field.name, "").strip()]


def _cipher() -> MultiFernet:
    keys = [key for key in settings.CREDENTIALS_KEYS if key]
    if not keys:
        raise CredentialsError(
            "CREDENTIALS_KEYS is empty: provider credentials can be neither stored nor read. Make a key with "
            "`python -c 'from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())'`."
        )
    return MultiFernet([_fernet(position, key) for position, key in enumerate(keys, start=1)])


def _fernet(position: int, key: str) -> Fernet:
    try:
        return Fernet(key)
    except ValueError:
        # From None, so that no traceback repeats a part of the key.
        raise CredentialsError(
            f"Key number {position} in CREDENTIALS_KEYS is not a Fernet key (32 bytes, URL-safe base64)."
        ) from None
