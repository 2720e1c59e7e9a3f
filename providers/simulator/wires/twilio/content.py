"""Twilio's contents: their types, made of Meta's components or turned into them, and filled by numbered variables. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from providers.simulator.definition import VARIABLE, Definition, definition_of, variables
from providers.simulator.documents import Json, mapping, sequence
from providers.simulator.parameters import by_part, code_button, media_header, payload_button, url_button
from providers.simulator.refusal import Refusal
from providers.simulator.wires.contract import Filling
from providers.simulator.world import Template

AUTHENTICATION = "whatsapp/authentication"
MEDIA_BASE = "https://cdn.example.com/"
SAMPLE_FILES = {"IMAGE": "sample.jpg", "VIDEO": "sample.mp4", "DOCUMENT": "sample.pdf"}
SUFFIXES = {".mp4": "VIDEO", ".3gp": "VIDEO", ".pdf": "DOCUMENT"}
ACTION_TYPES = {"URL": "URL", "PHONE_NUMBER": "PHONE_NUMBER", "COPY_CODE": "COPY_CODE", "QUICK_REPLY": "QUICK_REPLY"}
QUICK, CALLS = {"QUICK_REPLY"}, {"URL", "PHONE_NUMBER", "COPY_CODE"}


def types_of(template: Template) -> Json:
    """The ``types`` of a content."""
    return mapping(template.settings.get("types")) or _made(definition_of(template.components))[0]


def samples_of(template: Template) -> Json:
    """The sample values of its variables."""
    if template.settings.get("types"):
        return mapping(template.settings.get("variables"))
    return {**_made(definition_of(template.components))[1], **mapping(template.settings.get("variables"))}


# --- from Meta's components ------------------------------------------------------------------------------------


def _made(definition: Definition) -> tuple[Json, Json]:
    """Types and samples; the variables beside the body's are numbered after them."""
    samples: Json = {name: f"sample {name}" for name in definition.body_variables}

    def another(sample: str) -> str:
        number = str(len(samples) + 1)
        samples[number] = sample
        return f"{{{{{number}}}}}"

    kinds = {button.type for button in definition.buttons}
    if "OTP" in kinds:
        actions = [{"type": "COPY_CODE", "copy_code_text": button.text} for button in definition.buttons]
        return {AUTHENTICATION: {"add_security_recommendation": True, "actions": actions}}, {"1": "123456"}
    content: Json = {"body": definition.body_text}
    if definition.header_text:
        content["header_text"] = VARIABLE.sub(lambda _: another("sample"), definition.header_text)
    if definition.header_format in SAMPLE_FILES:
        content["media"] = [MEDIA_BASE + another(SAMPLE_FILES[definition.header_format])]
    if definition.footer_text:
        content["footer"] = definition.footer_text
    if definition.buttons:
        content["actions"] = [_action(button, another) for button in definition.buttons]
    return {_type_name(content, kinds): content}, samples


def _type_name(content: Json, kinds: set[str]) -> str:
    parts = set(content) - {"body"}
    if not parts:
        return "twilio/text"
    if parts == {"media"}:
        return "twilio/media"
    if parts == {"actions"} and kinds <= QUICK:
        return "twilio/quick-reply"
    return "twilio/call-to-action" if parts == {"actions"} and kinds <= CALLS else "whatsapp/card"


def _action(button: Any, another: Callable[[str], str]) -> Json:
    action: Json = {"type": button.type, "title": button.text}
    if button.type == "QUICK_REPLY":
        return {**action, "id": button.text}
    if button.type == "PHONE_NUMBER":
        return {**action, "phone": button.phone_number}
    if button.type == "COPY_CODE":
        return {**action, "code": another("SAMPLE10")}
    return {**action, "url": VARIABLE.sub(lambda _: another("sample"), button.url)}


# --- into Meta's components ------------------------------------------------------------------------------------


