"""Zenvia's templates: its list translated into Meta's component JSON with named variables."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from providers.adapters.zenvia.errors import OWN_CODES, error_detail
from providers.adapters.zenvia.vocabulary import (
    BUTTON_TYPES,
    COUPON_FIELD,
    HEADER_FORMATS,
    MEDIA_FIELDS,
    TEMPLATE_STATUSES,
    TOKEN_FIELD,
)
from providers.contracts import JsonObject, RemoteTemplate
from providers.http import Answer
from providers.policy import call_error, unreadable_answer
from providers.reading import language, part, parts, text, whole_number
from providers.whatsapp.words import category_read, quality_read

PAGE_SIZE = 100
MAX_PAGES = 200
PLACE = re.compile(r"\{\{\s*(\w+)\s*\}\}")

Fetch = Callable[[dict[str, str]], Answer]


def templates_read(fetch: Fetch) -> list[RemoteTemplate]:
    """All templates. `fetch` makes one GET of the list with the given query. Raises ProviderCallError."""
    found: dict[str, RemoteTemplate] = {}
    for page in range(MAX_PAGES):
        answer = fetch({"channel": "WHATSAPP", "page": str(page), "size": str(PAGE_SIZE)})
        items = _listed(answer)
        read = {template.external_id: template for template in (template_read(item, answer) for item in items)}
        new = read.keys() - found.keys()
        found |= read
        total = whole_number(answer.headers.get("x-total"))
        if not new or (len(found) >= total if total is not None else len(items) < PAGE_SIZE):
            return list(found.values())
    raise unreadable_answer(answer, f"The list has more than {MAX_PAGES} pages.")


def template_of(answer: Answer) -> RemoteTemplate:
    """The template that a creation or a change answers with. Raises ProviderCallError."""
    checked(answer)
    return template_read(answer.json_object() or {}, answer)


def checked(answer: Answer) -> None:
    """Raise ProviderCallError with Zenvia's words unless the management call worked."""
    body = answer.json_object()
    code = text((body or {}).get("code"))
    if not 200 <= answer.status < 300 or code:
        raise call_error(answer, OWN_CODES, code=code, detail=error_detail(body))


def template_read(item: JsonObject, answer: Answer) -> RemoteTemplate:
    """One template as the portal knows them. Raises ProviderCallError when it has no id, name or locale."""
    external_id, name, code = text(item.get("id")), text(item.get("name")), language(item.get("locale"))
    if not external_id or not name or not code:
        raise unreadable_answer(answer, "A template has no id, name or locale.")
    components = _components(item)
    return RemoteTemplate(
        external_id=external_id,
        name=name,
        language=code,
        category=category_read(item.get("category")),
        status=TEMPLATE_STATUSES.get(text(item.get("status")).upper(), "UNKNOWN"),
        components=[*components, *_unplaced(item, components)],
        parameter_format="NAMED",
        quality=quality_read(item.get("qualityScore")),
    )


def _listed(answer: Answer) -> list[JsonObject]:
    checked(answer)
    items = answer.json_list()
    if items is None or not all(isinstance(item, dict) for item in items):
        raise unreadable_answer(answer, "The answer is no list of templates.")
    return items


def _components(item: JsonObject) -> list[JsonObject]:
    described, examples = part(item, "components"), part(item, "examples")
    is_code = text(item.get("category")).upper() == "AUTHENTICATION"
    body = text(part(described, "body").get("text"))
    if is_code and TOKEN_FIELD in _names(item) and not PLACE.search(body):
        body = "{{" + TOKEN_FIELD + "}}"  # WhatsApp writes the words around the code
    components = [*_header(part(described, "header"), examples), _text("BODY", "body_text", body, examples)]
    if footer := text(part(described, "footer").get("text")):
        components.append({"type": "FOOTER", "text": footer})
    if buttons := [_button(button, examples, is_code) for button in parts(part(described, "buttons"), "items")]:
        components.append({"type": "BUTTONS", "buttons": buttons})
    known = {"header", "body", "footer", "buttons"}
    return components + [{"type": name.upper()} for name, value in described.items() if name not in known and value]


def _header(header: JsonObject, examples: JsonObject) -> list[JsonObject]:
    kind = text(header.get("type")).upper()
    if not kind:
        return []
    found = HEADER_FORMATS.get(kind, kind)
    if found == "TEXT":
        return [{**_text("HEADER", "header_text", text(header.get("text")), examples), "format": "TEXT"}]
    component: JsonObject = {"type": "HEADER", "format": found}
    if address := text(examples.get(MEDIA_FIELDS.get(found.lower(), ""))):
        component["example"] = {"header_handle": [address]}
    return [component]


def _text(kind: str, example: str, words: str, examples: JsonObject) -> JsonObject:
    named = [{"param_name": name, "example": text(examples.get(name))} for name in dict.fromkeys(PLACE.findall(words))]
    return {"type": kind, "text": words, **({"example": {f"{example}_named_params": named}} if named else {})}


def _button(button: JsonObject, examples: JsonObject, is_code: bool) -> JsonObject:
    kind, words = text(button.get("type")).upper(), text(button.get("text"))
    if kind == "COPY_CODE" and is_code:
        return {"type": "OTP", "text": words}
    found: JsonObject = {"type": BUTTON_TYPES.get(kind, kind), "text": words}
    if kind == "URL":
        address = found["url"] = text(button.get("url"))
        if place := PLACE.search(address):
            found["example"] = [address[: place.start()] + text(examples.get(place.group(1)))]
    elif kind == "PHONE_NUMBER":
        found["phone_number"] = text(button.get("phoneNumber"))
    elif kind == "COPY_CODE":
        found["example"] = text(examples.get(COUPON_FIELD))
    elif button.get("payload"):
        found["payload"] = text(button["payload"])
    return found


def _names(item: JsonObject) -> list[str]:
    fields = item.get("fields")
    return [text(name) for name in fields if text(name)] if isinstance(fields, list) else []


def _unplaced(item: JsonObject, components: list[JsonObject]) -> Iterator[JsonObject]:
    """A part that nobody knows for each field without a place: such a template would go out with a hole."""
    placed = set(_placed(components))
    for name in _names(item):
        if name not in placed:
            yield {"type": f"FIELD {name}"}


def _placed(components: list[JsonObject]) -> Iterator[str]:
    for component in components:
        yield from PLACE.findall(text(component.get("text")))
        if field := MEDIA_FIELDS.get(text(component.get("format")).lower()):
            yield field
        for button in parts(component, "buttons"):
            names = set(PLACE.findall(text(button.get("url"))))
            yield from names if len(names) == 1 else ()
            if button["type"] == "COPY_CODE":
                yield COUPON_FIELD
            if button["type"] == "OTP":
                yield TOKEN_FIELD
