"""Infobip's `structure` of a template into Meta's component JSON, and back. Pure.

What is not known here becomes a component of its own kind, so that nobody sends a template with a part that is not understood.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from providers.contracts import JsonObject
from providers.reading import part, parts, text

_KNOWN = frozenset({"header", "body", "footer", "buttons", "carousel", "type"})
# Keys of a button that have another name at Meta.
_BUTTON_NAMES = {"phoneNumber": "phone_number", "otpType": "otp_type", "flowId": "flow_id"}
_INFOBIP_NAMES = {meta: ours for ours, meta in _BUTTON_NAMES.items()}


def components_of(structure: JsonObject) -> list[JsonObject]:
    """Meta's components of a structure."""
    components = _content(structure)
    if carousel := part(structure, "carousel"):
        cards = [{"components": _content(card)} for card in parts(carousel, "cards")]
        components.append({"type": "CAROUSEL", "cards": cards})
    components += [{"type": name.upper(), name: value} for name, value in structure.items() if name not in _KNOWN]
    return components


def _content(structure: JsonObject) -> list[JsonObject]:
    components: list[JsonObject] = []
    if header := part(structure, "header"):
        components.append(_header(header))
    if body := part(structure, "body"):
        examples = body.get("examples")
        example = {"example": {"body_text": [examples]}} if isinstance(examples, list) and examples else {}
        components.append({"type": "BODY", **_text_of(body), **example})
    if footer := part(structure, "footer"):
        components.append({"type": "FOOTER", **_text_of(footer)})
    if buttons := parts(structure, "buttons"):
        components.append({"type": "BUTTONS", "buttons": [_button(button) for button in buttons]})
    return components


def _text_of(section: JsonObject) -> JsonObject:
    """The section as it stands: what WhatsApp writes by itself (authentication) has no text."""
    return {name: value for name, value in section.items() if name != "examples"}


def _header(header: JsonObject) -> JsonObject:
    kind, example = text(header.get("format")).upper() or "TEXT", text(header.get("example"))
    component: JsonObject = {"type": "HEADER", "format": kind}
    if kind == "TEXT":
        component["text"] = text(header.get("text"))
    if example:
        component["example"] = {"header_text" if kind == "TEXT" else "header_url": [example]}
    return component


def _button(button: JsonObject) -> JsonObject:
    component: JsonObject = {_BUTTON_NAMES.get(name, name): value for name, value in button.items()}
    component["type"] = text(button.get("type")).upper()
    if isinstance(component.get("example"), str):
        component["example"] = [component["example"]]
    return component


# --- back ----------------------------------------------------------------------------------------------------------------


def structure_of(components: Iterable[JsonObject]) -> JsonObject:
    """The structure of Meta's components with their examples."""
    structure: JsonObject = {}
    for component in components:
        kind = text(component.get("type")).upper()
        example = part(component, "example")
        if kind == "HEADER":
            structure["header"] = _header_back(component, example)
        elif kind == "BODY":
            structure["body"] = _body_back(component, example)
        elif kind == "FOOTER":
            structure["footer"] = {name: value for name, value in component.items() if name != "type"}
        elif kind == "BUTTONS":
            structure["buttons"] = [_button_back(button) for button in parts(component, "buttons")]
        elif kind == "CAROUSEL":
            cards = [structure_of(parts(card, "components")) for card in parts(component, "cards")]
            structure["carousel"] = {"cards": cards}
    return structure


def _header_back(component: JsonObject, example: JsonObject) -> JsonObject:
    kind = text(component.get("format")).upper() or "TEXT"
    header: JsonObject = {"format": kind}
    if kind == "TEXT":
        header["text"] = text(component.get("text"))
    given = _first(example.get("header_text")) or _first(example.get("header_url"))
    if given := given or _first(example.get("header_handle")):
        header["example"] = given
    return header


def _body_back(component: JsonObject, example: JsonObject) -> JsonObject:
    body = {name: value for name, value in component.items() if name not in ("type", "example")}
    rows = example.get("body_text")
    row = rows[0] if isinstance(rows, list) and rows else []
    examples = row if isinstance(row, list) else rows
    return {**body, **({"examples": examples} if examples else {})}


def _button_back(button: JsonObject) -> JsonObject:
    back: JsonObject = {_INFOBIP_NAMES.get(name, name): value for name, value in button.items()}
    back["type"] = text(button.get("type")).upper()
    if "example" in back:
        back["example"] = _first(back["example"])
    return back


def _first(value: Any) -> str:
    return text(value[0]) if isinstance(value, list) and value else text(value)
