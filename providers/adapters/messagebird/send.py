"""The request of POST /workspaces/{workspace}/channels/{channel}/messages, and its answer."""

from __future__ import annotations

from typing import Any

from providers.adapters.messagebird.errors import send_error
from providers.contracts import Accepted, JsonObject, MediaContent, OutboundMessage, TemplateContent, TextContent
from providers.errors import Reason, Rejected, Uncertain
from providers.http import Answer
from providers.parts import parts_check
from providers.reading import text

#: Values are given by key; media and buttons belong to the template as it was made in Bird's studio.
PARTS = frozenset({"header_text", "body"})
#: Which version of a template is sent when it was not synced: the one that Bird holds for the newest.
VERSION_FALLBACK = "latest"
KEPT_PATHS = frozenset(
    {
        "receiver.contacts.identifierKey",
        "template.projectId",
        "template.version",
        "template.locale",
        "template.parameters.type",
        "template.parameters.key",
        "body.type",
        "reference",
    }
)


def payload_build(message: OutboundMessage) -> JsonObject:
    """The body that sends `message`. Raises Rejected for what Bird cannot carry."""
    if not message.recipient.phone:
        raise Rejected(Reason.BSUID_NOT_SUPPORTED)
    identifier = f"+{message.recipient.phone.removeprefix('+')}"
    return {
        "receiver": {"contacts": [{"identifierKey": "phonenumber", "identifierValue": identifier}]},
        **_content(message.content),
        "reference": message.reference,
    }


def answer_read(answer: Answer) -> Accepted:
    """What Bird's answer says. Raises SendError unless the message was taken and has an id."""
    body = answer.json_object()
    if not 200 <= answer.status < 300 or body is None:
        raise send_error(answer)
    message_id = text(body.get("id"))
    if not message_id:
        raise Uncertain(Reason.UNREADABLE_ANSWER, detail="The answer holds no message id.", exchange=answer.exchange)
    return Accepted(provider_message_id=message_id, exchange=answer.exchange)


def _media(content: MediaContent) -> JsonObject:
    """A picture as such; sound, film and documents as a file of their type."""
    words = {"text": content.caption} if content.caption else {}
    if content.kind == "image":
        return {"type": "image", "image": {"images": [{"mediaUrl": content.link}], **words}}
    file = {"mediaUrl": content.link, "contentType": content.content_type, "filename": content.file_name}
    return {"type": "file", "file": {"files": [file], **words}}


def _content(content: TemplateContent | TextContent | MediaContent) -> JsonObject:
    if isinstance(content, MediaContent):
        return {"body": _media(content)}
    if isinstance(content, TextContent):
        return {"body": {"type": "text", "text": {"text": content.body}}}
    parts_check(content, PARTS)
    if not content.external_id:
        raise Rejected(Reason.TEMPLATE_MISSING, detail="The template's project id at Bird is not known.")
    known = _known(content, "BODY")
    return {
        "template": {
            "projectId": content.external_id,
            "version": text(known.get("version")) or VERSION_FALLBACK,
            "locale": text(known.get("locale")) or content.language.replace("_", "-"),
            "parameters": _parameters(content),
        }
    }


def _parameters(content: TemplateContent) -> list[JsonObject]:
    """The values by key. A key that stands in two places has one value; two are refused."""
    found: dict[str, str] = {}
    for component in content.components:
        keys = _known(content, str(component["type"])).get("variables")
        for place, parameter in enumerate(component.get("parameters", [])):
            key, value = _key(parameter, keys, place), _value(parameter)
            if found.setdefault(key, value) != value:
                raise Rejected(Reason.TEMPLATE_PARAMETERS, detail=f"Two values for {key}.")
    return [{"type": "string", "key": key, "value": value} for key, value in found.items()]


def _key(parameter: JsonObject, keys: Any, place: int) -> str:
    if isinstance(keys, list) and place < len(keys):
        return str(keys[place])
    if name := text(parameter.get("parameter_name")):
        return name
    raise Rejected(Reason.TEMPLATE_PARAMETERS, detail="The names of the template's variables are not known.")


def _known(content: TemplateContent, kind: str) -> JsonObject:
    """The component of the synced template."""
    return next((item for item in content.definition if str(item.get("type", "")).upper() == kind.upper()), {})


def _value(parameter: JsonObject) -> str:
    """A text; of a currency or a date the words that WhatsApp would show."""
    kind = str(parameter["type"])
    return str(parameter["text"] if kind == "text" else parameter[kind]["fallback_value"])
