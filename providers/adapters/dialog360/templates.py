"""360dialog's list of templates, by offset, and their creation, change and deletion. The components are Meta's."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import quote

from providers.abilities import TemplateDraft
from providers.adapters.dialog360.errors import call_problem
from providers.adapters.meta.reading import language, part, parts, text
from providers.adapters.meta.vocabulary import TEMPLATE_STATUSES
from providers.contracts import JsonObject, RemoteTemplate
from providers.errors import PreparationFailed, Reason, preparing
from providers.http import Answer
from providers.policy import unreadable_answer
from providers.reading import whole_number
from providers.whatsapp.words import category_read

PATH = "v1/configs/templates"
PAGE_SIZE = 500
MAX_PAGES = 100
# 360dialog's own word for a template that waits for WhatsApp; the others are Meta's in lower case.
STATUSES: Mapping[str, str] = {**TEMPLATE_STATUSES, "SUBMITTED": "PENDING"}
# The list does not say how variables are named: a place that is no number is a name.
_NAMED_PLACE = re.compile(r"\{\{\s*[A-Za-z_]\w*\s*\}\}")

#: Makes one call: method, path, query, JSON body.
Manage = Callable[[str, str, Mapping[str, str], JsonObject | None], Answer]


def templates_read(manage: Manage) -> list[RemoteTemplate]:
    """All templates. Raises ProviderCallError, also for a list that is not whole."""
    return [_template(item, answer) for item, answer in _all_pages(manage)]


def template_create(manage: Manage, draft: TemplateDraft) -> RemoteTemplate:
    """Create it. What its answer looks like is not documented: where it names no id, the list is asked for it."""
    body: JsonObject = {
        "name": draft.name,
        "language": draft.language,
        "category": draft.category.upper(),
        "components": list(draft.components),
    }
    if draft.parameter_format == "NAMED":
        body["parameter_format"] = draft.parameter_format
    answer = manage("POST", PATH, {}, body)
    item = answer.json_object()
    if not 200 <= answer.status < 300 or item is None or "error" in item:
        raise call_problem(answer)
    external_id = _id(item)
    if not external_id:
        return _found_in_list(manage, draft, answer)
    return RemoteTemplate(
        external_id=external_id,
        name=draft.name,
        language=draft.language,
        category=category_read(item.get("category")) or draft.category,
        status=_status(item) if item.get("status") else "PENDING",
        components=list(draft.components),
        parameter_format=draft.parameter_format,
        namespace=text(item.get("namespace")),
    )


def template_edit(
    manage: Manage, hub: Manage, waba_path: str, external_id: str, draft: TemplateDraft
) -> RemoteTemplate:
    """Replace its components, at the partner API: the number's own key changes no templates.

    `hub` makes one call there, `waba_path` is the path of the account. The partner API knows the template by 360dialog's id,
    which only the list tells.
    """
    with preparing():
        found = [item for item, _answer in _all_pages(manage) if _id(item) == external_id]
    if not found:
        raise PreparationFailed(Reason.TEMPLATE_MISSING, detail="360dialog does not list the template.")
    if category_read(found[0].get("category")) != draft.category:
        raise PreparationFailed(Reason.UNSUPPORTED, detail="360dialog changes no category.")
    path = f"{waba_path}/waba_templates/{quote(text(found[0].get('id')), safe='')}"
    answer = hub("PATCH", path, {}, {"components": list(draft.components)})
    if not 200 <= answer.status < 300 or "error" in (answer.json_object() or {}):
        raise call_problem(answer)
    return RemoteTemplate(
        external_id=external_id,
        name=draft.name,
        language=draft.language,
        category=draft.category,
        status="PENDING",
        components=list(draft.components),
        parameter_format=draft.parameter_format,
        namespace=text(found[0].get("namespace")),
    )


def template_delete(manage: Manage, name: str) -> None:
    """Delete all languages of `name`; a 404 means that it is gone already."""
    answer = manage("DELETE", f"{PATH}/{quote(name, safe='')}", {}, None)
    refused = "error" in (answer.json_object() or {})
    if answer.status == 404 or (200 <= answer.status < 300 and not refused):
        return
    raise call_problem(answer)


def _all_pages(manage: Manage) -> Iterator[tuple[JsonObject, Answer]]:
    offset = 0
    seen: set[str] = set()
    for _page in range(MAX_PAGES):
        answer = manage("GET", PATH, {"limit": str(PAGE_SIZE), "offset": str(offset)}, None)
        body = answer.json_object()
        items = (body or {}).get("waba_templates")
        if answer.status != 200 or body is None or not isinstance(items, list):
            raise call_problem(answer)
        for item in items:
            if not isinstance(item, dict) or _id(item) in seen:
                raise unreadable_answer(answer, "An item of the list is no object, or comes a second time.")
            seen.add(_id(item))
            yield item, answer
        offset += len(items)
        total = whole_number(body.get("total"))
        # Without a total only an empty page is the end.
        if not items or (total is not None and offset >= total):
            return
    raise unreadable_answer(answer, f"The list has more than {MAX_PAGES} pages.")


def _template(item: JsonObject, answer: Answer) -> RemoteTemplate:
    external_id, name, code = _id(item), text(item.get("name")), language(item.get("language"))
    if not external_id or not name or not code:
        raise unreadable_answer(answer, "A template has no id, name or language.")
    rejection = text(item.get("rejected_reason"))
    components = parts(item, "components")
    return RemoteTemplate(
        external_id=external_id,
        name=name,
        language=code,
        category=category_read(item.get("category")),
        status=_status(item),
        components=components,
        parameter_format=text(item.get("parameter_format")).upper() or _format_of(components),
        quality=text(part(item, "quality_score").get("score")).upper(),
        rejection_reason="" if rejection.upper() == "NONE" else rejection,
        namespace=text(item.get("namespace")),
    )


def _found_in_list(manage: Manage, draft: TemplateDraft, created: Answer) -> RemoteTemplate:
    for template in templates_read(manage):
        if (template.name, template.language) == (draft.name, language(draft.language)):
            return template
    raise unreadable_answer(created, "The answer holds no template id. Sync the templates.")


def _id(item: JsonObject) -> str:
    """Meta's id, which the webhooks name; 360dialog's own where that is missing."""
    return text(item.get("external_id")) or text(item.get("id"))


def _status(item: JsonObject) -> str:
    return STATUSES.get(text(item.get("status")).upper()) or "UNKNOWN"


def _format_of(components: list[dict[str, Any]]) -> str:
    return "NAMED" if _NAMED_PLACE.search(json.dumps(components)) else "POSITIONAL"
