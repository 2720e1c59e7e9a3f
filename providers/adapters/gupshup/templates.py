"""Gupshup's templates: its list translated into Meta's component JSON, and a draft into its forms."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from django.utils.translation import gettext as _

from providers.abilities import TemplateDraft
from providers.adapters.gupshup.errors import CODES, is_error, message_read
from providers.adapters.gupshup.vocabulary import HEADER_FORMATS, TEMPLATE_STATUSES
from providers.contracts import JsonObject, RemoteTemplate
from providers.errors import ProviderCallError, Reason
from providers.http import Answer
from providers.policy import call_error, unreadable_answer
from providers.reading import language, part, parts, text
from providers.whatsapp.words import category_read, quality_read

PAGE_SIZE = 100
MAX_PAGES = 200
#: The page names `pageNo` and not where it begins. A list that begins at 1 gives the same page twice, which is noticed.
FIRST_PAGE = 0
#: Gupshup wants a word on what the template is for, which WhatsApp does not know.
VERTICAL = "HSM"
#: What a change may name (Edit Template, partner documentation); `exampleHeader` is not in its table, and goes with `header`.
CHANGEABLE = frozenset(
    {
        "content",
        "templateType",
        "example",
        "exampleHeader",
        "exampleMedia",
        "enableSample",
        "header",
        "footer",
        "buttons",
    }
)
#: What the answer to a change looks like is not documented: a changed template waits for its review whatever it says.
AFTER_A_CHANGE = "PENDING"

_PLACE = re.compile(r"\{\{\s*(\w+)\s*\}\}")

Fetch = Callable[[dict[str, str]], Answer]


def templates_read(fetch: Fetch) -> list[RemoteTemplate]:
    """All templates. `fetch` makes one GET of the list with the given query. Raises ProviderCallError."""
    found: dict[str, RemoteTemplate] = {}
    for page in range(FIRST_PAGE, FIRST_PAGE + MAX_PAGES):
        answer = fetch({"pageNo": str(page), "pageSize": str(PAGE_SIZE)})
        items = _listed(answer)
        read = {template.external_id: template for template in (_template(item, answer) for item in items)}
        if not read.keys() - found.keys():
            return list(found.values())
        found |= read
        if len(items) < PAGE_SIZE:
            return list(found.values())
    raise unreadable_answer(answer, f"The list has more than {MAX_PAGES} pages.")


def template_created(answer: Answer) -> RemoteTemplate:
    """The template that a creation answers with. Raises ProviderCallError."""
    body = checked(answer)
    return _template(part(body, "template"), answer)


def checked(answer: Answer) -> JsonObject:
    """The body of a management call that worked. Raises ProviderCallError with Gupshup's words otherwise."""
    body = answer.json_object()
    if not 200 <= answer.status < 300 or body is None or is_error(body):
        raise call_error(answer, CODES, detail=message_read(body))
    return body


def is_gone(answer: Answer) -> bool:
    """Whether a deletion found nothing to delete. The status of such an answer is not on the page, so its words count too."""
    return answer.status == 404 or "not exist" in message_read(answer.json_object()).lower()


def draft_form(draft: TemplateDraft) -> dict[str, str]:
    """The form that creates the template. Raises ProviderCallError for what the page shows no way for."""
    if draft.parameter_format.upper() == "NAMED":
        raise ProviderCallError(Reason.UNSUPPORTED, detail="Gupshup's variables have numbers: {{1}}, {{2}}.")
    components = {text(component.get("type")).upper(): component for component in draft.components}
    for kind in components.keys() - {"HEADER", "BODY", "FOOTER", "BUTTONS"}:
        raise ProviderCallError(Reason.UNSUPPORTED, detail=f"Gupshup: {kind}")
    body, header = components.get("BODY", {}), components.get("HEADER", {})
    rows = part(body, "example").get("body_text")
    form = {
        "elementName": draft.name,
        "languageCode": draft.language,
        "category": draft.category.upper(),
        "vertical": VERTICAL,
        "content": text(body.get("text")),
        "example": _with_samples(text(body.get("text")), rows[0] if isinstance(rows, list) and rows else []),
        "enableSample": "true",
        "allowTemplateCategoryChange": "false",
        **_header_form(header),
    }
    if footer := text(components.get("FOOTER", {}).get("text")):
        form["footer"] = footer
    if buttons := parts(components.get("BUTTONS", {}), "buttons"):
        form["buttons"] = json.dumps(buttons, ensure_ascii=False, separators=(",", ":"))
    return form


def change_form(draft: TemplateDraft, current: RemoteTemplate | None) -> dict[str, str]:
    """The form that changes a template. The category is named only where it changes: an approved one's may not be repeated."""
    form = draft_form(draft)
    kept = {name: value for name, value in form.items() if name in CHANGEABLE}
    if current is None or current.category != draft.category:
        kept["category"] = form["category"]
    return kept


def template_changed(answer: Answer, external_id: str, draft: TemplateDraft) -> RemoteTemplate:
    """The template that a change answers with; where that shows none, the draft in review. Raises ProviderCallError."""
    shown = part(checked(answer), "template")
    if text(shown.get("id")) and text(shown.get("elementName")) and text(shown.get("languageCode")):
        # What an answer shows of the status is older than the review that it has begun.
        return replace(_template(shown, answer), status=AFTER_A_CHANGE)
    return RemoteTemplate(
        external_id=external_id,
        name=draft.name,
        language=draft.language,
        category=draft.category,
        status=AFTER_A_CHANGE,
        components=list(draft.components),
    )


