"""The request of POST /{version}/{phone number id}/messages, and its answer."""

from __future__ import annotations

from collections.abc import Mapping

from providers.adapters.meta.errors import send_error
from providers.adapters.meta.vocabulary import NOT_HELD
from providers.contracts import (
    Accepted,
    Exchange,
    JsonObject,
    MediaContent,
    OutboundMessage,
    Recipient,
    TemplateContent,
    TextContent,
)
from providers.errors import Reason, Uncertain

# A carousel's cards hold components of the same shape, one level deeper.
_COMPONENT_PATHS = ("type", "sub_type", "index", "parameters.type", "parameters.parameter_name")
KEPT_PATHS = frozenset(
    {
        "messaging_product",
        "recipient_type",
        "type",
        "biz_opaque_callback_data",
        "template.name",
        "template.language.code",
        "template.components.cards.card_index",
        *(f"template.components.{path}" for path in _COMPONENT_PATHS),
        *(f"template.components.cards.components.{path}" for path in _COMPONENT_PATHS),
    }
)


def payload_build(message: OutboundMessage, *, media_id: str = "") -> JsonObject:
    """The body that sends `message`: a template, a text or a file (by its `media_id`, else by its link), to a phone or a
    business-scoped user id."""
    return {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        **_addressee(message.recipient),
        **_content(message.content, media_id),
        "biz_opaque_callback_data": message.reference,
    }


def answer_read(
    status: int, body: JsonObject | None, headers: Mapping[str, str], *, exchange: Exchange | None = None
) -> Accepted:
    """What Meta's answer says. Raises SendError unless the message was taken and has an id."""
    if not 200 <= status < 300 or body is None or "error" in body:
        raise send_error(status, body, headers, exchange=exchange)
    first = _first(body, "messages")
    message_id = first.get("id")
    if not isinstance(message_id, str) or not message_id:
        raise Uncertain(Reason.UNREADABLE_ANSWER, detail="The answer holds no message id.", exchange=exchange)
    contact = _first(body, "contacts")
    return Accepted(
        provider_message_id=message_id,
        held=str(first.get("message_status") or "") not in NOT_HELD,
        wa_id=_text(contact.get("wa_id")),
        bsuid=_text(contact.get("user_id")),
        exchange=exchange,
    )


def _addressee(recipient: Recipient) -> JsonObject:
    # Without the + Meta may put the sender's own country code before the number.
    if recipient.phone:
        return {"to": f"+{recipient.phone.removeprefix('+')}"}
    return {"recipient": recipient.bsuid}


def _content(content: TemplateContent | TextContent | MediaContent, media_id: str) -> JsonObject:
    if isinstance(content, TextContent):
        return {"type": "text", "text": {"body": content.body}}
    if isinstance(content, MediaContent):
        file: JsonObject = {"id": media_id} if media_id else {"link": content.link}
        if content.caption:
            file["caption"] = content.caption
        if content.kind == "document":
            file["filename"] = content.file_name
        return {"type": content.kind, content.kind: file}
    template: JsonObject = {"name": content.name, "language": {"code": content.language}}
    if content.components:
        template["components"] = [_component(component) for component in content.components]
    return {"type": "template", "template": template}


def _component(component: JsonObject) -> JsonObject:
    """The component with its vocabulary in Meta's own spelling: indexes as texts, lower-case types, cards within."""
    result = dict(component)
    result["type"] = str(component["type"]).lower()
    if "sub_type" in component:
        result["sub_type"] = str(component["sub_type"]).lower()
    if "index" in component:
        result["index"] = str(component["index"])
    if "cards" in component:
        result["cards"] = [_card(card) for card in component["cards"]]
    return result


def _card(card: JsonObject) -> JsonObject:
    return {**card, "components": [_component(component) for component in card["components"]]}


def _first(body: JsonObject, name: str) -> JsonObject:
    items = body.get(name)
    first = items[0] if isinstance(items, list) and items else None
    return first if isinstance(first, dict) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
