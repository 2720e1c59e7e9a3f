"""The values of a template as Infobip's `templateData`, from the neutral send-time components."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from providers.contracts import JsonObject, TemplateContent
from providers.errors import Reason, Rejected
from providers.reading import part, parts, text, whole_number

# CATALOG, MULTI_PRODUCT and product headers exist at Infobip, but the shape of their values is not documented.
PARTS = frozenset(
    {
        "header_text",
        "header_image",
        "header_video",
        "header_document",
        "header_location",
        "body",
        "button_url",
        "button_quick_reply",
        "button_copy_code",
        "button_flow",
        "carousel",
        "limited_time_offer",
    }
)


def template_data(content: TemplateContent) -> JsonObject:
    """The `templateData`. Raises Rejected for media that has no address (Infobip takes no media ids)."""
    data = _data(content.components, _buttons_defined(content.definition))
    for component in content.components:
        if component.get("type") == "carousel":
            defined = _cards_defined(content.definition)
            data["carousel"] = {
                "cards": [_card(card, defined) for card in sorted(parts(component, "cards"), key=_card_index)]
            }
        elif component.get("type") == "limited_time_offer":
            data["limitedTimeOffer"] = {"expirationTime": _expiration(component)}
    return data


def _data(components: Iterable[JsonObject], defined: Sequence[JsonObject]) -> JsonObject:
    # `body` is always there, without variables as an empty list.
    data: JsonObject = {"body": {"placeholders": []}}
    given: dict[int, JsonObject] = {}
    for component in components:
        kind = component.get("type")
        if kind == "header":
            data["header"] = _header(_first(component))
        elif kind == "body":
            data["body"] = {"placeholders": [_word(parameter) for parameter in parts(component, "parameters")]}
        elif kind == "button":
            given[whole_number(component.get("index")) or 0] = component
    if buttons := _buttons(given, defined):
        data["buttons"] = buttons
    return data


def _card(card: JsonObject, defined: Sequence[Sequence[JsonObject]]) -> JsonObject:
    index = _card_index(card)
    data = _data(parts(card, "components"), defined[index] if index < len(defined) else ())
    if not data["body"]["placeholders"]:
        del data["body"]
    return data


def _card_index(card: JsonObject) -> int:
    return whole_number(card.get("card_index")) or 0


def _first(component: JsonObject) -> JsonObject:
    return next(iter(parts(component, "parameters")), {})


def _word(parameter: JsonObject) -> str:
    """A text, or what a date or an amount falls back to: Infobip's values are texts."""
    kind = text(parameter.get("type"))
    return text(parameter.get("text")) or text(part(parameter, kind).get("fallback_value"))


def _header(parameter: JsonObject) -> JsonObject:
    kind = text(parameter.get("type"))
    if kind == "location":
        place = part(parameter, "location")
        return {"type": "LOCATION", "latitude": float(place["latitude"]), "longitude": float(place["longitude"])}
    if kind not in ("image", "video", "document"):
        return {"type": "TEXT", "placeholder": _word(parameter)}
    media = part(parameter, kind)
    link = text(media.get("link"))
    if not link:
        raise Rejected(Reason.UNSUPPORTED, provider_code=f"header_{kind}", detail="Media needs an address (https).")
    header = {"type": kind.upper(), "mediaUrl": link}
    if kind == "document":
        # WhatsApp shows a name under a document, and Infobip wants one.
        header["filename"] = text(media.get("filename")) or link.rpartition("/")[2][:240] or "document"
    return header


def _expiration(component: JsonObject) -> str:
    offer = part(_first(component), "limited_time_offer")
    milliseconds = whole_number(offer.get("expiration_time_ms")) or 0
    return datetime.fromtimestamp(milliseconds / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


# --- buttons -------------------------------------------------------------------------------------------------------------


def _buttons(given: dict[int, JsonObject], defined: Sequence[JsonObject]) -> list[JsonObject]:
    """One entry per button that takes a value, in the template's order.

    A quick reply always takes one; without a value of its own it gives back its label, as WhatsApp does.
    """
    labels = {
        index: text(button.get("text"))
        for index, button in enumerate(defined)
        if text(button.get("type")).upper() == "QUICK_REPLY"
    }
    entries = []
    for index in sorted({*given, *labels}):
        component = given.get(index)
        entries.append(_button(component) if component else {"type": "QUICK_REPLY", "parameter": labels[index]})
    return entries


def _button(component: JsonObject) -> JsonObject:
    kind, value = text(component.get("sub_type")).lower(), _first(component)
    if kind == "url":
        return {"type": "URL", "parameter": text(value.get("text"))}
    if kind == "copy_code":
        return {"type": "COPY_CODE", "parameter": text(value.get("coupon_code"))}
    if kind == "flow":
        action = part(value, "action")
        data = part(action, "flow_action_data")
        return {"type": "FLOW", "flowToken": text(action.get("flow_token")), **({"data": data} if data else {})}
    return {"type": "QUICK_REPLY", "parameter": text(value.get("payload"))}


def _buttons_defined(definition: Sequence[JsonObject]) -> Sequence[JsonObject]:
    for component in definition:
        if text(component.get("type")).upper() == "BUTTONS":
            return parts(component, "buttons")
    return ()


def _cards_defined(definition: Sequence[JsonObject]) -> list[Sequence[JsonObject]]:
    for component in definition:
        if text(component.get("type")).upper() == "CAROUSEL":
            return [_buttons_defined(parts(card, "components")) for card in parts(component, "cards")]
    return []
