"""Keyed hashes that stand in for erased personal data."""

from __future__ import annotations

import hmac

from django.conf import settings


def keyed_hash(value: str) -> str:
    """HMAC-SHA256 of `value` in hex (64 characters): the same value gives the same hash, and none leads back."""
    return hmac.digest(settings.PERSONAL_DATA_KEY.encode(), value.encode(), "sha256").hex()
