"""A draft in Meta's component JSON as a Content of Twilio. Pure.

Twilio's variables are one set for the whole content, so the draft's places are numbered through, the body's first.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from providers.abilities import TemplateDraft
from providers.adapters.twilio.places import PLACE
from providers.contracts import JsonObject
from providers.errors import ProviderCallError, Reason
from providers.reading import part, parts, text

_BUTTON_KINDS = frozenset({"QUICK_REPLY", "URL", "PHONE_NUMBER", "COPY_CODE", "VOICE_CALL"})
_MEDIA = frozenset({"IMAGE", "VIDEO", "DOCUMENT"})
_CARRIED = frozenset({"HEADER", "BODY", "FOOTER", "BUTTONS", "CAROUSEL"})


def content_build(draft: TemplateDraft) -> JsonObject:
    """The body of POST /v1/Content. Raises ProviderCallError(UNSUPPORTED) that names what Twilio has no content for."""
    found = {text(item.get("type")).upper(): item for item in draft.components}
    surplus = found.keys() - _CARRIED
    if surplus:
        raise _unsupported(", ".join(sorted(surplus)).lower())
    variables = _Variables()
    kind, item = _type_build(found, variables)
    return {
        "friendly_name": draft.name,
        "language": draft.language,
        "variables": variables.samples,
        "types": {kind: item},
    }


def content_rebuild(draft: TemplateDraft, current: JsonObject) -> JsonObject:
    """The body of PUT /v1/Content/{sid}, which replaces `current` whole: what of that our draft has no word for stays.

    That is what stands behind a quick reply. Raises ProviderCallError(UNSUPPORTED) for what would be lost: a second type (an
    SMS beside the WhatsApp text), and an answer with a variable.
    """
    types = {kind: item for kind, item in part(current, "types").items() if isinstance(item, dict)}
    if len(types) > 1:
        raise _only_there(f"The content has several types ({', '.join(sorted(types))})")
    known = {text(action.get("title")): text(action.get("id")) for item in types.values() for action in _replies(item)}
    if any(PLACE.search(answer) for answer in known.values()):
        raise _only_there("The answer behind one of its quick replies has a variable")
    content = content_build(draft)
    for item in content["types"].values():
        for action in _replies(item):
            action["id"] = known.get(action["title"]) or action["id"]
    return content


class _Variables:
    """Numbers the places as they come and collects their samples."""

    def __init__(self) -> None:
        self.samples: dict[str, str] = {}

    def add(self, sample: str) -> str:
        name = str(len(self.samples) + 1)
        self.samples[name] = sample
        return f"{{{{{name}}}}}"

    def text(self, raw: str, samples: Sequence[str]) -> str:
        """`raw` with its places numbered through; `samples` by the order of the places' names."""
        names = list(dict.fromkeys(PLACE.findall(raw)))
        if all(name.isdecimal() for name in names):
            names.sort(key=int)
        known = {name: self.add(samples[index] if index < len(samples) else "") for index, name in enumerate(names)}
        return PLACE.sub(lambda match: known[match.group(1)], raw)


def _type_build(found: dict[str, JsonObject], variables: _Variables) -> tuple[str, JsonObject]:
    body, header, buttons = found.get("BODY", {}), found.get("HEADER", {}), found.get("BUTTONS", {})
    items = parts(buttons, "buttons")
    if any(text(item.get("type")).upper() == "OTP" for item in items):
        return "whatsapp/authentication", _authentication(body, found.get("FOOTER", {}), items, variables)
    words = variables.text(text(body.get("text")), _samples(body, "body_text"))
    if "CAROUSEL" in found:
        cards = [_card(card, variables) for card in parts(found["CAROUSEL"], "cards")]
        return "twilio/carousel", {"body": words, "cards": cards}
    media = _media(header, variables)
    actions = [_action(item, variables) for item in items]
    footer = text(found.get("FOOTER", {}).get("text"))
    header_words = variables.text(text(header.get("text")), _samples(header, "header_text"))
    if header_words or footer or (media and actions):
        card = {
            "body": words,
            "header_text": header_words,
            "footer": footer,
            "media": [media] if media else [],
            "actions": actions,
        }
        return "whatsapp/card", {name: value for name, value in card.items() if value}
    if media:
        return "twilio/media", {"body": words, "media": [media]}
    kinds = {action["type"] for action in actions}
    if kinds == {"QUICK_REPLY"}:
        return "twilio/quick-reply", {"body": words, "actions": actions}
    if actions and "QUICK_REPLY" not in kinds:
        return "twilio/call-to-action", {"body": words, "actions": actions}
    return ("whatsapp/card", {"body": words, "actions": actions}) if actions else ("twilio/text", {"body": words})


