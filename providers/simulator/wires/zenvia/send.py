"""``POST /channels/whatsapp/messages``: the order in its body, and the answer. Pure."""

from __future__ import annotations

from providers.simulator.definition import Definition
from providers.simulator.documents import Json, mapping, sequence
from providers.simulator.media import sent_words
from providers.simulator.parameters import by_name, by_part, code_button, media_header, url_button
from providers.simulator.record import Message
from providers.simulator.refusal import Refusal
from providers.simulator.wires.contract import Filling, Order
from providers.simulator.wires.zenvia.errors import InvalidField

MEDIA_FIELDS = {"imageUrl": "image", "videoUrl": "video", "documentUrl": "document"}


def order_of(body: Json) -> Order:
    """The order; what is wrong with the body is its problem."""
    content = mapping(next(iter(sequence(body.get("contents"))), None))
    text = str(content.get("text", "")) if content.get("type") == "text" else None
    if content.get("type") == "file":
        text = sent_words("file", content.get("fileCaption"), content.get("fileName"))
    return Order(
        sender=str(body.get("from", "")),
        recipient=str(body.get("to", "")),
        reference=str(body.get("externalId", "")),
        text=text,
        template_id=str(content.get("templateId", "")),
        fill=filling(mapping(content.get("fields"))),
        extra={
            "media": content.get("fileUrl", ""),
            "contents": sequence(body.get("contents")),
            "from": body.get("from"),
            "to": body.get("to"),
        },
        problem=_problem(body, content),
    )


def _problem(body: Json, content: Json) -> Refusal | None:
    for name in ("from", "to"):
        if not isinstance(body.get(name), str) or not body[name]:
            return InvalidField(name)
    if not body["to"].isdigit():
        return InvalidField("to", "INVALID", "Digits only")
    if not content:
        return InvalidField("contents")
    wanted = {"text": "text", "template": "templateId", "file": "fileUrl"}.get(str(content.get("type")))
    if wanted is None:
        return InvalidField("contents.0.type", "INVALID", "Not a known type of content")
    if not isinstance(content.get(wanted), str) or not content[wanted]:
        return InvalidField(f"contents.0.{wanted}")
    for name, value in mapping(content.get("fields")).items():
        if not isinstance(value, str | int | float | bool):
            return InvalidField(f"contents.0.fields.{name}", "INVALID", "A string, number or boolean")
    return None


def filling(fields: Json) -> Filling:
    """Named fields: a media URL for the header, ``token`` and ``code`` for their buttons, the rest by name."""

    def fill(definition: Definition) -> list[Json]:
        values = {name: str(value) for name, value in fields.items()}
        media = [media_header(kind, values.pop(name)) for name, kind in MEDIA_FIELDS.items() if name in values]
        kinds = [button.type for button in definition.buttons]
        if "OTP" in kinds and "token" in values:
            token = values["token"]
            body = [token] * len(definition.body_variables)
            return by_part(body=body, buttons={kinds.index("OTP"): url_button(token)})(definition)
        codes = {}
        if "COPY_CODE" in kinds and "code" in values:
            codes = {kinds.index("COPY_CODE"): code_button(values.pop("code"))}
        return by_name(values, media=media[0] if media else None, buttons=codes)(definition)

    return fill


def answer_body(message: Message) -> Json:
    """The answer to an accepted message."""
    reference = {"externalId": message.reference} if message.reference else {}
    return {
        "id": message.wamid,
        **reference,
        "from": message.extra["from"],
        "to": message.extra["to"],
        "direction": "OUT",
        "channel": "whatsapp",
        "contents": message.extra["contents"],
    }
