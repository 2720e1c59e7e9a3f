"""A message as Bird shows it everywhere, its events, and their signature. Pure."""

from __future__ import annotations

import base64
import hashlib
import hmac
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime

from providers.simulator.documents import Json
from providers.simulator.record import Message
from providers.simulator.wires.contract import Note
from providers.simulator.wires.facts import InboundFact, StatusFact
from providers.simulator.wires.messagebird.errors import NOT_DELIVERED, failure
from providers.simulator.world import Number

OUTBOUND, INBOUND, INTERACTION = "whatsapp.outbound", "whatsapp.inbound", "whatsapp.interaction"
# `read` is no status of a message: it is told as an interaction.
STATUSES = {"sent": "sent", "delivered": "delivered", "read": "delivered"}


def iso(at: float) -> str:
    """A time in seconds as Bird writes it."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _id(*names: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, ":".join(names)))


def _contact(message_key: str) -> Json:
    return {"id": _id("contact", message_key), "identifierKey": "phonenumber", "identifierValue": f"+{message_key}"}


def _connector(number: Number) -> Json:
    return {"connector": {"id": _id("connector", number.phone_number_id), "identifierValue": f"+{number.digits}"}}


def failed_word(message: Message, code: int) -> str:
    """Whether WhatsApp could not deliver it, or did not take it."""
    handed_on = code in NOT_DELIVERED or any(item.status == "sent" for item in message.statuses)
    return "delivery_failed" if handed_on else "sending_failed"


def message_json(message: Message, number: Number) -> Json:
    """The message with its latest status."""
    latest = message.statuses[-1] if message.statuses else None
    word, code, at = "accepted", None, message.at
    if latest is not None:
        at, code = latest.at, latest.code
        word = STATUSES[latest.status] if code is None else failed_word(message, code)
    return _shown(message, number, word, at, code)


def _shown(message: Message, number: Number, word: str, at: float, code: int | None) -> Json:
    content: Json = {name: message.extra[name] for name in ("template", "body") if name in message.extra}
    return {
        "id": message.wamid,
        "channelId": message.phone_number_id,
        "sender": _connector(number),
        "receiver": {"contacts": [_contact(message.customer_key)]},
        **content,
        "status": word,
        "reason": "",
        "direction": "outgoing",
        **({"reference": message.reference} if message.reference else {}),
        "createdAt": iso(message.at),
        "updatedAt": iso(at),
        **({"failure": failure(code)} if code is not None else {}),
    }


def _note(event: str, payload: Json, url: str = "") -> Note:
    return Note(event, {"service": "channels", "event": event, "payload": payload}, url=url)


def status_note(fact: StatusFact) -> Note:
    """The message with its new status; ``read`` is an interaction."""
    message, url = fact.message, fact.message.extra["notification"]
    if fact.status == "read":
        payload = {
            "messageId": message.wamid,
            "platformId": message.phone_number_id,
            "channelId": message.phone_number_id,
            "type": "read",
            "createdAt": iso(fact.at),
        }
        return _note(INTERACTION, payload, url)
    word = STATUSES[fact.status] if fact.failure is None else failed_word(message, fact.failure)
    return _note(OUTBOUND, _shown(message, fact.number, word, fact.at, fact.failure), url)


def inbound_note(fact: InboundFact) -> Note:
    """What a customer wrote; a tapped button is its label."""
    at = iso(fact.at)
    sender = {**_contact(fact.customer.key), "annotations": {"name": fact.customer.name}}
    payload = {
        "id": fact.id,
        "channelId": fact.number.phone_number_id,
        "sender": {"contact": sender},
        "receiver": _connector(fact.number),
        "body": _content(fact),
        "status": "delivered",
        "direction": "incoming",
        "createdAt": at,
        "updatedAt": at,
    }
    return _note(INBOUND, payload)


def _content(fact: InboundFact) -> Json:
    if fact.file is None:
        return {"type": "text", "text": {"text": fact.text}}
    url = f"https://media.api.bird.com/media/{fact.file.id}"
    words = {"text": fact.text} if fact.text else {}
    if fact.kind == "image":
        return {"type": "image", "image": {"images": [{"mediaUrl": url}], **words}}
    named = {"filename": fact.file.name} if fact.file.name else {}
    file = {"mediaUrl": url, "contentType": fact.file.content_type, **named}
    return {"type": "file", "file": {"files": [file], **words}}


def signature(key: str, timestamp: str, url: str, body: bytes) -> str:
    """Base64 of HMAC-SHA256 over the time, the address, and the digest (as bytes) of the body."""
    signed = f"{timestamp}\n{url}\n".encode() + hashlib.sha256(body).digest()
    return base64.b64encode(hmac.new(key.encode(), signed, hashlib.sha256).digest()).decode()


def signature_headers(key: str, url: str, body: bytes, at: float) -> Mapping[str, str]:
    """The headers of one attempt."""
    timestamp = str(int(at))
    return {
        "messagebird-request-timestamp": timestamp,
        "messagebird-signature": signature(key, timestamp, url, body),
    }
