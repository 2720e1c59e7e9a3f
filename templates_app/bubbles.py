"""The bubble a customer will see, as JSON: texts with their values, media, buttons, cards. Pure.

Shape: header {kind, text, parts, url, filename, name, address} or None; body; body_parts [{text, variable}]; footer;
offer {text, expires_at} or None; buttons [{kind, text, url?, phone?, code?}]; cards [{header, body, body_parts, buttons}].
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from providers.contracts import JsonObject
from templates_app.components import Button, Card, Header, ParsedTemplate, Text
from templates_app.values import MEDIA_ID, url_suffix_encode


def bubble_of(parsed: ParsedTemplate, shown: Mapping[str, str]) -> JsonObject:
    """The bubble with what is to be `shown` for each variable's key; a place without one shows as {{name}}."""
    offer = parsed.limited_time_offer
    return {
        **_face("", parsed.header, parsed.body, parsed.buttons, shown),
        "footer": parsed.footer,
        "offer": {"text": offer.text, "expires_at": shown.get("lto.expiration", "")} if offer else None,
        "cards": [_card(card, shown) for card in parsed.cards],
    }


def bubble_text(bubble: Mapping[str, Any]) -> str:
    """The words of a bubble: header, body, footer and the cards' bodies, one under the other."""
    header = bubble.get("header") or {}
    lines = [header.get("text", ""), bubble.get("body", ""), bubble.get("footer", "")]
    lines += [card.get("body", "") for card in bubble.get("cards", ())]
    return "\n".join(line for line in lines if line)


def _face(prefix: str, header: Header, body: Text, buttons: Sequence[Button], shown: Mapping[str, str]) -> JsonObject:
    parts = _parts(f"{prefix}body", body, shown)
    return {
        "header": _header(f"{prefix}header", header, shown),
        "body": _joined(parts),
        "body_parts": parts,
        "buttons": [_button(f"{prefix}button.{button.index}", button, shown) for button in buttons],
    }


def _card(card: Card, shown: Mapping[str, str]) -> JsonObject:
    return _face(f"card.{card.index}.", card.header, card.body, card.buttons, shown)


def _parts(prefix: str, text: Text, shown: Mapping[str, str]) -> list[JsonObject]:
    return [
        {"text": shown.get(f"{prefix}.{part.text}") or "{{" + part.text + "}}", "variable": True}
        if part.variable
        else {"text": part.text, "variable": False}
        for part in text.parts
    ]


def _joined(parts: Sequence[JsonObject]) -> str:
    return "".join(part["text"] for part in parts)


def _header(prefix: str, header: Header, shown: Mapping[str, str]) -> JsonObject | None:
    if header.kind == "none":
        return None
    if header.kind == "text":
        parts = _parts(prefix, header.text, shown)
        return {"kind": "text", "text": _joined(parts), "parts": parts}
    start = f"{prefix}.{header.kind}"
    value = shown.get(start, "")
    bubble: JsonObject = {"kind": header.kind, "url": "" if MEDIA_ID.fullmatch(value) else value}
    for name in ("filename", "name", "address", "latitude", "longitude"):
        if found := shown.get(f"{start}.{name}"):
            bubble[name] = found
    return bubble


def _button(key: str, button: Button, shown: Mapping[str, str]) -> JsonObject:
    bubble: JsonObject = {"kind": button.kind, "text": button.text}
    if button.kind == "url":
        suffix = shown.get(f"{key}.url", "")
        bubble["url"] = button.url_with(url_suffix_encode(suffix)) if suffix else button.url
    if button.kind == "phone_number":
        bubble["phone"] = button.phone
    if code := shown.get(f"{key}.copy_code"):
        bubble["code"] = code
    return bubble
