"""Zenvia's events, their addresses and their headers. Pure."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime

from providers.simulator.documents import Json
from providers.simulator.wires.contract import Note
from providers.simulator.wires.facts import InboundFact, StatusFact
from providers.simulator.wires.zenvia.errors import NOT_DELIVERED, cause
from providers.simulator.world import Account

STATUS, MESSAGE = "MESSAGE_STATUS", "MESSAGE"
WORDS = {
    "sent": ("SENT", "The message has been forwarded to the provider"),
    "delivered": ("DELIVERED", "The message has been delivered"),
    "read": ("READ", "The message has been read"),
}
REJECTED = ("REJECTED", "The message was rejected by the provider")
UNDELIVERED = ("NOT_DELIVERED", "The message was not delivered")


def iso(at: int) -> str:
    """A time in seconds as Zenvia writes it."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def headers(account: Account, kind: str) -> Mapping[str, str]:
    """The headers that the subscription of this kind asked for."""
    asked = account.settings.get(f"{kind}_headers") or account.settings.get("webhook_headers", "{}")
    return {"Content-Type": "application/json", **json.loads(asked)}


def _note(account: Account, kind: str, at: int, event: Json) -> Note:
    url = account.settings.get(f"{kind}_url") or account.webhook_url
    head = {
        "id": str(uuid.uuid4()),
        "timestamp": iso(at).replace("Z", ".902Z"),
        "subscriptionId": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{account.waba_id}:{kind}")),
        "type": kind,
        "channel": "whatsapp",
    }
    return Note(kind, {**head, **event}, url=url)


def status_note(fact: StatusFact) -> Note:
    """A MESSAGE_STATUS event."""
    message = fact.message
    status: Json = {"timestamp": iso(fact.at), "channel": "whatsapp", "direction": "IN"}
    if fact.failure is None:
        status["code"], status["description"] = WORDS[fact.status]
    else:
        handed_on = fact.failure in NOT_DELIVERED or any(item.status == "sent" for item in message.statuses)
        status["code"], status["description"] = UNDELIVERED if handed_on else REJECTED
        status["causes"] = [cause(fact.failure)]
    about = {
        "id": message.wamid,
        **({"externalId": message.reference} if message.reference else {}),
        "contentIndex": 0,
        "direction": "OUT",
        "from": message.extra["from"],
        "to": message.extra["to"],
    }
    event = {"messageId": message.wamid, "contentIndex": 0, "message": about, "messageStatus": status}
    return _note(fact.account, STATUS, fact.at, event)


def inbound_note(fact: InboundFact) -> Note:
    """A MESSAGE event; a tapped button is a text with a payload."""
    content: Json = {"type": "text", "text": fact.text}
    if fact.file is not None:
        file = fact.file
        content = {
            "type": "file",
            "fileUrl": f"https://media.zenvia.com/media/{file.id}",
            "fileMimeType": file.content_type,
            **{name: word for name, word in (("fileCaption", fact.text), ("fileName", file.name)) if word},
        }
    elif fact.kind != "text":
        content["payload"] = fact.payload
    first, _, last = fact.customer.name.partition(" ")
    message: Json = {
        "id": fact.id,
        "from": fact.customer.key,
        "to": fact.number.digits,
        "direction": "IN",
        "channel": "whatsapp",
        "contents": [content],
        "visitor": {"name": fact.customer.name, "firstName": first, "lastName": last},
        "timestamp": iso(fact.at),
    }
    if fact.context:
        message["idRef"] = fact.context
    return _note(fact.account, MESSAGE, fact.at, {"direction": "IN", "message": message})
