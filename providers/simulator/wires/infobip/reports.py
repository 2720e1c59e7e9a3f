"""What Infobip tells of a message: delivery and seen reports, inbound messages, rows of its reports and logs. Pure."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from decimal import Decimal

from providers.simulator.documents import Json, mapping
from providers.simulator.record import Message, Status
from providers.simulator.wires.contract import Note
from providers.simulator.wires.facts import InboundFact, PreferenceFact, StatusFact
from providers.simulator.wires.infobip.errors import DELIVERED, NO_ERROR, PENDING, UNDELIVERABLE, reported
from providers.simulator.world import Customer

#: A customer's sound is a voice message there.
FILES = {"audio": "VOICE"}
INTERACTIVE = {"button_reply": "INTERACTIVE_BUTTON_REPLY", "list_reply": "INTERACTIVE_LIST_REPLY"}


def stamp(at: float) -> str:
    """A time in seconds as Infobip writes it: milliseconds, and an offset without a colon."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{int(at % 1 * 1000):03d}+0000"


def status_notes(fact: StatusFact) -> list[Note]:
    """A delivery report at the end, a seen report after it; what is still under way is not told."""
    message = fact.message
    url = str(message.extra.get("notify_url", ""))
    if fact.status == "sent":
        return []
    if fact.status == "read":
        return [Note("SEEN", _seen(fact), url=url, stream="seen")]
    return [Note("DELIVERY", _delivery(fact), url=url, stream="delivery")]


def _delivery(fact: StatusFact) -> Json:
    message = fact.message
    callback = {"callbackData": message.extra["callback_data"]} if message.extra.get("callback_data") else {}
    return {
        "bulkId": str(message.extra.get("bulk_id", "")),
        "price": price_json(fact.price, fact.account.currency),
        **outcome_json(fact.status, fact.failure),
        "messageId": message.wamid,
        "doneAt": stamp(fact.at),
        "messageCount": 1,
        "sentAt": stamp(message.at),
        "to": message.to,
        "contact": _contact(fact.customer, hide_phone=message.bsuid_only),
        **callback,
    }


def _seen(fact: StatusFact) -> Json:
    # As published: `from` is the person, `to` the sender.
    return {
        "messageId": fact.message.wamid,
        "from": fact.message.to,
        "to": fact.number.digits,
        "sentAt": stamp(fact.message.at),
        "seenAt": stamp(fact.at),
        "applicationId": "default",
        "entityId": fact.account.waba_id,
        "contact": _contact(fact.customer, hide_phone=fact.message.bsuid_only),
    }


def outcome_json(status: str, failure: int | None) -> Json:
    """`status` and `error` of a report."""
    if failure is not None:
        return {"status": UNDELIVERABLE, "error": reported(failure)}
    return {"status": DELIVERED if status in ("delivered", "read") else PENDING, "error": NO_ERROR}


def price_json(price: Decimal | None, currency: str) -> Json:
    """A price; 0 for what is not charged."""
    return {"pricePerMessage": float(price or 0), "currency": currency}


def inbound_note(fact: InboundFact) -> Note:
    """A customer's message."""
    callback = {}
    if fact.last is not None and fact.last.extra.get("callback_data"):
        callback = {"callbackData": fact.last.extra["callback_data"]}
    paired = {"context": {"id": fact.context, "from": fact.number.digits}} if fact.context else {}
    value = {
        "from": fact.customer.user_id if fact.hide_phone else fact.customer.key,
        "to": fact.number.digits,
        "integrationType": "WHATSAPP",
        "receivedAt": stamp(fact.at),
        "messageId": fact.id,
        **callback,
        "message": {**_content(fact), **paired},
        "price": {"pricePerMessage": 0, "currency": fact.account.currency},
        "contact": _contact(fact.customer, hide_phone=fact.hide_phone),
    }
    return Note("INBOUND", value, stream="inbound")


def _content(fact: InboundFact) -> Json:
    if fact.kind == "button":
        return {"text": fact.text, "payload": fact.payload, "type": "BUTTON"}
    if fact.kind == "interactive":
        kind = str(fact.interactive.get("type"))
        chosen = mapping(fact.interactive.get(kind))
        return {"id": chosen.get("id"), "title": chosen.get("title"), "type": INTERACTIVE.get(kind, "UNSUPPORTED")}
    if fact.file is not None:
        url = f"https://xk9p2.api.infobip.com/whatsapp/1/senders/{fact.number.digits}/media/{fact.file.id}"
        named = {"filename": fact.file.name} if fact.file.name else {}
        return {"url": url, "caption": fact.text, **named, "type": FILES.get(fact.kind, fact.kind.upper())}
    return {"text": fact.text, "type": "TEXT"} if fact.kind == "text" else {"type": "UNSUPPORTED"}


def preference_note(fact: PreferenceFact) -> Note:
    """A customer stopped or resumed marketing messages."""
    content = {
        "sender": fact.number.digits,
        "from": fact.customer.key,
        "notificationMessagesStatus": fact.choice,
        "description": f"User requested to {fact.choice} marketing messages",
    }
    value = {"from": fact.number.digits, "content": content, "createdAt": stamp(fact.at)}
    # Never together with another in one webhook.
    return Note("PREFERENCE", value, stream=str(uuid.uuid4()))


def _contact(customer: Customer, *, hide_phone: bool) -> Json:
    contact: Json = {"name": customer.name}
    if customer.wa_id is not None and not hide_phone:
        contact["phoneNumber"] = customer.wa_id
    country, _, number = customer.user_id.partition(".")
    contact |= {"userId": customer.user_id, "parentUserId": f"{country}.ENT.{number}"}
    return {**contact, "username": customer.username or f"user{number[-6:]}"}


# --- what can be asked ---------------------------------------------------------------------------------------------------


def final_status(message: Message) -> Status | None:
    """The status that a report tells: the delivery or the failure; None while it is under way."""
    done = [status for status in message.statuses if status.status != "sent"]
    return done[0] if done else None


def report_row(message: Message, sender: str, status: Status) -> Json:
    """A row of ``/messages-api/1/reports``: no price."""
    return {
        "event": "DELIVERY",
        "channel": "WHATSAPP",
        "sender": sender,
        "destination": message.to,
        "sentAt": stamp(message.at),
        "doneAt": stamp(status.at),
        "bulkId": str(message.extra.get("bulk_id", "")),
        "messageId": message.wamid,
        "messageCount": 1,
        **outcome_json(status.status, status.code),
        "platform": {"entityId": message.waba_id, "applicationId": "default"},
    }


def log_row(message: Message, sender: str, price: Json) -> Json:
    """A row of ``/omni/1/logs``: also of what is still under way."""
    status = final_status(message)
    done = {"doneAt": stamp(status.at)} if status is not None else {}
    known = outcome_json(status.status, status.code) if status is not None else outcome_json("sent", None)
    return {
        "bulkId": str(message.extra.get("bulk_id", "")),
        "messageId": message.wamid,
        "to": message.to,
        "from": sender,
        "text": message.rendered,
        "sentAt": stamp(message.at),
        **done,
        "messageCount": 1,
        "mccMnc": "722000",
        "price": price,
        "status": known["status"],
        **({"error": known["error"]} if status is not None and status.code is not None else {}),
        "channel": "WHATSAPP",
    }
