"""The accounts that webhooks come for, remembered in each web process with their adapters: no look-up and no decryption a call.

What is remembered may be out of date, so it decides nothing alone: a signature that does not fit is looked at again with
the account as it is stored, and a delivery is kept only if the account still is what its signature was checked with
(`providers.inbox_storing.delivery_store`).
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from providers.contracts import Provider
from providers.models import ProviderAccount
from providers.registry import adapter_for


@dataclass(frozen=True, slots=True)
class WebhookAccount:
    """An account as its webhooks need it: who it is, the credentials as stored, and the adapter that knows them."""

    pk: int
    provider: str
    key: uuid.UUID
    credentials: bytes
    adapter: Provider


_REMEMBERED: dict[tuple[str, uuid.UUID], WebhookAccount] = {}


def account_remembered(provider: str, key: uuid.UUID) -> WebhookAccount | None:
    """The account of this address as this process saw it last."""
    return _REMEMBERED.get((provider, key))


def account_load(provider: str, key: uuid.UUID) -> WebhookAccount | None:
    """The account of this address as it is stored; None when there is none. Remembered from here on.

    Raises CredentialsError, UnknownProvider or BadAdapter for one that cannot be used.
    """
    _REMEMBERED.pop((provider, key), None)
    row = ProviderAccount.objects.filter(provider=provider, webhook_key=key).first()
    if row is None:
        return None
    account = WebhookAccount(row.pk, provider, key, bytes(row.credentials), adapter_for(row.config()))
    _REMEMBERED[provider, key] = account
    return account