def _replies(item: JsonObject) -> list[JsonObject]:
    """The quick replies of a content's type; they name no type where nothing else is possible."""
    actions = parts(item, "actions")
    return [action for action in actions if (text(action.get("type")) or "QUICK_REPLY").upper() == "QUICK_REPLY"]


def _card(card: JsonObject, variables: _Variables) -> JsonObject:
    found = {text(item.get("type")).upper(): item for item in parts(card, "components")}
    body = found.get("BODY", {})
    return {
        "body": variables.text(text(body.get("text")), _samples(body, "body_text")),
        "media": _media(found.get("HEADER", {}), variables),
        "actions": [_action(item, variables) for item in parts(found.get("BUTTONS", {}), "buttons")],
    }


def _authentication(
    body: JsonObject, footer: JsonObject, buttons: Sequence[JsonObject], variables: _Variables
) -> JsonObject:
    variables.add(next(iter(_samples(body, "body_text")), "") or "123456")
    item: JsonObject = {
        "add_security_recommendation": body.get("add_security_recommendation") is True,
        "actions": [{"type": "COPY_CODE", "copy_code_text": text(button.get("text"))} for button in buttons],
    }
    if footer.get("code_expiration_minutes"):
        item["code_expiration_minutes"] = footer["code_expiration_minutes"]
    return item


def _action(button: JsonObject, variables: _Variables) -> JsonObject:
    kind, title = text(button.get("type")).upper(), text(button.get("text"))
    if kind not in _BUTTON_KINDS:
        raise _unsupported(f"button {kind.lower()}")
    action: JsonObject = {"type": kind, "title": title}
    sample = _first(button.get("example"))
    if kind == "QUICK_REPLY":
        action["id"] = re.sub(r"\W+", "_", title.lower()).strip("_")[:200] or "reply"
    elif kind == "URL":
        url = text(button.get("url"))
        base = PLACE.split(url, maxsplit=1)[0]
        action["url"] = variables.text(url, [sample.removeprefix(base)])
    elif kind == "PHONE_NUMBER":
        action["phone"] = text(button.get("phone_number"))
    elif kind == "COPY_CODE":
        action["code"] = variables.add(sample)
    return action


def _media(header: JsonObject, variables: _Variables) -> str:
    """The address of a header's medium, its host fixed and the rest a variable; "" for other headers."""
    kind = text(header.get("format")).upper()
    if not header or kind in ("", "TEXT"):
        return ""
    if kind not in _MEDIA:
        raise _unsupported(f"header {kind.lower()}")
    example = part(header, "example")
    address = _first(example.get("header_handle")) or _first(example.get("header_url"))
    split = urlsplit(address)
    beginning = f"https://{split.netloc}/"
    if split.scheme != "https" or not split.netloc or len(address) <= len(beginning):
        detail = f"The header needs the public address (https://...) of an example {kind.lower()}."
        raise ProviderCallError(Reason.MEDIA, detail=detail)
    return beginning + variables.add(address.removeprefix(beginning))


def _samples(component: JsonObject, name: str) -> list[str]:
    """A text's samples in the order of its places: positional, in a row or plain, or by name."""
    example = part(component, "example")
    named = parts(example, f"{name}_named_params")
    if named:
        by_name = {text(item.get("param_name")): _first(item.get("example")) for item in named}
        return [by_name.get(place, "") for place in dict.fromkeys(PLACE.findall(text(component.get("text"))))]
    rows: Any = example.get(name)
    row = rows[0] if isinstance(rows, list) and rows and isinstance(rows[0], list) else rows
    return [text(item) for item in row] if isinstance(row, list) else []


def _first(value: object) -> str:
    return text(value[0]) if isinstance(value, list) and value else text(value)


def _unsupported(what: str) -> ProviderCallError:
    return ProviderCallError(Reason.UNSUPPORTED, detail=f"Twilio has no content with: {what}.")


def _only_there(why: str) -> ProviderCallError:
    return ProviderCallError(Reason.UNSUPPORTED, detail=f"{why}: it can only be changed at Twilio.")
