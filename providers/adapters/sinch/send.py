"""The request of POST /v1/projects/{project}/messages:send, and its answer."""

from __future__ import annotations

from providers.adapters.sinch.errors import send_error
from providers.contracts import Accepted, JsonObject, MediaContent, OutboundMessage, TemplateContent, TextContent
from providers.errors import Reason, Rejected, Uncertain
from providers.http import Answer
from providers.parts import parts_check
from providers.reading import text

CHANNEL = "WHATSAPP"
#: The number of the first button in `button[i]…`: 0 in the examples seen, stated nowhere.
BUTTON_INDEX_BASE = 0
PARTS = frozenset(
    {
        "header_text",
        "header_image",
        "header_video",
        "header_document",
        "body",
        "button_url",
        "button_quick_reply",
        "button_copy_code",
    }
)
_TEMPLATE = "message.template_message.channel_template.WHATSAPP"
KEPT_PATHS = frozenset(
    {
        "app_id",
        "message_metadata",
        "correlation_id",
        "channel_priority_order",
        "recipient.identified_by.channel_identities.channel",
        f"{_TEMPLATE}.template_id",
        f"{_TEMPLATE}.language_code",
    }
)


def payload_build(message: OutboundMessage, app_id: str) -> JsonObject:
    """The body that sends `message`. Raises Rejected for what Sinch cannot carry."""
    if not message.recipient.phone:
        raise Rejected(Reason.BSUID_NOT_SUPPORTED)
    identity = {"channel": CHANNEL, "identity": message.recipient.phone.removeprefix("+")}
    return {
        "app_id": app_id,
        "recipient": {"identified_by": {"channel_identities": [identity]}},
        "message": _content(message.content),
        "channel_priority_order": [CHANNEL],
        "message_metadata": message.reference,
        "correlation_id": message.reference,
    }


def answer_read(answer: Answer) -> Accepted:
    """What Sinch's answer says. Raises SendError unless the message was taken and has an id."""
    body = answer.json_object()
    if not 200 <= answer.status < 300 or body is None or "error" in body:
        raise send_error(answer)
    message_id = text(body.get("message_id"))
    if not message_id:
        raise Uncertain(Reason.UNREADABLE_ANSWER, detail="The answer holds no message id.", exchange=answer.exchange)
    return Accepted(provider_message_id=message_id, exchange=answer.exchange)


def _content(content: TemplateContent | TextContent | MediaContent) -> JsonObject:
    if isinstance(content, MediaContent):
        return {"media_message": {"url": content.link, "filename_override": content.file_name}}
    if isinstance(content, TextContent):
        return {"text_message": {"text": content.body}}
    parts_check(content, PARTS)
    template: JsonObject = {"template_id": content.name, "language_code": content.language}
    parameters = _parameters(content)
    if parameters:
        template["parameters"] = parameters
    return {"template_message": {"channel_template": {CHANNEL: template}}}


def _parameters(content: TemplateContent) -> dict[str, str]:
    """The flat map: header[1]text, body[2]text, button[0]url[1]text …"""
    found: dict[str, str] = {}
    for component in content.components:
        kind = str(component["type"]).lower()
        parameters = component.get("parameters", [])
        if kind == "header":
            found |= _header(parameters[0])
        elif kind == "body":
            found |= {f"body[{number}]text": _value(item) for number, item in enumerate(parameters, start=1)}
        else:
            found |= _button(component)
    return {**_quick_replies(content), **found}


def _header(parameter: JsonObject) -> dict[str, str]:
    kind = str(parameter["type"])
    if kind == "text":
        return {"header[1]text": str(parameter["text"])}
    media = parameter[kind]
    if "link" not in media:
        raise Rejected(Reason.UNSUPPORTED, provider_code=f"header_{kind}", detail="Sinch takes media by address only.")
    found = {f"header[1]{kind}.link": str(media["link"])}
    if media.get("filename"):
        found[f"header[1]{kind}.filename"] = str(media["filename"])
    return found


def _button(component: JsonObject) -> dict[str, str]:
    kind = str(component["sub_type"]).lower()
    parameter = component["parameters"][0]
    name = {"quick_reply": "payload", "copy_code": "coupon_code"}.get(kind, "text")
    return {_button_key(int(component["index"]), kind, name): str(parameter[name])}


def _quick_replies(content: TemplateContent) -> dict[str, str]:
    """What all quick replies of the template bring back when nothing else is said: Sinch wants each of them named.

    It is their label, as WhatsApp itself does it: an empty one would come back as an answer without a word.
    """
    components = (item for item in content.definition if str(item.get("type", "")).upper() == "BUTTONS")
    buttons = next((item.get("buttons") or [] for item in components), [])
    return {
        _button_key(index, "quick_reply", "payload"): text(button.get("text"))
        for index, button in enumerate(buttons)
        if isinstance(button, dict) and str(button.get("type", "")).upper() == "QUICK_REPLY"
    }


def _button_key(index: int, kind: str, name: str) -> str:
    return f"button[{index + BUTTON_INDEX_BASE}]{kind}[1]{name}"


def _value(parameter: JsonObject) -> str:
    """A text; of a currency or a date the words that WhatsApp would show."""
    kind = str(parameter["type"])
    return str(parameter["text"] if kind == "text" else parameter[kind]["fallback_value"])
