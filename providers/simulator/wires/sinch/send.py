"""``POST …/messages:send``: the order in its body. Pure."""

from __future__ import annotations

import re

from providers.simulator.definition import Definition
from providers.simulator.documents import Json, mapping, sequence
from providers.simulator.media import sent_words
from providers.simulator.parameters import by_part, code_button, payload_button, url_button
from providers.simulator.refusal import Refusal
from providers.simulator.wires.contract import Filling, Order

METADATA_LIMIT = 1024
CORRELATION_LIMIT = 128
CHANNEL = "WHATSAPP"
KEY = re.compile(
    r"^(?:(?P<part>body|header)\[(?P<at>\d+)\](?P<field>text|(?:image|video|document)\.(?:link|filename))"
    r"|button\[(?P<index>\d+)\](?P<kind>quick_reply|url|copy_code)\[1\](?P<value>payload|text|coupon_code))$"
)
BUTTONS = {"quick_reply": payload_button, "url": url_button, "copy_code": code_button}


def order_of(body: Json) -> Order:
    """The order; what is wrong with the body is its problem. The sender is the app."""
    recipient = _identity(body)
    message = mapping(body.get("message"))
    template = mapping(mapping(mapping(message.get("template_message")).get("channel_template")).get(CHANNEL))
    text = mapping(message.get("text_message")).get("text")
    file = mapping(message.get("media_message"))
    if file.get("url"):
        text = sent_words("media", "", file.get("filename_override"))
    parameters = mapping(template.get("parameters"))
    return Order(
        sender=str(body.get("app_id", "")),
        recipient=recipient,
        reference=str(body.get("message_metadata", "")),
        text=None if template or text is None else str(text),
        template_name=str(template.get("template_id", "")),
        language=str(template.get("language_code", "")),
        fill=filling(parameters),
        extra={
            "app_message": message,
            "media": file.get("url", ""),
            "callback_url": str(body.get("callback_url", "")),
            "correlation_id": str(body.get("correlation_id", "")),
            "mode": "DISPATCH" if body.get("processing_strategy") == "DISPATCH_ONLY" else "CONVERSATION",
        },
        problem=_problem(body, recipient, parameters, known=bool(template) or isinstance(text, str)),
    )


def _identity(body: Json) -> str:
    identified = mapping(mapping(body.get("recipient")).get("identified_by"))
    identities = [mapping(item) for item in sequence(identified.get("channel_identities"))]
    return next((str(item.get("identity", "")) for item in identities if item.get("channel") == CHANNEL), "")


def _problem(body: Json, recipient: str, parameters: Json, *, known: bool) -> Refusal | None:
    wrong = ""
    if not recipient:
        wrong = "recipient.identified_by"
    elif not known:
        wrong = "message"
    elif any(channel != CHANNEL for channel in sequence(body.get("channel_priority_order"))):
        wrong = "channel_priority_order"
    elif len(str(body.get("message_metadata", ""))) > METADATA_LIMIT:
        wrong = "message_metadata"
    elif len(str(body.get("correlation_id", ""))) > CORRELATION_LIMIT:
        wrong = "correlation_id"
    else:
        wrong = next(
            (name for name, value in parameters.items() if not KEY.match(name) or not isinstance(value, str)), ""
        )
    return Refusal(100, wrong) if wrong else None


def filling(parameters: Json) -> Filling:
    """The flat map: ``body[1]text``, ``header[1]image.link``, ``button[0]quick_reply[1]payload`` (even when empty)."""

    def fill(definition: Definition) -> list[Json]:
        body: dict[int, str] = {}
        header: dict[int, str] = {}
        media: dict[str, Json] = {}
        buttons: dict[int, Json] = {}
        for name, value in parameters.items():
            found = KEY.match(name)
            if found is None:
                continue
            if found["index"] is not None:
                buttons[int(found["index"])] = BUTTONS[found["kind"]](value) if value else {}
            elif found["field"] == "text":
                (body if found["part"] == "body" else header)[int(found["at"])] = value
            else:
                kind, _, detail = found["field"].partition(".")
                media.setdefault(kind, {})[detail] = value
        for index, button in enumerate(definition.buttons):
            if button.type == "QUICK_REPLY" and index not in buttons:
                raise Refusal(132000, f"button[{index}]quick_reply[1]payload is missing")
        return by_part(
            body=[body[at] for at in sorted(body)],
            header=[header[at] for at in sorted(header)],
            media=next(({"type": kind, kind: content} for kind, content in media.items()), None),
            buttons={index: button for index, button in buttons.items() if button},
        )(definition)

    return fill
