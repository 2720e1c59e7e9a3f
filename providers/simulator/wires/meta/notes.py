"""What Meta's webhooks say: the note for each fact. Shared by providers that pass Meta's webhooks on."""

from __future__ import annotations

from providers.simulator.documents import Json
from providers.simulator.media import StoredFile
from providers.simulator.wires.contract import Note
from providers.simulator.wires.facts import InboundFact, NumberFact, PreferenceFact, StatusFact, TemplateFact
from providers.simulator.wires.meta import payloads

NOTICE_SECONDS = 24 * 3600
UNSUPPORTED = {
    "code": 131051,
    "title": "Message type unknown",
    "message": "Message type unknown",
    "error_data": {"details": "Message type is currently not supported."},
}


def status_note(fact: StatusFact) -> Note:
    """A status."""
    value = payloads.status_value(
        fact.account,
        fact.number,
        fact.customer,
        fact.message,
        status=fact.status,
        at=fact.at,
        pricing=fact.pricing,
        failure=fact.failure,
    )
    return Note("messages", value)


def inbound_note(fact: InboundFact) -> Note:
    """A customer's message."""
    message: Json = {}
    if fact.context:
        message["context"] = {"from": fact.number.digits, "id": fact.context}
    if not fact.hide_phone:
        message["from"] = fact.customer.wa_id
    message.update(from_user_id=fact.customer.user_id, id=fact.id, timestamp=str(fact.at), type=fact.kind)
    if fact.kind == "text":
        message["text"] = {"body": fact.text}
    elif fact.kind == "button":
        message["button"] = {"payload": fact.payload, "text": fact.text}
    elif fact.kind == "interactive":
        message["interactive"] = fact.interactive
    elif fact.file is not None:
        message[fact.kind] = _file(fact, fact.file)
    elif fact.content is not None:
        message[fact.kind] = fact.content
    else:
        message["errors"] = [UNSUPPORTED]
    if fact.referral is not None:
        message["referral"] = fact.referral
    return Note("messages", payloads.inbound_value(fact.number, fact.customer, message, hide_phone=fact.hide_phone))


def _file(fact: InboundFact, file: StoredFile) -> Json:
    about: Json = {"mime_type": file.content_type, "sha256": file.sha256, "id": file.id}
    if file.name and fact.kind == "document":
        about["filename"] = file.name
    return {"caption": fact.text, **about} if fact.text else about


def preference_note(fact: PreferenceFact) -> Note:
    """A customer stopped or resumed marketing messages."""
    return Note("user_preferences", payloads.preference_value(fact.number, fact.customer, fact.choice, fact.at))


def number_note(fact: NumberFact) -> Note:
    """A customer changed her number: a ``system`` message without contacts."""
    message: Json = {
        "from": fact.customer.wa_id,
        "id": fact.id,
        "timestamp": str(fact.at),
        "system": {
            "body": f"User {fact.customer.name} changed from {fact.customer.wa_id} to {fact.fresh}",
            "wa_id": fact.fresh,
            "type": "user_changed_number",
        },
        "type": "system",
    }
    metadata = payloads.metadata(fact.number)
    return Note("messages", {"messaging_product": "whatsapp", "metadata": metadata, "messages": [message]})


def template_note(fact: TemplateFact) -> Note:
    """A change of a template."""
    head = payloads.template_head(fact.template)
    if fact.change == "components":
        return Note("message_template_components_update", payloads.template_components_value(fact.template))
    if fact.change == "quality":
        scores = {"previous_quality_score": fact.before, "new_quality_score": fact.word}
        return Note("message_template_quality_update", {**scores, **head})
    if fact.change == "category":
        value = {**head, "previous_category": fact.before, "new_category": fact.word}
        return Note("template_category_update", value)
    if fact.change == "category_impending":
        value = {
            **head,
            "new_category": fact.before,
            "correct_category": fact.word,
            "category_update_timestamp": fact.at + NOTICE_SECONDS,
        }
        return Note("template_category_update", value)
    unpaused = (fact.before, fact.word) == ("PAUSED", "APPROVED")
    value = payloads.template_status_value(fact.template, fact.word, at=fact.at, reason=fact.reason, unpaused=unpaused)
    return Note("message_template_status_update", value)
