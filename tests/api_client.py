"""Clients of the API for tests: each acts as one user through a key."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from rest_framework.test import APIClient

from hsm_portal.api_keys import SCOPES, api_key_create
from hsm_portal.models import User
from recontact.models import CostEntry, Customer, IdempotencyKey, Message, Query, QueryEvent, Recontact
from tests.factories import user_make

EVERYTHING: frozenset[str] = frozenset().union(*SCOPES.values())
KEPT = (CostEntry, Customer, IdempotencyKey, Message, Query, QueryEvent, Recontact)


class KeyClient(APIClient):
    """Sends JSON with an API key, and a new idempotency key with each POST unless `key` says otherwise."""

    user: User
    secret: str

    def send(self, path: str, body: Any, *, key: str = "", **headers: Any) -> Any:
        """POST `body` to /api/v1/`path`."""
        headers.setdefault("HTTP_IDEMPOTENCY_KEY", key or str(uuid.uuid4()))
        return self.post(f"/api/v1/{path}", body, format="json", **headers)

    def read(self, path: str) -> Any:
        """The JSON of GET /api/v1/`path`, which must succeed."""
        response = self.get(f"/api/v1/{path}")
        assert response.status_code == 200, response.content
        return response.json()


def client_make(
    *, user: User | None = None, scopes: Iterable[str] = tuple(SCOPES), permissions: Iterable[str] = EVERYTHING
) -> KeyClient:
    """A client whose key has `scopes` and whose user has `permissions` (both: all there are)."""
    client = KeyClient()
    client.user = user or user_make(permissions=permissions)
    _key, client.secret = api_key_create(user=client.user, name="Tests", scopes=list(scopes))
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {client.secret}")
    return client


def kept() -> dict[str, int]:
    """How many rows there are of everything that a send would leave behind."""
    return {model.__name__: model._default_manager.count() for model in KEPT}
