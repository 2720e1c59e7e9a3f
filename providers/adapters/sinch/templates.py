"""The list of the provisioning API, all pages. Its keys beside name, language, category and details are read with care."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from providers.adapters.sinch.errors import call_problem
from providers.adapters.sinch.vocabulary import CATEGORIES, TEMPLATE_STATES
from providers.contracts import JsonObject, RemoteTemplate
from providers.http import Answer
from providers.policy import unreadable_answer
from providers.reading import language, part, parts, text
from providers.whatsapp.words import category_read

PAGE_SIZE = 100
MAX_PAGES = 200

#: GET of the list with this query.
Get = Callable[[Mapping[str, str]], Answer]


def templates_read(get: Get) -> list[RemoteTemplate]:
    """All templates. Raises ProviderCallError, also for a list that is not whole."""
    found: list[RemoteTemplate] = []
    token = ""
    seen: set[str] = set()
    for _page in range(MAX_PAGES):
        answer = get({"pageSize": str(PAGE_SIZE), **({"pageToken": token} if token else {})})
        body = answer.json_object()
        items = (body or {}).get("templates")
        if answer.status != 200 or body is None or not isinstance(items, list):
            raise call_problem(answer)
        found += [_template(item, answer) for item in items]
        token = text(body.get("nextPageToken"))
        if not token:
            return found
        if token in seen:
            raise unreadable_answer(answer, "The list comes back to a page that was read before.")
        seen.add(token)
    raise unreadable_answer(answer, f"The list has more than {MAX_PAGES} pages.")


def _template(item: object, answer: Answer) -> RemoteTemplate:
    if not isinstance(item, dict):
        raise unreadable_answer(answer, "An item of the list is no object.")
    name, code = text(item.get("name")), language(item.get("language"))
    if not name or not code:
        raise unreadable_answer(answer, "A template has no name or language.")
    category = category_read(item.get("category"))
    return RemoteTemplate(
        # No id of its own is documented; name and language are what Sinch's addresses name it by.
        external_id=text(item.get("id")) or f"{name}/{code}",
        name=name,
        language=code,
        category=CATEGORIES.get(category, category),
        status=TEMPLATE_STATES.get(_state(item), "UNKNOWN"),
        components=_components(item),
        quality=_quality(item),
        rejection_reason=text(item.get("rejectionReason")) or text(item.get("reason")),
    )


def _state(item: JsonObject) -> str:
    return (text(item.get("state")) or text(item.get("status"))).upper()


def _components(item: JsonObject) -> list[JsonObject]:
    """The components, which are Meta's; buttons that stand beside them are put among them."""
    details = part(item, "details")
    components = parts(details, "components") or parts(item, "components")
    buttons = parts(details, "buttons")
    if buttons and not any(text(component.get("type")).upper() == "BUTTONS" for component in components):
        components = [*components, {"type": "BUTTONS", "buttons": buttons}]
    return components


def _quality(item: JsonObject) -> str:
    word = text(item.get("quality")) or text(item.get("qualityScore"))
    return word.upper() if word.upper() in ("GREEN", "YELLOW", "RED") else ""
