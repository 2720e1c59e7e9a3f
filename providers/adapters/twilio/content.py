"""A Content of Twilio as Meta's component JSON. Pure.

What Meta's shape has no word for stays beside it: `variables` (Twilio's names), `media` and `reply` (the address of a medium
and the id of a quick reply, with their places), `code` (of a button that copies one).
Source: twilio-oai, twilio_content_v1.json; https://www.twilio.com/docs/content/content-types-overview.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from providers.adapters.twilio.places import PLACE, filled, numbered
from providers.adapters.twilio.vocabulary import CONTENT_KINDS, DEFAULT_MEDIA, MEDIA_FORMATS
from providers.contracts import JsonObject
from providers.reading import part, parts, text

Samples = Mapping[str, str]


def components_read(content: JsonObject, *, approved_kind: str = "") -> list[JsonObject]:
    """The components of the content's kind for WhatsApp; a kind that has no meaning here becomes an unknown component."""
    types = part(content, "types")
    samples = {name: text(value) for name, value in part(content, "variables").items()}
    kind = next((word for word in (approved_kind, *CONTENT_KINDS) if isinstance(types.get(word), dict)), "")
    reader = _KINDS.get(kind)
    if reader is None:
        return [{"type": word.upper()} for word in types] or [{"type": "EMPTY"}]
    return [component for component in reader(part(types, kind), samples) if component]


# --- kinds of content ----------------------------------------------------------------------------------------------------


def _text(item: JsonObject, samples: Samples) -> list[JsonObject]:
    return [_body(text(item.get("body")), samples)]


def _media(item: JsonObject, samples: Samples) -> list[JsonObject]:
    return [*_header_media(item.get("media"), samples), _body(text(item.get("body")), samples)]


def _with_buttons(item: JsonObject, samples: Samples) -> list[JsonObject]:
    return [_body(text(item.get("body")), samples), _buttons(item, samples)]


def _card(item: JsonObject, samples: Samples) -> list[JsonObject]:
    """Both kinds of card: Twilio's own calls the body `title` and the footer `subtitle`."""
    header = _header_text(text(item.get("header_text")), samples) or _header_media(item.get("media"), samples)
    body = _body(text(item.get("body")) or text(item.get("title")), samples)
    return [*header, body, _footer(text(item.get("footer")) or text(item.get("subtitle"))), _buttons(item, samples)]


def _authentication(item: JsonObject, samples: Samples) -> list[JsonObject]:
    # WhatsApp writes the text around the code, which is always the variable 1.
    body: JsonObject = {"type": "BODY", "text": "{{1}}", "variables": ["1"]}
    if samples.get("1"):
        body["example"] = {"body_text": [[samples["1"]]]}
    if item.get("add_security_recommendation") is True:
        body["add_security_recommendation"] = True
    footer = {"type": "FOOTER", "code_expiration_minutes": item.get("code_expiration_minutes")}
    label = next((text(action.get("copy_code_text")) for action in parts(item, "actions")), "")
    button = {"type": "OTP", "otp_type": "COPY_CODE", "text": label, "variables": ["1"]}
    return [body, footer if footer["code_expiration_minutes"] else {}, {"type": "BUTTONS", "buttons": [button]}]


def _flow(item: JsonObject, samples: Samples) -> list[JsonObject]:
    button = {"type": "FLOW", "text": text(item.get("button_text")), "flow_id": text(item.get("flow_id"))}
    header = _header_media([item["media_url"]], samples) if item.get("media_url") else []
    body = _body(text(item.get("body")), samples)
    return [*header, body, _footer(text(item.get("subtitle"))), {"type": "BUTTONS", "buttons": [button]}]


def _carousel(item: JsonObject, samples: Samples) -> list[JsonObject]:
    cards: list[JsonObject] = []
    for card in parts(item, "cards"):
        words = [text(card.get("title")), text(card.get("body"))]
        body = _body("\n".join(word for word in words if word), samples)
        components = [*_header_media([card.get("media")], samples), body, _buttons(card, samples)]
        cards.append({"components": [component for component in components if component]})
    return [_body(text(item.get("body")), samples), {"type": "CAROUSEL", "cards": cards}]


_KINDS: dict[str, Callable[[JsonObject, Samples], list[JsonObject]]] = {
    "twilio/text": _text,
    "twilio/media": _media,
    "twilio/quick-reply": _with_buttons,
    "twilio/call-to-action": _with_buttons,
    "twilio/card": _card,
    "whatsapp/card": _card,
    "whatsapp/authentication": _authentication,
    "whatsapp/flows": _flow,
    "twilio/carousel": _carousel,
}

# --- components ----------------------------------------------------------------------------------------------------------


def _body(raw: str, samples: Samples) -> JsonObject:
    found = numbered(raw, samples)
    if not found.names:
        return {"type": "BODY", "text": raw}
    return {
        "type": "BODY",
        "text": found.text,
        "example": {"body_text": [found.samples]},
        "variables": found.names,
    }


def _header_text(raw: str, samples: Samples) -> list[JsonObject]:
    if not raw:
        return []
    found = numbered(raw, samples)
    header: JsonObject = {"type": "HEADER", "format": "TEXT", "text": found.text}
    if found.names:
        header |= {"example": {"header_text": found.samples}, "variables": found.names}
    return [header]


def _header_media(addresses: object, samples: Samples) -> list[JsonObject]:
    found = [text(item) for item in addresses if text(item)] if isinstance(addresses, list) else []
    if not found:
        return []
    raw = found[0]
    names = PLACE.findall(raw)
    if len(found) > 1 or len(names) > 1:
        # Several places in an address, or several media: what a sender fills in could not be told apart.
        return [{"type": "HEADER", "format": "SEVERAL_MEDIA"}]
    sample = filled(raw, samples)
    ending = sample.partition("?")[0].rpartition(".")[2].lower()
    return [
        {
            "type": "HEADER",
            "format": MEDIA_FORMATS.get(ending, DEFAULT_MEDIA),
            "example": {"header_handle": [sample]},
            "media": raw,
            "variables": names,
        }
    ]


def _footer(words: str) -> JsonObject:
    return {"type": "FOOTER", "text": words} if words else {}


def _buttons(item: JsonObject, samples: Samples) -> JsonObject:
    buttons = [_button(action, samples) for action in parts(item, "actions")]
    return {"type": "BUTTONS", "buttons": buttons} if buttons else {}


def _button(action: JsonObject, samples: Samples) -> JsonObject:
    # Quick replies name no type where nothing else is possible.
    kind, title = text(action.get("type")).upper() or "QUICK_REPLY", text(action.get("title"))
    button: JsonObject = {"type": kind, "text": title}
    if kind == "QUICK_REPLY":
        reply = text(action.get("id"))
        button |= {"reply": reply, "variables": list(dict.fromkeys(PLACE.findall(reply)))}
    elif kind == "URL":
        button |= _address(text(action.get("url")), samples)
    elif kind == "PHONE_NUMBER":
        button["phone_number"] = text(action.get("phone"))
    elif kind == "COPY_CODE":
        code = text(action.get("code"))
        button |= {"example": [filled(code, samples)], "code": code, "variables": PLACE.findall(code)}
    return button


def _address(raw: str, samples: Samples) -> JsonObject:
    names = PLACE.findall(raw)
    if not names:
        return {"url": raw}
    if len(names) > 1 or not raw.rstrip().endswith("}}"):
        # WhatsApp knows one place, at the address's end.
        return {"type": "URL_WITH_SEVERAL_PLACES"}
    return {"url": numbered(raw, samples).text, "example": [filled(raw, samples)], "variables": names}
