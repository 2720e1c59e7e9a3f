"""Checked values into the send-time components of the neutral (Meta's) shape. Pure.

The provider takes `index` as a string or an integer; strings are sent.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from providers.contracts import JsonObject
from templates_app.components import Button, Card, Header, Offer, ParsedTemplate, Text
from templates_app.definitions import MEDIA_KINDS
from templates_app.values import MEDIA_ID, datetime_read, sections_read, typed_key, typed_read, url_suffix_encode

# Meta's own default for a flow that carries no token.
UNUSED_FLOW_TOKEN = "unused"  # noqa: S105  # no secret: the documented placeholder


def wire_components(parsed: ParsedTemplate, values: Mapping[str, str]) -> list[JsonObject]:
    """The `template.components` of a send: only the parts that carry values, in the provider's order."""
    components = _header("header", parsed.header, values, parsed.named)
    components += _body("body", parsed.body, values, parsed.named)
    components += _offer(parsed.limited_time_offer, values)
    code = values.get(f"body.{parsed.body.names[0]}", "") if parsed.body.names else ""
    components += _buttons("button", parsed.buttons, values, code)
    if parsed.cards:
        cards = [_card(card, values, parsed.named) for card in parsed.cards]
        components.append({"type": "carousel", "cards": cards})
    return components


def _header(prefix: str, header: Header, values: Mapping[str, str], named: bool) -> list[JsonObject]:
    parameters: list[JsonObject] = []
    if header.kind == "text":
        parameters = _texts(prefix, header.text, values, named)
    elif header.kind in MEDIA_KINDS:
        parameters = [_media(prefix, header.kind, values)]
    elif header.kind in ("location", "product"):
        start = f"{prefix}.{header.kind}."
        content = {key.removeprefix(start): value for key, value in values.items() if key.startswith(start)}
        parameters = [{"type": header.kind, header.kind: content}]
    return [{"type": "header", "parameters": parameters}] if parameters else []


def _media(prefix: str, kind: str, values: Mapping[str, str]) -> JsonObject:
    value = values[f"{prefix}.{kind}"]
    content = {"id": value} if MEDIA_ID.fullmatch(value) else {"link": value}
    if filename := values.get(f"{prefix}.{kind}.filename"):
        content["filename"] = filename
    return {"type": kind, kind: content}


def _body(prefix: str, body: Text, values: Mapping[str, str], named: bool) -> list[JsonObject]:
    parameters = _texts(prefix, body, values, named)
    return [{"type": "body", "parameters": parameters}] if parameters else []


def _texts(prefix: str, text: Text, values: Mapping[str, str], named: bool) -> list[JsonObject]:
    parameters = []
    for name in text.names:
        key = f"{prefix}.{name}"
        parameter = _text_parameter(values[key], values.get(typed_key(key), ""))
        if named:
            parameter = {"type": parameter["type"], "parameter_name": name, **parameter}
        parameters.append(parameter)
    return parameters


def _text_parameter(value: str, typed: str) -> JsonObject:
    read = typed_read(typed) if typed else None
    if read is None:
        return {"type": "text", "text": value}
    kind, code, amount = read
    content: JsonObject = {"fallback_value": value}
    if kind == "currency":
        content |= {"code": code, "amount_1000": int(amount * 1000)}
    return {"type": kind, kind: content}


def _offer(offer: Offer | None, values: Mapping[str, str]) -> list[JsonObject]:
    moment = datetime_read(values.get("lto.expiration", "")) if offer is not None and offer.expires else None
    if moment is None:
        return []
    content = {"expiration_time_ms": round(moment.timestamp() * 1000)}
    parameter = {"type": "limited_time_offer", "limited_time_offer": content}
    return [{"type": "limited_time_offer", "parameters": [parameter]}]


def _buttons(prefix: str, buttons: Sequence[Button], values: Mapping[str, str], code: str = "") -> list[JsonObject]:
    components = []
    for button in buttons:
        key = f"{prefix}.{button.index}"
        found = _button(key, button, values, code)
        if found is not None:
            sub_type, parameter = found
            components.append(
                {"type": "button", "sub_type": sub_type, "index": str(button.index), "parameters": [parameter]}
            )
    return components


def _button(key: str, button: Button, values: Mapping[str, str], code: str) -> tuple[str, JsonObject] | None:
    """The button's sub_type and its one parameter; None when it carries no value."""
    if button.kind == "otp":
        return "url", {"type": "text", "text": code or values[f"{key}.code"]}
    if button.has_url_variable:
        return "url", {"type": "text", "text": url_suffix_encode(values[f"{key}.url"])}
    if button.kind == "copy_code":
        return "copy_code", {"type": "coupon_code", "coupon_code": values[f"{key}.copy_code"]}
    if button.kind == "quick_reply" and (payload := values.get(f"{key}.payload")):
        return "quick_reply", {"type": "payload", "payload": payload}
    if (action := _action(key, button, values)) is not None:
        return "CATALOG" if button.kind == "catalog" else button.kind, {"type": "action", "action": action}
    return None


def _action(key: str, button: Button, values: Mapping[str, str]) -> JsonObject | None:
    product = values.get(f"{key}.product", "")
    if button.kind == "flow":
        action: JsonObject = {"flow_token": values.get(f"{key}.flow_token", UNUSED_FLOW_TOKEN)}
        if data := values.get(f"{key}.flow_data"):
            action["flow_action_data"] = json.loads(data)
        return action
    if button.kind == "catalog" and product:
        return {"thumbnail_product_retailer_id": product}
    if button.kind == "mpm":
        sections = [
            {"title": section.title, "product_items": [{"product_retailer_id": item} for item in section.products]}
            for section in sections_read(values[f"{key}.sections"]) or ()
        ]
        return {"thumbnail_product_retailer_id": product, "sections": sections}
    return None


def _card(card: Card, values: Mapping[str, str], named: bool) -> JsonObject:
    prefix = f"card.{card.index}"
    components = _header(f"{prefix}.header", card.header, values, named)
    components += _body(f"{prefix}.body", card.body, values, named)
    components += _buttons(f"{prefix}.button", card.buttons, values)
    return {"card_index": card.index, "components": components}
