"""The request of POST /v2/channels/whatsapp/messages, and its answer."""

from __future__ import annotations

import re
from collections.abc import Iterator

from providers.adapters.zenvia.errors import send_error
from providers.adapters.zenvia.vocabulary import COUPON_FIELD, MEDIA_FIELDS, TOKEN_FIELD
from providers.contracts import Accepted, JsonObject, MediaContent, OutboundMessage, TemplateContent
from providers.errors import Reason, Rejected, Uncertain
from providers.http import Answer
from providers.parts import parts_check
from providers.reading import part, parts, text, whole_number

#: Answers of quick replies are fixed in the template, and where a carousel's cards stand in a send is not on the page.
PARTS = frozenset(
    {"header_text", "header_image", "header_video", "header_document", "body", "button_url", "button_copy_code"}
)
KEPT_PATHS = frozenset({"externalId", "contents.type", "contents.templateId"})

_PLACE = re.compile(r"\{\{\s*(\w+)\s*\}\}")


def payload_build(message: OutboundMessage) -> JsonObject:
    """The body that sends `message`. Raises Rejected for what Zenvia cannot carry."""
    if not message.recipient.phone:
        raise Rejected(Reason.BSUID_NOT_SUPPORTED)
    return {
        "from": message.sender_external_id or message.sender_phone.removeprefix("+"),
        "to": message.recipient.phone.removeprefix("+"),
        "externalId": message.reference,
        "contents": [_content(message)],
    }


def answer_read(answer: Answer) -> Accepted:
    """What Zenvia's answer says. Raises SendError unless it holds the message's id."""
    body = answer.json_object()
    if not 200 <= answer.status < 300 or body is None or "code" in body:
        raise send_error(answer, body)
    message_id = text(body.get("id"))
    if not message_id:
        raise Uncertain(Reason.UNREADABLE_ANSWER, detail="The answer holds no id.", exchange=answer.exchange)
    return Accepted(provider_message_id=message_id, exchange=answer.exchange)


def _content(message: OutboundMessage) -> JsonObject:
    content = message.content
    if isinstance(content, MediaContent):
        caption = {"fileCaption": content.caption} if content.caption else {}
        about = {"fileUrl": content.link, "fileMimeType": content.content_type, "fileName": content.file_name}
        return {"type": "file", **about, **caption}
    if not isinstance(content, TemplateContent):
        return {"type": "text", "text": content.body}
    parts_check(content, PARTS)
    if not content.external_id:
        raise Rejected(Reason.TEMPLATE_MISSING, detail="The template has no id at Zenvia. Sync the templates.")
    fields: dict[str, str] = {}
    for name, value in _fields(content):
        if fields.setdefault(name, value) != value:
            raise Rejected(Reason.TEMPLATE_PARAMETERS, detail=f"Two values for {name}.")
    return {"type": "template", "templateId": content.external_id, "fields": fields}


def _fields(content: TemplateContent) -> Iterator[tuple[str, str]]:
    """Zenvia's fields with their values: all variables of a template share one list of names."""
    for component in content.components:
        for position, parameter in enumerate(parts(component, "parameters"), 1):
            kind = text(parameter.get("type"))
            if kind in MEDIA_FIELDS:
                yield MEDIA_FIELDS[kind], _address(part(parameter, kind))
            elif kind == "coupon_code":
                yield COUPON_FIELD, text(parameter.get("coupon_code"))
            elif str(component.get("type", "")).lower() == "button":
                yield _button_field(content, component), text(parameter.get("text"))
            else:
                yield text(parameter.get("parameter_name")) or str(position), _words(parameter, kind)


def _words(parameter: JsonObject, kind: str) -> str:
    if kind == "text":
        return text(parameter.get("text"))
    return text(part(parameter, kind).get("fallback_value"))


def _address(media: JsonObject) -> str:
    if not text(media.get("link")):
        raise Rejected(Reason.MEDIA, detail="Zenvia takes media by address only.")
    if media.get("filename"):
        raise Rejected(Reason.UNSUPPORTED, provider_code="header_document", detail="the name of a document")
    return text(media["link"])


def _button_field(content: TemplateContent, component: JsonObject) -> str:
    """The name that the template gives to the value of this button: its address's variable, or that of a one-time code."""
    listed = [
        item for found in content.definition if found.get("type") == "BUTTONS" for item in parts(found, "buttons")
    ]
    index = whole_number(component.get("index")) or 0
    button = listed[index] if index < len(listed) else {}
    if button.get("type") == "OTP":
        return TOKEN_FIELD
    found = _PLACE.search(text(button.get("url")))
    if found is None:
        raise Rejected(Reason.TEMPLATE_PARAMETERS, detail=f"The template has no name for the value of button {index}.")
    return found.group(1)
