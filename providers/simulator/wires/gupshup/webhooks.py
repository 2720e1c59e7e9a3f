"""Gupshup's v2 events and the headers that they carry. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from providers.simulator.documents import Json, mapping
from providers.simulator.identity import calling_code
from providers.simulator.record import Message
from providers.simulator.wires.contract import Note
from providers.simulator.wires.facts import InboundFact, PreferenceFact, StatusFact, TemplateFact
from providers.simulator.wires.gupshup.errors import failure
from providers.simulator.world import Account

TEMPLATE_WORDS = {
    "APPROVED": "approved",
    "REJECTED": "rejected",
    "DISABLED": "disabled",
    "PAUSED": "paused",
    "DELETED": "deleted",
    "PENDING_DELETION": "deleted",
    "REINSTATED": "approved",
}


def headers(account: Account) -> Mapping[str, str]:
    """The headers that the subscription asked for."""
    return {"Content-Type": "application/json", **json.loads(account.settings.get("webhook_headers", "{}"))}


def whatsapp_id(message: Message) -> str:
    """WhatsApp's own id of a message, other than Gupshup's and always the same."""
    return "gBEG" + hashlib.sha256(message.wamid.encode()).hexdigest()[:24]


def status_notes(fact: StatusFact) -> list[Note]:
    """The event of a status; ``enqueued`` goes before the first of them, a price after the delivery."""
    notes = [] if fact.message.statuses else [_enqueued(fact)]
    notes.append(_status(fact))
    if fact.price is not None:
        notes.append(_billing(fact))
    return [note for note in notes if is_told(fact.account, note.field)]


def is_told(account: Account, mode: str) -> bool:
    """Whether the account's subscription has this mode; one that was never made tells everything."""
    modes = {word.strip().upper() for word in account.settings.get("modes", "ALL").split(",")}
    return "ALL" in modes or mode in modes


def _event(mode: str, kind: str, account: Account, at: int, payload: Json) -> Note:
    head = {"app": account.settings.get("app_name", account.name), "timestamp": at * 1000 + 12, "version": 2}
    return Note(mode, {**head, "type": kind, "payload": payload})


def _enqueued(fact: StatusFact) -> Note:
    inner = {"whatsappMessageId": whatsapp_id(fact.message), "type": "session"}
    payload = {"id": fact.message.wamid, "type": "enqueued", **_destination(fact), "payload": inner}
    return _event("ENQUEUED", "message-event", fact.account, int(fact.message.at), payload)


def _status(fact: StatusFact) -> Note:
    about: Json = {"id": whatsapp_id(fact.message)}
    if fact.account.settings.get("without_gs_id") != "yes":
        about["gsId"] = fact.message.wamid
    inner: dict[str, Any] = {"ts": fact.at}
    if fact.failure is not None:
        before_meta, code, words = failure(fact.failure)
        inner = {"code": code, "reason": words}
        if before_meta:
            about = {"id": fact.message.wamid}
    payload: Json = {**about, "type": fact.status, **_destination(fact), "payload": inner}
    if fact.status == "sent" and fact.pricing is not None:
        payload["pricing"] = {"policy": "PMP", "category": fact.pricing["category"], "type": fact.pricing["type"]}
    return _event(fact.status.upper(), "message-event", fact.account, fact.at, payload)


def _billing(fact: StatusFact) -> Note:
    pricing = mapping(fact.pricing)
    deductions = {
        "type": pricing.get("type", "regular"),
        "model": "PMP",
        "source": "whatsapp",
        "billable": pricing.get("billable", True),
        "category": str(pricing.get("category", fact.message.category)).replace("-", "_"),
    }
    references = {"id": whatsapp_id(fact.message), "gsId": fact.message.wamid, **_destination(fact)}
    payload = {"deductions": deductions, "references": references}
    return _event("BILLING", "billing-event", fact.account, fact.at, payload)


def _destination(fact: StatusFact) -> Json:
    if fact.message.bsuid_only:
        return {"destination": "", "userId": fact.customer.user_id}
    return {"destination": fact.customer.wa_id or ""}


FILES = {"document": "file"}
EXPIRY_SECONDS = 7 * 24 * 3600


def inbound_note(fact: InboundFact) -> Note | None:
    """A ``message``; of a kind that Gupshup does not tell nothing."""
    content = _content(fact)
    if content is None:
        return None
    kind, inner = content
    sender: Json = {"name": fact.customer.name}
    payload: Json = {"id": fact.id, "type": kind, "payload": inner}
    if fact.hide_phone or fact.customer.wa_id is None:
        sender["userId"] = fact.customer.user_id
    else:
        phone, code = fact.customer.wa_id, calling_code(fact.customer.wa_id)
        payload["source"] = phone
        sender |= {"phone": phone, "country_code": code, "dial_code": phone.removeprefix(code)}
    payload["sender"] = sender
    if fact.context:
        last = fact.last
        known = last is not None and last.wamid == fact.context
        payload["context"] = {"id": whatsapp_id(last) if last and known else fact.context, "gsId": fact.context}
    return _event("MESSAGE", "message", fact.account, fact.at, payload)


def _content(fact: InboundFact) -> tuple[str, Json] | None:
    if fact.kind == "text":
        return "text", {"text": fact.text}
    if fact.kind == "button":
        return "quick_reply", {"text": fact.text, "type": "button", "postbackText": fact.payload}
    if fact.file is not None:
        url = f"https://filemanager.gupshup.io/wa/media/{fact.file.id}"
        about: Json = {
            "url": url,
            "contentType": fact.file.content_type,
            "urlExpiry": (fact.at + EXPIRY_SECONDS) * 1000,
        }
        about |= {name: word for name, word in (("caption", fact.text), ("name", fact.file.name)) if word}
        return FILES.get(fact.kind, fact.kind), about
    for kind in ("button_reply", "list_reply"):
        if reply := mapping(fact.interactive.get(kind)):
            return kind, {"id": reply.get("id", ""), "title": reply.get("title", ""), "postbackText": reply.get("id")}
    return None


def preference_note(fact: PreferenceFact) -> Note:
    """A ``preference-event``: the customer stopped or resumed marketing."""
    detail = f"User requested to {fact.choice} marketing messages"
    choice = {
        "wa_id": fact.customer.wa_id,
        "detail": detail,
        "category": "marketing_messages",
        "value": fact.choice,
        "timestamp": fact.at,
    }
    payload = {"type": "user_preferences", "payload": {"user_preferences": [choice]}}
    return _event("OTHERS", "preference-event", fact.account, fact.at, payload)


def template_note(fact: TemplateFact) -> Note | None:
    """A ``template-event`` of a status; other changes are not told."""
    word = TEMPLATE_WORDS.get(fact.word)
    if fact.change != "status" or word is None:
        return None
    payload: Json = {
        "type": "status-update",
        "id": fact.template.id,
        "status": word,
        "elementName": fact.template.name,
        "languageCode": fact.template.language,
    }
    if word == "rejected":
        payload["rejectedReason"] = fact.reason or "NONE"
    return _event("TEMPLATE", "template-event", fact.account, fact.at, payload)
