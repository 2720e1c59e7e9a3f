"""Meta's payloads by name, the account they belong to, and the signing of a body."""

from __future__ import annotations

import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

from providers.adapters.meta import MetaCloudApi
from providers.contracts import AccountConfig, BadItem, Event, WebhookRequest

DIRECTORY = Path(__file__).parents[3] / "payloads" / "meta"
WABA = "301945226341870"
APP_SECRET = "0123456789abcdef0123456789abcdef"


def payload(name: str) -> Any:
    """The parsed JSON of `name`.json."""
    return json.loads((DIRECTORY / f"{name}.json").read_bytes())


def names(pattern: str) -> list[str]:
    """The names that fit `pattern`, without .json."""
    return sorted(path.name.removesuffix(".json") for path in DIRECTORY.glob(f"{pattern}.json"))


def adapter(base_url: str = "", credentials: dict[str, str] | None = None) -> MetaCloudApi:
    """The adapter of the account of the payloads."""
    values = {"access_token": "EAAtesttoken0123456789", "app_secret": APP_SECRET, "verify_token": "s3cret-verify"}
    return MetaCloudApi(
        AccountConfig(1, "meta", WABA, {**values, **(credentials or {})}, base_url, timeout_seconds=2.0)
    )


def parse(body: Any) -> list[Event | BadItem]:
    """The events of `body` (anything JSON can hold, or raw bytes)."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return adapter().parse_webhook(WebhookRequest(raw, {}))


def signed(body: bytes, secret: str = APP_SECRET) -> WebhookRequest:
    """`body` with Meta's signature."""
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return WebhookRequest(body, {"x-hub-signature-256": f"sha256={digest}"})


def webhook(field: str, value: Any, *, time: Any = 1794153600) -> dict[str, Any]:
    """A body with one change."""
    entry = {"id": WABA, "time": time, "changes": [{"field": field, "value": value}]}
    return {"object": "whatsapp_business_account", "entry": [entry]}


def messages(**value: Any) -> dict[str, Any]:
    """A body with one change of the field `messages`."""
    metadata = {"display_phone_number": "5491155550199", "phone_number_id": "298117653388214"}
    return webhook("messages", {"messaging_product": "whatsapp", "metadata": metadata, **value})


def only(body: Any) -> Event | BadItem:
    """The one event of `body`."""
    events = parse(body)
    assert len(events) == 1
    return events[0]