def _header_form(header: JsonObject) -> dict[str, str]:
    kind, example = text(header.get("format")).upper() or "TEXT", part(header, "example")
    if kind == "TEXT":
        words = text(header.get("text"))
        samples = example.get("header_text")
        fields = {"header": words, "exampleHeader": _with_samples(words, samples)} if words else {}
        return {"templateType": "TEXT", **fields}
    if kind not in HEADER_FORMATS:
        raise ProviderCallError(Reason.UNSUPPORTED, detail=f"Gupshup: {kind}")
    handles = example.get("header_handle")
    handle = text(handles[0]) if isinstance(handles, list) and handles else ""
    if kind != "LOCATION" and (not handle or handle.startswith("http")):
        detail = _("Gupshup wants the sample uploaded: enter the partner app token in the account, or a handle here.")
        raise ProviderCallError(Reason.MEDIA, detail=detail)
    return {"templateType": kind, **({"exampleMedia": handle} if handle else {})}


def _with_samples(words: str, samples: Any) -> str:
    """The text as Gupshup wants its example: each place filled with its sample in brackets."""
    names = sorted(set(_PLACE.findall(words)), key=lambda name: (len(name), name))
    given = samples if isinstance(samples, list) else []
    values = {name: text(given[place]) for place, name in enumerate(names) if place < len(given)}
    return _PLACE.sub(lambda found: f"[{values.get(found.group(1), found.group(1))}]", words)


# --- from Gupshup's shape to Meta's ------------------------------------------------------------------------------------


def _listed(answer: Answer) -> list[JsonObject]:
    items = checked(answer).get("templates")
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise unreadable_answer(answer, "The answer holds no list of templates.")
    return items


def _template(item: JsonObject, answer: Answer) -> RemoteTemplate:
    external_id, name, code = text(item.get("id")), text(item.get("elementName")), language(item.get("languageCode"))
    if not external_id or not name or not code:
        raise unreadable_answer(answer, "A template has no id, elementName or languageCode.")
    return RemoteTemplate(
        external_id=external_id,
        name=name,
        language=code,
        category=category_read(item.get("category")),
        status=TEMPLATE_STATUSES.get(text(item.get("status")).upper(), "UNKNOWN"),
        components=_components(item),
        quality=quality_read(item.get("quality")),
        rejection_reason=text(item.get("reason")),
        namespace=text(item.get("namespace")),
    )


def _components(item: JsonObject) -> list[JsonObject]:
    """Meta's component JSON. Only `containerMeta` is believed: `data` has the buttons' labels in its text."""
    meta, kind = _json_object(item.get("containerMeta")), text(item.get("templateType")).upper()
    if not text(meta.get("data")):
        # Without it nobody knows which values the template takes, so it can be shown but not sent.
        return [{"type": "BODY", "text": text(item.get("data"))}, {"type": "CONTAINER_META_MISSING"}]
    components = [*_header(meta, kind), _text("BODY", "body_text", text(meta["data"]), text(meta.get("sampleText")))]
    if footer := text(meta.get("footer")):
        components.append({"type": "FOOTER", "text": footer})
    if buttons := parts(meta, "buttons"):
        components.append({"type": "BUTTONS", "buttons": buttons})
    if kind == "CAROUSEL":
        components.append({"type": "CAROUSEL", "cards": [_card(card) for card in parts(meta, "cards")]})
    return components


def _header(meta: JsonObject, kind: str) -> list[JsonObject]:
    if kind in HEADER_FORMATS:
        return [{"type": "HEADER", "format": HEADER_FORMATS[kind]}]
    if words := text(meta.get("header")):
        return [{**_text("HEADER", "header_text", words, text(meta.get("sampleHeader"))), "format": "TEXT"}]
    return []


def _card(card: JsonObject) -> JsonObject:
    components: list[JsonObject] = [{"type": "HEADER", "format": text(card.get("headerType")).upper() or "IMAGE"}]
    if words := text(card.get("body")):
        components.append(_text("BODY", "body_text", words, text(card.get("sampleText"))))
    if buttons := parts(card, "buttons"):
        components.append({"type": "BUTTONS", "buttons": buttons})
    return {"components": components}


def _text(kind: str, example: str, words: str, sample: str) -> JsonObject:
    component: JsonObject = {"type": kind, "text": words}
    if samples := _samples(words, sample):
        component["example"] = {example: [samples] if example == "body_text" else samples}
    return component


def _samples(words: str, sample: str) -> list[str]:
    """The samples in the order of the places' numbers, found by laying the filled text over the text; [] if it does not fit.

    Each place ends at the first sign of what follows it: no pattern is tried again, which could take for ever.
    """
    places, fixed = _PLACE.findall(words), _PLACE.split(words)[::2]
    if not places or not sample.startswith(fixed[0]) or not sample.endswith(fixed[-1]):
        return []
    values: dict[str, str] = {}
    start = len(fixed[0])
    for number, (name, following) in enumerate(zip(places, fixed[1:], strict=True), 1):
        last = number == len(places)
        end = len(sample) - len(following) if last else sample.find(following, start + 1)
        if end <= start or (not following and not last):
            return []
        values[name] = sample[start:end]
        start = end + len(following)
    return [_bare(values[name]) for name in sorted(values, key=lambda name: (len(name), name))]


def _bare(sample: str) -> str:
    return sample[1:-1] if sample.startswith("[") and sample.endswith("]") else sample


def _json_object(value: Any) -> JsonObject:
    try:
        found = json.loads(value) if isinstance(value, str) else value
    except (ValueError, RecursionError):
        found = None
    return found if isinstance(found, dict) else {}
