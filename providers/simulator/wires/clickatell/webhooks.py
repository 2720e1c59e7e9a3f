"""Clickatell's callbacks: one status or one message in each. Pure."""

from __future__ import annotations

from providers.simulator.documents import Json
from providers.simulator.wires.clickatell.errors import failed_status
from providers.simulator.wires.contract import Note
from providers.simulator.wires.facts import InboundFact, StatusFact
from providers.simulator.world import Account

STATUS, INBOUND = "messageStatusUpdate", "moText"
INTEGRATION = "ff80808158a1b2c30158a1b2c3d40001"
WORDS: dict[str, tuple[int | None, str]] = {
    "sent": (4, "SENT_TO_SUPPLIER"),
    "delivered": (5, "DEVICE_ACK"),
    "read": (6, "READ"),
}


def status_word(status: str, failure: int | None) -> tuple[int | None, str]:
    """Number and word of a status."""
    return WORDS[status] if failure is None else failed_status(failure)


def status_note(fact: StatusFact) -> Note:
    """The callback of a status."""
    number, word = status_word(fact.status, fact.failure)
    event: Json = {
        "channel": "whatsapp",
        "messageId": fact.message.wamid,
        "clientMessageId": fact.message.reference or None,
        "timestamp": fact.at * 1000,
        **({} if number is None else {"statusCode": number}),
        "status": word,
    }
    return Note(STATUS, _event(fact.account, STATUS, event))


def inbound_note(fact: InboundFact) -> Note:
    """The callback of a message; a tapped button comes as its label."""
    answered = fact.last if fact.context and fact.last and fact.last.wamid == fact.context else None
    event: Json = {
        "channel": "whatsapp",
        "messageId": fact.id,
        "relatedMessageId": fact.context or None,
        "relatedClientMessageId": answered.reference if answered else None,
        "from": fact.customer.key,
        "to": fact.number.digits,
        "timestamp": fact.at * 1000,
        "content": fact.text,
        "charset": "UTF-8",
        "whatsapp": {"profileName": fact.customer.name},
    }
    url = fact.account.settings.get("inbound_url", "")
    return Note(INBOUND, _event(fact.account, INBOUND, event), url=url)


def _event(account: Account, kind: str, event: Json) -> Json:
    return {
        "integrationId": account.settings.get("integration_id", INTEGRATION),
        "integrationName": account.settings.get("integration_name", "wa-prod"),
        "event": {kind: [event]},
    }
