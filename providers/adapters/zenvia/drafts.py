"""A draft in Meta's component JSON as Zenvia's template: every variable gets a name, and an example under it."""

from __future__ import annotations

from typing import Any

from providers.abilities import TemplateDraft
from providers.adapters.zenvia.templates import PLACE
from providers.adapters.zenvia.vocabulary import COUPON_FIELD, HEADER_FORMATS, MEDIA_FIELDS
from providers.contracts import JsonObject
from providers.errors import ProviderCallError, Reason
from providers.reading import part, parts, text

_MEDIA_TYPES = {found: word for word, found in HEADER_FORMATS.items() if word.startswith("MEDIA_")}


def draft_body(draft: TemplateDraft, *, sender: str, notification_email: str) -> JsonObject:
    """The body of POST /v2/templates. Raises ProviderCallError for what the spec shows no way for."""
    return {
        "name": draft.name,
        "locale": draft.language,
        "channel": "WHATSAPP",
        "senderId": sender,
        **changes_body(draft),
        **({"notificationEmail": notification_email} if notification_email else {}),
    }


def changes_body(draft: TemplateDraft) -> JsonObject:
    """The body of PATCH /v2/templates/{id}: what an approved template may change."""
    found = {text(component.get("type")).upper(): component for component in draft.components}
    for kind in found.keys() - {"HEADER", "BODY", "FOOTER", "BUTTONS"}:
        raise ProviderCallError(Reason.UNSUPPORTED, detail=f"Zenvia: {kind}")
    if draft.category.lower() == "authentication":
        raise ProviderCallError(Reason.UNSUPPORTED, detail="Zenvia: AUTHENTICATION")
    examples: dict[str, str] = {}
    components: JsonObject = {}
    if "HEADER" in found:
        components["header"] = _header(found["HEADER"], examples)
    components["body"] = _text(found.get("BODY", {}), "body_text", "", examples)
    if words := text(found.get("FOOTER", {}).get("text")):
        components["footer"] = {"type": "TEXT_FIXED", "text": words}
    if buttons := parts(found.get("BUTTONS", {}), "buttons"):
        components["buttons"] = _buttons(buttons, examples)
    return {"category": draft.category.upper(), "components": components, "examples": examples}


def _header(header: JsonObject, examples: dict[str, str]) -> JsonObject:
    kind = text(header.get("format")).upper() or "TEXT"
    if kind == "TEXT":
        # All variables share one list of names, so the header's {{1}} must not be the body's.
        return _text(header, "header_text", "header", examples)
    if kind not in _MEDIA_TYPES:
        raise ProviderCallError(Reason.UNSUPPORTED, detail=f"Zenvia: {kind}")
    handles = part(header, "example").get("header_handle")
    address = text(handles[0]) if isinstance(handles, list) and handles else ""
    if not address.startswith("https://"):
        raise ProviderCallError(Reason.MEDIA, detail="Zenvia wants the address of a sample for the header.")
    examples[MEDIA_FIELDS[kind.lower()]] = address
    return {"type": _MEDIA_TYPES[kind]}


def _text(component: JsonObject, key: str, prefix: str, examples: dict[str, str]) -> JsonObject:
    words, example = text(component.get("text")), part(component, "example")
    by_name = {
        text(item.get("param_name")): text(item.get("example")) for item in parts(example, f"{key}_named_params")
    }
    rows: Any = example.get(key)
    row = rows[0] if isinstance(rows, list) and rows and isinstance(rows[0], list) else rows
    samples = [text(sample) for sample in row] if isinstance(row, list) else []
    names = sorted(set(PLACE.findall(words)), key=lambda name: (len(name), name))
    ours = {name: f"{prefix}{name}" if name.isdecimal() else name for name in names}
    for place, name in enumerate(names):
        examples[ours[name]] = by_name.get(name) or (samples[place] if place < len(samples) else "")
    renamed = PLACE.sub(lambda found: "{{" + ours[found.group(1)] + "}}", words)
    return {"type": "TEXT_TEMPLATE" if names or key == "body_text" else "TEXT_FIXED", "text": renamed}


def _buttons(buttons: list[JsonObject], examples: dict[str, str]) -> JsonObject:
    items = [_button(index, button, examples) for index, button in enumerate(buttons)]
    quick = [item["type"] == "QUICK_REPLY" for item in items]
    return {"type": "QUICK_REPLIES" if all(quick) else "MIXED" if any(quick) else "ACTIONS", "items": items}


def _button(index: int, button: JsonObject, examples: dict[str, str]) -> JsonObject:
    kind, words = text(button.get("type")).upper(), text(button.get("text"))
    example = button.get("example")
    sample = text(example[0] if isinstance(example, list) and example else example)
    if kind == "QUICK_REPLY":
        return {"type": kind, "text": words, "payload": words}
    if kind == "URL":
        address = text(button.get("url"))
        if place := PLACE.search(address):
            name = f"url{index}"
            examples[name] = sample.removeprefix(address[: place.start()])
            address = PLACE.sub("{{" + name + "}}", address)
        return {"type": kind, "text": words, "url": address}
    if kind == "PHONE_NUMBER":
        return {"type": kind, "text": words, "phoneNumber": text(button.get("phone_number"))}
    if kind == "COPY_CODE":
        examples[COUPON_FIELD] = sample
        return {"type": kind, **({"text": words} if words else {})}
    raise ProviderCallError(Reason.UNSUPPORTED, detail=f"Zenvia: {kind}")
