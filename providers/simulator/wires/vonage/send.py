"""``POST /v1/messages``: the order in its body. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from providers.simulator.documents import Json, mapping, sequence
from providers.simulator.media import sent_words
from providers.simulator.parameters import as_sent, by_part
from providers.simulator.refusal import Refusal
from providers.simulator.wires.contract import Order

REFERENCE_LIMIT = 100
TEXT_LIMIT = 4096
ADDRESS = re.compile(r"[1-9]\d{6,14}|[A-Z]{2}\.\w{1,128}")
FILES = ("image", "audio", "video", "file")
KINDS = ("text", "template", "custom", *FILES)


def order_of(body: Json) -> Order:
    """The one message; what is wrong with it is its problem."""
    wrong = next(_wrong(body), "")
    kind = body.get("message_type")
    template = mapping(body.get("template"))
    name, language = str(template.get("name", "")), str(mapping(body.get("whatsapp")).get("locale", ""))
    fill = by_part(body=[str(value) for value in sequence(template.get("parameters"))])
    if kind == "custom":
        custom = mapping(mapping(body.get("custom")).get("template"))
        name, language = str(custom.get("name", "")), str(mapping(custom.get("language")).get("code", ""))
        fill = as_sent([mapping(item) for item in sequence(custom.get("components"))])
    namespace, _, bare = name.rpartition(":")
    return Order(
        sender=str(body.get("from", "")),
        recipient=str(body.get("to", "")),
        reference=str(body.get("client_ref") or ""),
        text=_text(body) if kind not in ("template", "custom") else None,
        template_name=bare,
        language=language,
        fill=fill,
        extra={
            "webhook_url": str(body.get("webhook_url") or ""),
            "namespace": namespace,
            "media": mapping(body.get(str(kind))).get("url", ""),
        },
        problem=Refusal(100, wrong) if wrong else None,
    )


def _text(body: Json) -> str:
    kind = str(body.get("message_type"))
    file = mapping(body.get(kind))
    return sent_words(kind, file.get("caption"), file.get("name")) if kind in FILES else str(body.get("text") or "")


def _wrong(body: Json) -> Iterator[str]:
    if body.get("channel") != "whatsapp":
        yield "channel"
    for name in ("from", "to"):
        # A leading + is refused, as anything else that is neither digits nor a business-scoped user id.
        if not ADDRESS.fullmatch(str(body.get(name, ""))):
            yield name
    if len(str(body.get("client_ref") or "")) > REFERENCE_LIMIT:
        yield f"client_ref: longer than {REFERENCE_LIMIT}"
    kind = body.get("message_type")
    if kind not in KINDS:
        yield "message_type"
    text = body.get("text")
    if kind == "text" and (not isinstance(text, str) or not 1 <= len(text) <= TEXT_LIMIT):
        yield "text"
    if kind == "template":
        if not mapping(body.get("template")).get("name"):
            yield "template.name"
        if not mapping(body.get("whatsapp")).get("locale"):
            yield "whatsapp.locale"
    custom = mapping(body.get("custom"))
    if kind == "custom" and (custom.get("type") != "template" or not mapping(custom.get("template")).get("name")):
        yield "custom"
