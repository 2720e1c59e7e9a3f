"""What the customer sees: the bubble of a template or text message. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from providers.simulator.definition import MEDIA_HEADERS, VARIABLE, Definition, variables
from providers.simulator.documents import Json, mapping, sequence


def parameter_text(parameter: Json) -> str:
    """The text that one parameter puts into the message; currency and date show their fallback."""
    kind = parameter.get("type", "")
    if kind != "text":
        kind = str(kind).lower()
    if kind == "text":
        return str(parameter.get("text", ""))
    return str(mapping(parameter.get(kind)).get("fallback_value", ""))


def rendered(definition: Definition, components: list[Json], *, named: bool) -> Json:
    """The bubble: ``header`` {type, text or content}, ``body``, ``footer``, ``buttons`` [{type, text, …}], ``cards``."""
    by_type = {str(item.get("type", "")).lower(): item for item in components}
    header, body = face(definition, by_type, named=named)
    bubble: Json = {"body": body}
    if header:
        bubble["header"] = header
    if definition.footer_text:
        bubble["footer"] = definition.footer_text
    if definition.offer_text:
        bubble["offer"] = definition.offer_text
    if definition.buttons:
        bubble["buttons"] = _buttons(definition, components)
    if definition.cards:
        cards = sequence(by_type.get("carousel", {}).get("cards"))
        bubble["cards"] = [
            rendered(card, [mapping(item) for item in sequence(mapping(sent).get("components"))], named=named)
            for card, sent in zip(definition.cards, cards, strict=False)
        ]
    return bubble


def face(definition: Definition, by_type: Mapping[str, Json], *, named: bool) -> tuple[Json, str]:
    """The header (empty where there is none) and the body, from the components by their type in lower case."""
    body = _filled(definition.body_text, by_type.get("body"), named=named)
    return _header(definition, by_type.get("header"), named=named), body


def plain_text(bubble: Json) -> str:
    """The bubble as lines of text, for the record."""
    header = mapping(bubble.get("header"))
    lines = [header.get("text") or header.get("type", ""), bubble.get("body", ""), bubble.get("footer", "")]
    lines += [f"[{button['text']}]" for button in bubble.get("buttons", [])]
    lines += [plain_text(card) for card in bubble.get("cards", [])]
    return "\n".join(line for line in lines if line)


def _header(definition: Definition, component: Json | None, *, named: bool) -> Json:
    if definition.header_format in MEDIA_HEADERS:
        kind = definition.header_format.lower()
        parameters = sequence((component or {}).get("parameters"))
        content: Any = mapping(parameters[0]).get(kind) if parameters else {}
        return {"type": kind, "content": mapping(content)}
    if definition.header_text:
        return {"type": "text", "text": _filled(definition.header_text, component, named=named)}
    return {}


def _filled(text: str, component: Json | None, *, named: bool) -> str:
    if "{{" not in text:
        return text
    parameters = [mapping(item) for item in sequence((component or {}).get("parameters"))]
    if named:
        values = {str(item.get("parameter_name", "")): parameter_text(item) for item in parameters}
    else:
        values = dict(zip(variables(text), map(parameter_text, parameters), strict=False))
    return "".join([values.get(name, piece) if name else piece for piece, name in _pieces(text)])


@lru_cache(maxsize=1024)
def _pieces(text: str) -> tuple[tuple[str, str], ...]:
    """The text in pieces: variables as they are written, with their name, and what is between them, without one."""
    pieces: list[tuple[str, str]] = []
    end = 0
    for match in VARIABLE.finditer(text):
        pieces += [(text[end : match.start()], ""), (match[0], match[1])]
        end = match.end()
    return (*pieces, (text[end:], ""))


def _buttons(definition: Definition, components: list[Json]) -> list[Json]:
    sent = {
        str(item.get("index", "")): mapping(sequence(item.get("parameters"))[0])
        for item in components
        if str(item.get("type", "")).lower() == "button" and sequence(item.get("parameters"))
    }
    buttons: list[Json] = []
    for index, button in enumerate(definition.buttons):
        parameter = sent.get(str(index), {})
        shown: Json = {"type": button.type, "text": button.text or button.type.replace("_", " ").capitalize()}
        if button.type in ("URL", "OTP"):
            shown["url"] = VARIABLE.sub(str(parameter.get("text", "")).replace("\\", r"\\"), button.url)
        elif button.type == "QUICK_REPLY":
            shown["payload"] = str(parameter.get("payload", button.text))
        elif button.type == "COPY_CODE":
            shown["code"] = str(parameter.get("coupon_code", ""))
        elif button.type == "PHONE_NUMBER":
            shown["phone_number"] = button.phone_number
        buttons.append(shown)
    return buttons
