"""Clients of the API: each acts as one user through a key."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from rest_framework.test import APIClient

from hsm_portal.api_keys import SCOPES, api_key_create
from hsm_portal.models import User
from tests.factories import user_make

EVERYTHING = sorted(frozenset().union(*SCOPES.values()))


class KeyClient(APIClient):
    """Sends JSON with an API key, and a new idempotency key with each POST unless `key` says otherwise."""

    user: User

    def send(self, path: str, body: Any, *, key: str | None = None, **headers: Any) -> Any:
        headers.setdefault("HTTP_IDEMPOTENCY_KEY", key or str(uuid.uuid4()))
        return self.post(path, body, format="json", **headers)


def client_make(
    *, user: User | None = None, scopes: Iterable[str] = tuple(SCOPES), permissions: Iterable[str] = EVERYTHING
) -> KeyClient:
    """A client whose key has `scopes` and whose user has `permissions` (all that any scope names)."""
    client = KeyClient()
    client.user = user or user_make(permissions=permissions)
    _key, secret = api_key_create(user=client.user, name="Tests", scopes=list(scopes))
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    return client


ClientMake = Callable[..., KeyClient]


@pytest.fixture
def api(db: None) -> KeyClient:
    """A client that may do everything."""
    return client_make()
