"""Signed webhook requests made from the kept payloads, for tests of what happens after one arrives."""

from __future__ import annotations

import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

from django.test import Client

from providers.inbox import delivery_process
from providers.models import ProviderAccount, SenderNumber, WebhookDelivery
from tests.factories import CREDENTIALS, account_make, sender_number_make

PAYLOADS = Path(__file__).parent / "payloads" / "meta"
#: Of the account, the number and the customer in the payloads.
WABA_ID = "301945226341870"
NUMBER_ID = "298117653388214"
NUMBER_PHONE = "+5491155550199"
CUSTOMER_PHONE = "+5491155550100"
CUSTOMER_BSUID = "AR.27183920456611029384"


def payload(name: str) -> dict[str, Any]:
    """One kept payload, parsed, to be changed freely."""
    parsed: dict[str, Any] = json.loads((PAYLOADS / f"{name}.json").read_bytes())
    return parsed


def payload_account_make() -> ProviderAccount:
    """The account that the payloads are about."""
    return account_make(external_id=WABA_ID)


def payload_number_make(account: ProviderAccount | None = None, **fields: Any) -> SenderNumber:
    """The sender number that the payloads are about."""
    return sender_number_make(
        account=account or payload_account_make(), external_id=NUMBER_ID, phone=NUMBER_PHONE, **fields
    )


def signature(body: bytes, secret: str = CREDENTIALS["app_secret"]) -> str:
    """The signature header's value over the raw bytes."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def webhook_post(client: Client, account: ProviderAccount, body: bytes, **headers: str) -> Any:
    """POST `body` to the account's address, signed unless a signature is given."""
    headers.setdefault("X-Hub-Signature-256", signature(body))
    return client.post(account.webhook_path, data=body, content_type="application/json", headers=headers)


def delivery_make(account: ProviderAccount, content: dict[str, Any] | bytes) -> WebhookDelivery:
    """A stored delivery, not read yet."""
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return WebhookDelivery.objects.create(account=account, body=body)


def deliver(account: ProviderAccount, content: dict[str, Any] | bytes) -> WebhookDelivery:
    """A delivery stored and read."""
    delivery = delivery_process(delivery_make(account, content).pk)
    assert delivery is not None
    return delivery
