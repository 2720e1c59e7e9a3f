"""The envelope of webhooks: entries, changes, the bytes that Meta writes, and the signature over them."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Sequence
from typing import Any

import aiohttp

from providers.simulator.documents import Json
from providers.simulator.wires.contract import Told

AGENT = "facebookexternalua"
_ESCAPED = json.JSONEncoder(ensure_ascii=True, separators=(",", ":"))


def webhook_bytes(document: Any) -> bytes:
    """The document as Meta writes webhooks: non-ASCII as lower-case ``\\uXXXX`` and slashes escaped."""
    return _ESCAPED.encode(document).replace("/", "\\/").encode("ascii")


def signature(app_secret: str, body: bytes) -> str:
    """The value of ``X-Hub-Signature-256``: HMAC-SHA256 over the raw bytes, keyed with the app secret."""
    return "sha256=" + hmac.new(app_secret.encode(), body, hashlib.sha256).hexdigest()


def envelope(told: Sequence[Told]) -> Json:
    """The body for these notes: entries by halves when there are several, statuses side by side in one value."""
    half = (len(told) + 1) // 2
    groups = [told] if len(told) < 3 else [told[:half], told[half:]]
    return {"object": "whatsapp_business_account", "entry": [_entry(group) for group in groups]}


def _entry(told: Sequence[Told]) -> Json:
    entry: Json = {"id": told[0].waba_id}
    if all(item.note.field not in ("messages", "user_preferences") for item in told):
        entry["time"] = told[0].at
    changes: list[Json] = []
    for item in told:
        note = item.note
        last = changes[-1]["value"] if changes else {}
        if "statuses" in note.value and "statuses" in last and _same_head(last, note.value):
            statuses = [*last["statuses"], *note.value["statuses"]]
            changes[-1] = {"value": {**last, "statuses": statuses}, "field": note.field}
        else:
            changes.append({"value": note.value, "field": note.field})
    return {**entry, "changes": changes}


def _same_head(first: Json, second: Json) -> bool:
    return first.get("metadata") == second.get("metadata") and first.get("contacts") == second.get("contacts")


async def handshake(session: aiohttp.ClientSession, url: str, verify_token: str) -> str | None:
    """Verify a callback URL as Meta does: GET with a challenge. Returns what is wrong, or None."""
    challenge = str(secrets.randbelow(9 * 10**9) + 10**9)
    query = {"hub.mode": "subscribe", "hub.challenge": challenge, "hub.verify_token": verify_token}
    try:
        async with session.get(url, params=query, timeout=aiohttp.ClientTimeout(total=10)) as response:
            answered = (await response.text()).strip()
    except (aiohttp.ClientError, TimeoutError, ValueError) as problem:
        return f"the callback could not be reached: {type(problem).__name__}"
    if response.status != 200:
        return f"the callback answered HTTP {response.status}"
    return None if answered == challenge else "the callback did not echo the challenge"