def components_of(types: Json, samples: Mapping[str, Any]) -> list[Json]:
    """Meta's components of the first type that is understood; raises Refusal(100) when there is none."""
    name, content = _shown(types)
    actions = [mapping(item) for item in sequence(content.get("actions"))]
    if name == AUTHENTICATION:
        otp = [{"type": "OTP", "otp_type": "COPY_CODE", "text": item.get("copy_code_text", "")} for item in actions]
        return [{"type": "BODY", "text": "{{1}}"}, {"type": "BUTTONS", "buttons": otp}]
    if not content.get("body"):
        raise Refusal(100, "A content needs a body.")
    components: list[Json] = []
    if content.get("header_text"):
        components.append({"type": "HEADER", "format": "TEXT", "text": content["header_text"]})
    if media := _media(content):
        components.append({"type": "HEADER", "format": _media_kind(_filled(media, samples))})
    components.append({"type": "BODY", "text": str(content["body"])})
    if content.get("footer"):
        components.append({"type": "FOOTER", "text": content["footer"]})
    if actions:
        components.append({"type": "BUTTONS", "buttons": [_button(item) for item in actions]})
    return components


def _shown(types: Json) -> tuple[str, Json]:
    """The type that WhatsApp is sent: a WhatsApp one before Twilio's."""
    names = sorted(types, key=lambda name: not name.startswith("whatsapp/"))
    if not names:
        raise Refusal(100, "A content needs a type.")
    return names[0], mapping(types[names[0]])


def _button(action: Json) -> Json:
    kind = ACTION_TYPES.get(str(action.get("type", "QUICK_REPLY")), str(action.get("type")))
    button: Json = {"type": kind, "text": action.get("title", "")}
    if "url" in action:
        button["url"] = VARIABLE.sub("{{1}}", str(action["url"]))
    if "phone" in action:
        button["phone_number"] = action["phone"]
    return button


def _media(content: Json) -> str:
    return next((str(item) for item in sequence(content.get("media"))), "")


def _media_kind(url: str) -> str:
    return next((kind for suffix, kind in SUFFIXES.items() if url.lower().endswith(suffix)), "IMAGE")


def _filled(text: str, values: Mapping[str, Any]) -> str:
    return VARIABLE.sub(lambda found: str(values.get(found.group(1), found.group())), text)


# --- filling ---------------------------------------------------------------------------------------------------


def filling(template: Template, values: Mapping[str, str]) -> Filling:
    """What ``ContentVariables`` put into the parts. Another set of variables than the content's refuses with 132000."""
    name, content = _shown(types_of(template))

    def fill(definition: Definition) -> list[Json]:
        wanted = {"1"} if name == AUTHENTICATION else set(VARIABLE.findall(json.dumps(content)))
        if wanted != set(values):
            raise Refusal(132000, f"expected the variables {sorted(wanted)}, received {sorted(values)}")
        if name == AUTHENTICATION:
            code = values["1"]
            buttons = {index: url_button(code) for index, _ in enumerate(definition.buttons)}
            return by_part(body=[code] * len(definition.body_variables), buttons=buttons)(definition)
        media = _media(content)
        link = _filled(media, values)
        return by_part(
            header=[values[item] for item in variables(str(content.get("header_text", "")))],
            body=[values[item] for item in variables(str(content.get("body", "")))],
            media=media_header(_media_kind(link).lower(), link) if media else None,
            buttons=_filled_buttons(content, values),
        )(definition)

    return fill


def _filled_buttons(content: Json, values: Mapping[str, str]) -> dict[int, Json]:
    buttons: dict[int, Json] = {}
    for index, action in enumerate(mapping(item) for item in sequence(content.get("actions"))):
        url = str(action.get("url", ""))
        if VARIABLE.search(url):
            buttons[index] = url_button(_filled(url, values).removeprefix(VARIABLE.split(url, maxsplit=1)[0]))
        elif "code" in action:
            buttons[index] = code_button(_filled(str(action["code"]), values))
        elif "id" in action:
            buttons[index] = payload_button(_filled(str(action["id"]), values))
    return buttons
