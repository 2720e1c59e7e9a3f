"""The values of webhooks, field by field as Meta sends them. Pure."""

from __future__ import annotations

import hashlib

from providers.simulator.documents import Json
from providers.simulator.record import Message
from providers.simulator.wires.meta.errors import failure_items
from providers.simulator.world import Account, Customer, Number, Template

FIRST_VERSION_WITHOUT_CONVERSATION = 24.0
PAUSES = {
    1: ("FIRST_PAUSE", "Your WhatsApp message template has been paused for 3 hours because it continued to have issues."),
    2: ("SECOND_PAUSE", "Your WhatsApp message template has been paused for 6 hours because it continued to have issues."),
}  # fmt: skip
DISABLED_TEXT = "Your WhatsApp message template has been disabled because it continued to have issues."


def metadata(number: Number) -> Json:
    """Which business number a value is about."""
    return {"display_phone_number": number.digits, "phone_number_id": number.phone_number_id}


def contact(customer: Customer, *, hide_phone: bool = False) -> Json:
    """The customer's profile; a username user has no phone on the wire."""
    profile: Json = {"name": customer.name}
    shown_phone = None if hide_phone else customer.wa_id
    username = customer.username or (f"user{customer.user_id[-6:]}" if shown_phone is None else None)
    if username is not None:
        profile["username"] = username
    phone = {} if shown_phone is None else {"wa_id": shown_phone}
    return {"profile": profile, **phone, "user_id": customer.user_id}


def status_value(
    account: Account,
    number: Number,
    customer: Customer,
    message: Message,
    *,
    status: str,
    at: int,
    pricing: Json | None,
    failure: int | None,
) -> Json:
    """The value of a status. Before v24.0 it carries a conversation, and neither contacts nor user id."""
    modern = version_number(account.graph_version) >= FIRST_VERSION_WITHOUT_CONVERSATION
    item: Json = {"id": message.wamid, "status": status, "timestamp": str(at)}
    shown_phone = None if message.bsuid_only else message.wa_id
    if shown_phone is not None:
        item["recipient_id"] = shown_phone
    if modern and (failure is None or shown_phone is None):
        item["recipient_user_id"] = message.user_id
    if message.reference:
        item["biz_opaque_callback_data"] = message.reference
    if failure is not None:
        item["errors"] = failure_items(failure)
    conversation = None if failure is not None else _conversation(message, pricing, status, at, modern=modern)
    if conversation is not None:
        item["conversation"] = conversation
    if pricing is not None:
        item["pricing"] = pricing
    value: Json = {"messaging_product": "whatsapp", "metadata": metadata(number)}
    if modern and failure is None:
        value["contacts"] = [contact(customer, hide_phone=message.bsuid_only)]
    return {**value, "statuses": [item]}


def _conversation(message: Message, pricing: Json | None, status: str, at: int, *, modern: bool) -> Json | None:
    free_entry = pricing is not None and pricing["type"] == "free_entry_point"
    if modern and not free_entry:
        return None
    origin = "referral_conversion" if free_entry else message.category
    conversation: Json = {"id": hashlib.sha256(message.wamid.encode()).hexdigest()[:32]}
    if status == "sent":
        conversation["expiration_timestamp"] = str(at + 24 * 3600)
    return {**conversation, "origin": {"type": origin}}


def version_number(version: str) -> float:
    """``v25.0`` as 25.0; 0 when it is no version."""
    try:
        return float(version.removeprefix("v"))
    except ValueError:
        return 0.0


def inbound_value(number: Number, customer: Customer, message: Json, *, hide_phone: bool) -> Json:
    """The value that carries a customer's message."""
    return {
        "messaging_product": "whatsapp",
        "metadata": metadata(number),
        "contacts": [contact(customer, hide_phone=hide_phone)],
        "messages": [message],
    }


def preference_value(number: Number, customer: Customer, choice: str, at: int) -> Json:
    """The value of ``user_preferences``: the customer stopped or resumed marketing messages."""
    phone = {} if customer.wa_id is None else {"wa_id": customer.wa_id}
    preference = {
        **phone,
        "detail": f"User requested to {choice} marketing messages",
        "category": "marketing_messages",
        "value": choice,
        "timestamp": at,
    }
    return {
        "messaging_product": "whatsapp",
        "metadata": metadata(number),
        "contacts": [contact(customer)],
        "user_preferences": [preference],
    }


def template_head(template: Template) -> Json:
    """How template webhooks name their template (the id is an integer here)."""
    return {
        "message_template_id": int(template.id),
        "message_template_name": template.name,
        "message_template_language": template.language,
    }


def template_status_value(template: Template, event: str, *, at: int, reason: str | None, unpaused: bool) -> Json:
    """The value of ``message_template_status_update``."""
    value: Json = {
        "event": event,
        **template_head(template),
        "reason": reason,
        "message_template_category": template.category,
    }
    if event == "PAUSED":
        title, description = PAUSES.get(template.pauses, PAUSES[1])
        value["other_info"] = {"title": title, "description": description}
    elif event == "DISABLED":
        value["disable_info"] = {"disable_date": str(at)}
        value["other_info"] = {"title": "DISABLED", "description": DISABLED_TEXT}
    elif unpaused:
        value["other_info"] = {
            "title": "UNPAUSE",
            "description": "Your WhatsApp message template has been unpaused.",
        }
    elif event == "REJECTED" and reason == "INVALID_FORMAT":
        value["rejection_info"] = {
            "reason": "Your template has parameters placed next to each other (like {{1}}{{2}}) without text or "
            "punctuation between them.",
            "recommendation": "Separate parameters with descriptive text and ensure each parameter is clearly "
            "contextualized.",
        }
    return value


def template_components_value(template: Template) -> Json:
    """The value of ``message_template_components_update``."""
    value = template_head(template)
    for component in template.components:
        kind = str(component.get("type", "")).upper()
        if kind == "HEADER" and component.get("text"):
            value["message_template_title"] = component["text"]
        elif kind == "BODY":
            value["message_template_element"] = component.get("text", "")
        elif kind == "FOOTER":
            value["message_template_footer"] = component.get("text", "")
        elif kind == "BUTTONS":
            value["message_template_buttons"] = [_button_value(button) for button in component.get("buttons", [])]
    return value


def _button_value(button: Json) -> Json:
    value: Json = {
        "message_template_button_type": str(button.get("type", "")).upper(),
        "message_template_button_text": button.get("text", ""),
    }
    if button.get("url"):
        value["message_template_button_url"] = button["url"]
    if button.get("phone_number"):
        value["message_template_button_phone_number"] = button["phone_number"]
    return value
