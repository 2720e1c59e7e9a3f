"""The request of POST /v1/messages, and its answer."""

from __future__ import annotations

from providers.adapters.vonage.errors import send_error
from providers.contracts import Accepted, JsonObject, MediaContent, OutboundMessage, TemplateContent
from providers.http import Answer
from providers.parts import parts_check
from providers.reading import parts, text

MESSAGES_PATH = "/v1/messages"
# The answer that takes a message; another 2xx proves nothing.
ACCEPTED = 202
WEBHOOK_VERSION = "v1"

_COMPONENT_PATHS = ("type", "sub_type", "index", "parameters.type", "parameters.parameter_name")
_COMPONENTS = "custom.template.components"
KEPT_PATHS = frozenset(
    {
        "channel",
        "message_type",
        "client_ref",
        "webhook_version",
        "whatsapp.policy",
        "whatsapp.locale",
        "template.name",
        "custom.type",
        "custom.template.name",
        "custom.template.namespace",
        "custom.template.language.policy",
        "custom.template.language.code",
        f"{_COMPONENTS}.cards.card_index",
        *(f"{_COMPONENTS}.{path}" for path in _COMPONENT_PATHS),
        *(f"{_COMPONENTS}.cards.components.{path}" for path in _COMPONENT_PATHS),
    }
)


def payload_build(message: OutboundMessage, *, webhook_url: str, carried: frozenset[str]) -> JsonObject:
    """The body that sends `message`. Raises Rejected for a part that is not `carried`."""
    recipient = message.recipient
    webhook = {"webhook_url": webhook_url, "webhook_version": WEBHOOK_VERSION} if webhook_url else {}
    return {
        "channel": "whatsapp",
        "from": message.sender_external_id.lstrip("+"),
        "to": recipient.phone.lstrip("+") or recipient.bsuid,
        "client_ref": message.reference,
        **webhook,
        **_content(message, carried),
    }


def _content(message: OutboundMessage, carried: frozenset[str]) -> JsonObject:
    content = message.content
    if isinstance(content, MediaContent):
        kind = "file" if content.kind == "document" else content.kind
        named = {"name": content.file_name} if kind == "file" else {}
        caption = {"caption": content.caption} if content.caption else {}
        return {"message_type": kind, kind: {"url": content.link, **caption, **named}}
    if not isinstance(content, TemplateContent):
        return {"message_type": "text", "text": content.body}
    parts_check(content, carried)
    texts = _body_texts(content)
    if texts is None:
        return {"message_type": "custom", "custom": {"type": "template", "template": _metas_template(content)}}
    name = f"{content.namespace}:{content.name}" if content.namespace else content.name
    return {
        "message_type": "template",
        "whatsapp": {"policy": "deterministic", "locale": content.language},
        "template": {"name": name, **({"parameters": texts} if texts else {})},
    }


def _body_texts(content: TemplateContent) -> list[str] | None:
    """The values when they are only texts of the body, by number; None when Vonage's short form cannot carry them."""
    if not content.components:
        return []
    (first, *others) = content.components
    parameters = parts(first, "parameters")
    if others or first.get("type") != "body":
        return None
    if any(parameter.get("type") != "text" or "parameter_name" in parameter for parameter in parameters):
        return None
    return [text(parameter.get("text")) for parameter in parameters]


def _metas_template(content: TemplateContent) -> JsonObject:
    return {
        **({"namespace": content.namespace} if content.namespace else {}),
        "name": content.name,
        "language": {"policy": "deterministic", "code": content.language},
        "components": [_component(component) for component in content.components],
    }


def _component(component: JsonObject) -> JsonObject:
    """The component in Meta's own spelling: indexes as texts, words in lower case, cards within."""
    result = dict(component)
    for name in ("type", "sub_type", "index"):
        if name in component:
            result[name] = str(component[name]).lower()
    if "cards" in component:
        result["cards"] = [
            {**card, "components": [_component(inner) for inner in parts(card, "components")]}
            for card in parts(component, "cards")
        ]
    return result


def answer_read(answer: Answer) -> Accepted:
    """What Vonage's answer says. Raises SendError unless the message was taken and has an id."""
    message_id = text((answer.json_object() or {}).get("message_uuid"))
    if answer.status == ACCEPTED and message_id:
        return Accepted(message_id, exchange=answer.exchange)
    raise send_error(answer)
