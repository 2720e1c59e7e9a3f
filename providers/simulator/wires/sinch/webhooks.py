"""Sinch's callbacks, the message as its look-up shows it, and the signature. Pure."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime

from providers.simulator.documents import Json, mapping
from providers.simulator.record import Message
from providers.simulator.wires.contract import Note
from providers.simulator.wires.facts import InboundFact, StatusFact
from providers.simulator.wires.sinch.errors import reason
from providers.simulator.world import Account

LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
ULID_LENGTH = 26
STATUSES = {"sent": "QUEUED_ON_CHANNEL", "delivered": "DELIVERED", "read": "READ", "failed": "FAILED"}


def new_ulid() -> str:
    """A new id."""
    return "01" + "".join(secrets.choice(LETTERS) for _ in range(ULID_LENGTH - 2))


def ulid_of(*names: str) -> str:
    """The id that always belongs to these names."""
    digest = hashlib.sha256("\0".join(names).encode()).digest()
    return "01" + "".join(LETTERS[byte % len(LETTERS)] for byte in digest[: ULID_LENGTH - 2])


def iso(at: float) -> str:
    """A time in seconds as Sinch writes it."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _contact(phone_number_id: str, customer_key: str, identity: str) -> Json:
    return {
        "channel_identity": {"channel": "WHATSAPP", "identity": identity, "app_id": ""},
        "conversation_id": ulid_of("conversation", phone_number_id, customer_key),
        "contact_id": ulid_of("contact", customer_key),
    }


def _envelope(account: Account, trigger: str, accepted: float, at: float, correlation_id: str) -> tuple[Json, Json]:
    head = {
        "app_id": account.settings.get("app_id", ""),
        "accepted_time": iso(accepted),
        "event_time": iso(at),
        "project_id": account.settings.get("project_id", ""),
        "trigger": trigger,
    }
    return head, {"message_metadata": "", "correlation_id": correlation_id}


def status_note(fact: StatusFact) -> Note:
    """A MESSAGE_DELIVERY callback."""
    message = fact.message
    report = {
        "message_id": message.wamid,
        "status": STATUSES[fact.status],
        **_contact(message.phone_number_id, message.customer_key, message.wa_id or message.user_id),
        "metadata": message.reference,
        "processing_mode": message.extra["mode"],
    }
    if fact.failure is not None:
        report["reason"] = reason(fact.failure)
    head, tail = _envelope(fact.account, "MESSAGE_DELIVERY", message.at, fact.at, message.extra["correlation_id"])
    value = {**head, "message_delivery_report": report, **tail}
    return Note("MESSAGE_DELIVERY", value, url=message.extra["callback_url"])


def inbound_note(fact: InboundFact) -> Note:
    """A MESSAGE_INBOUND callback; a tapped button is a choice."""
    if fact.kind == "text":
        content: Json = {"text_message": {"text": fact.text}}
    elif fact.file is not None:
        ending = fact.file.content_type.partition(";")[0].rpartition("/")[2]
        content = {"media_message": {"url": f"https://media.sinch.com/media/{fact.file.id}.{ending}"}}
    else:
        chosen = mapping(fact.interactive.get(str(fact.interactive.get("type"))))
        content = {
            "choice_response_message": {
                "message_id": fact.context,
                "postback_data": str(chosen.get("id") or fact.payload),
            }
        }
    key = fact.customer.key
    identity = fact.customer.user_id if fact.hide_phone else key
    message = {
        "id": fact.id,
        "direction": "TO_APP",
        "contact_message": content,
        **_contact(fact.number.phone_number_id, key, identity),
        "metadata": "",
        "accept_time": iso(fact.at),
        "sender_id": fact.number.digits,
        "processing_mode": "CONVERSATION",
    }
    correlation_id = str(fact.last.extra["correlation_id"]) if fact.last is not None else ""
    head, tail = _envelope(fact.account, "MESSAGE_INBOUND", fact.at, fact.at, correlation_id)
    return Note("MESSAGE_INBOUND", {**head, "message": message, **tail})


def message_json(message: Message) -> Json:
    """An accepted message as the look-up shows it."""
    return {
        "id": message.wamid,
        "direction": "TO_CONTACT",
        "app_message": message.extra["app_message"],
        **_contact(message.phone_number_id, message.customer_key, message.wa_id or message.user_id),
        "metadata": message.reference,
        "accept_time": iso(message.at),
        "processing_mode": message.extra["mode"],
    }


def signature(secret: str, body: bytes, nonce: str, timestamp: str) -> str:
    """Base64 of the HMAC-SHA256 over body, nonce and timestamp, joined by dots."""
    signed = b".".join((body, nonce.encode(), timestamp.encode()))
    return base64.b64encode(hmac.new(secret.encode(), signed, hashlib.sha256).digest()).decode()


def signature_headers(secret: str, body: bytes, at: float) -> Mapping[str, str]:
    """The four headers of one attempt."""
    nonce, timestamp = new_ulid(), str(int(at))
    return {
        "x-sinch-webhook-signature": signature(secret, body, nonce, timestamp),
        "x-sinch-webhook-signature-algorithm": "HmacSHA256",
        "x-sinch-webhook-signature-nonce": nonce,
        "x-sinch-webhook-signature-timestamp": timestamp,
    }
