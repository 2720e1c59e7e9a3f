"""``POST …/messages``: the order in its body. Pure."""

from __future__ import annotations

import re

from providers.simulator.definition import Definition
from providers.simulator.documents import Json, mapping, sequence
from providers.simulator.media import sent_words
from providers.simulator.parameters import by_name, media_header
from providers.simulator.wires.contract import Filling, Order
from providers.simulator.wires.messagebird.errors import InvalidField

PHONE_KEY = "phonenumber"
E164 = re.compile(r"\+[0-9]{7,15}")
MEDIA = {"IMAGE": "image", "VIDEO": "video", "DOCUMENT": "document"}


def order_of(channel: str, body: Json) -> Order:
    """The order of one contact; what is wrong with the body is its problem."""
    contacts = [mapping(item) for item in sequence(mapping(body.get("receiver")).get("contacts"))]
    template = mapping(body.get("template"))
    content = mapping(body.get("body"))
    words = mapping(content.get("text")).get("text")
    inner = mapping(content.get(str(content.get("type"))))
    file = mapping(next(iter(sequence(inner.get("images") or inner.get("files"))), None))
    if file.get("mediaUrl"):
        words = sent_words(str(content.get("type")), inner.get("text"), file.get("filename"))
    return Order(
        sender=channel,
        recipient=str(contacts[0].get("identifierValue", "")) if contacts else "",
        reference=str(body.get("reference", "")),
        text=None if template or words is None else str(words),
        template_id=str(template.get("projectId", "")),
        language=str(template.get("locale", "")).replace("-", "_"),
        fill=filling(values_of(template)),
        extra={
            **{name: body[name] for name in ("template", "body") if name in body},
            "version": str(template.get("version", "")),
            "media": file.get("mediaUrl", ""),
            "notification": str(mapping(body.get("notification")).get("url", "")),
        },
        problem=_problem(body, contacts, template),
    )


def values_of(template: Json) -> dict[str, str]:
    """The values by name, from ``parameters`` or, as older samples have them, ``variables``."""
    listed = [mapping(item) for item in sequence(template.get("parameters"))]
    named = {str(item.get("key")): str(item.get("value")) for item in listed}
    return {**{name: str(value) for name, value in mapping(template.get("variables")).items()}, **named}


def _problem(body: Json, contacts: list[Json], template: Json) -> InvalidField | None:
    if len(contacts) != 1:
        return InvalidField(".receiver.contacts", "must hold one contact")
    contact = contacts[0]
    if contact.get("identifierKey") != PHONE_KEY:
        return InvalidField(".receiver.contacts[0].identifierKey", "must be one of the known keys")
    if not isinstance(contact.get("identifierValue"), str) or not E164.fullmatch(contact["identifierValue"]):
        return InvalidField(".receiver.contacts[0].identifierValue", "must be a phone number in E.164")
    if template:
        return _template_problem(template)
    message = mapping(body.get("body"))
    if message.get("type") in ("image", "file"):
        return None
    if message.get("type") != "text" or not mapping(message.get("text")).get("text"):
        return InvalidField(".body")
    return None


def _template_problem(template: Json) -> InvalidField | None:
    for name in ("projectId", "version", "locale"):
        if not isinstance(template.get(name), str) or not template[name]:
            return InvalidField(f".template.{name}")
    for place, parameter in enumerate(sequence(template.get("parameters"))):
        for name in ("type", "key", "value"):
            if not mapping(parameter).get(name):
                return InvalidField(f".template.parameters[{place}].{name}")
    return None


def filling(values: dict[str, str]) -> Filling:
    """Every variable by its name; that of the address of the header's media is named after its kind."""

    def fill(definition: Definition) -> list[Json]:
        kind = MEDIA.get(definition.header_format, "")
        texts = {name: value for name, value in values.items() if name != kind}
        media = media_header(kind, values[kind]) if kind in values else None
        return by_name(texts, media=media)(definition)

    return fill
