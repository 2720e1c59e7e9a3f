"""Vonage's webhooks: statuses with the price, inbound messages. Pure."""

from __future__ import annotations

import hashlib
import uuid
from datetime import UTC, datetime

from providers.simulator.documents import Json, mapping
from providers.simulator.wires.contract import Note
from providers.simulator.wires.facts import InboundFact, StatusFact
from providers.simulator.wires.vonage.errors import reported
from providers.simulator.wires.vonage.tokens import signed_token
from providers.simulator.world import Account

WORDS = {"sent": "submitted", "delivered": "delivered", "read": "read"}
REPLIES = ("button_reply", "list_reply")


def stamp(at: float) -> str:
    """A time in seconds as Vonage writes it."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def status_note(fact: StatusFact) -> Note:
    """A status, to the message's own address where it named one."""
    message = fact.message
    word, error = reported(fact.failure) if fact.failure is not None else (WORDS[fact.status], None)
    value: Json = {
        "message_uuid": message.wamid,
        "to": fact.customer.user_id if message.bsuid_only else message.to,
        "from": fact.number.digits,
        "timestamp": stamp(fact.at),
        "status": word,
        "channel": "whatsapp",
    }
    if message.reference:
        value["client_ref"] = message.reference
    if error is not None:
        value["error"] = error
    if fact.price is not None:
        value["usage"] = {"currency": fact.account.currency, "price": f"{fact.price:.4f}"}
    if fact.status == "delivered":
        recipient = {"user_id": fact.customer.user_id, "parent_user_id": ""}
        recipient["wa_id"] = "" if message.bsuid_only else fact.customer.wa_id or ""
        value["whatsapp"] = {"recipient": recipient, "waba_id": waba_id(fact.account)}
    return Note("STATUS", value, url=str(message.extra.get("webhook_url", "")))


def inbound_note(fact: InboundFact) -> Note:
    """A customer's message."""
    value: Json = {
        "channel": "whatsapp",
        "message_uuid": fact.id,
        "to": fact.number.digits,
        "from": fact.customer.user_id if fact.hide_phone else fact.customer.key,
        "timestamp": stamp(fact.at),
        "profile": {"name": fact.customer.name},
        **_content(fact),
        "context_status": "available" if fact.context else "none",
    }
    if fact.context:
        value["context"] = {"message_uuid": fact.context, "message_from": fact.number.digits}
    return Note("INBOUND", value, url=fact.account.settings.get("inbound_url", ""))


def _content(fact: InboundFact) -> Json:
    if fact.kind == "button":
        return {"message_type": "button", "button": {"payload": fact.payload, "text": fact.text}}
    if fact.kind == "interactive":
        chosen = mapping(fact.interactive.get(str(fact.interactive.get("type"))))
        return {"message_type": "reply", "reply": {"id": chosen.get("id"), "title": chosen.get("title")}}
    if fact.file is not None:
        kind = "file" if fact.kind == "document" else fact.kind
        words = {name: word for name, word in (("caption", fact.text), ("name", fact.file.name)) if word}
        return {"message_type": kind, kind: {"url": f"https://api-eu.nexmo.com/v3/media/{fact.file.id}", **words}}
    return {"message_type": "text", "text": fact.text} if fact.kind == "text" else {"message_type": "unsupported"}


def waba_id(account: Account) -> str:
    """The WhatsApp account as paths and webhooks name it."""
    return account.settings.get("waba_id", account.waba_id)


def authorization(account: Account, body: bytes, at: float) -> str:
    """The header of one attempt: a token over the body's hash."""
    claims = {
        "iat": int(at),
        "jti": str(uuid.uuid4()),
        "iss": "Vonage",
        "payload_hash": hashlib.sha256(body).hexdigest(),
        "api_key": account.settings.get("api_key", ""),
        "application_id": account.settings.get("application_id", ""),
    }
    return f"Bearer {signed_token(claims, account.app_secret)}"
