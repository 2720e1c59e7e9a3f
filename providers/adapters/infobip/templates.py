"""Templates: the account's list, and creating, editing and deleting one. Their `structure` and Meta's components."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from providers.abilities import TemplateDraft
from providers.adapters.infobip.errors import CODES, http_error_read
from providers.adapters.infobip.structure import components_of, structure_of
from providers.adapters.infobip.vocabulary import QUALITIES, TEMPLATE_STATUSES
from providers.contracts import JsonObject, RemoteTemplate
from providers.errors import ProviderCallError, Reason
from providers.http import Answer
from providers.policy import call_error, unreadable_answer
from providers.reading import language, part, text, whole_number
from providers.whatsapp.words import category_read

LIST_PATH = "/whatsapp/1/templates"
PAGE_SIZE = 100
MAX_PAGES = 500

Fetch = Callable[[dict[str, str]], Answer]


def templates_read(fetch: Fetch) -> Iterator[RemoteTemplate]:
    """All pages. `fetch` makes one GET of the list with the given query. Raises ProviderCallError."""
    for page in range(MAX_PAGES):
        answer = fetch({"page": str(page), "size": str(PAGE_SIZE)})
        body = answered(answer, 200)
        results = body.get("results")
        if not isinstance(results, list):
            raise unreadable_answer(answer, "The list holds no results.")
        for item in results:
            yield template_read(item, answer)
        if page + 1 >= (whole_number(part(body, "paging").get("totalPages")) or 1):
            return
    raise unreadable_answer(answer, f"The list has more than {MAX_PAGES} pages.")


def template_read(item: object, answer: Answer) -> RemoteTemplate:
    """One template of an answer. Raises ProviderCallError when it has no id, name or language."""
    if not isinstance(item, dict):
        raise unreadable_answer(answer, "A template is no object.")
    external_id, name, code = text(item.get("id")), text(item.get("name")), language(item.get("language"))
    if not external_id or not name or not code:
        raise unreadable_answer(answer, "A template has no id, name or language.")
    return RemoteTemplate(
        external_id,
        name,
        code,
        category_read(item.get("category")),
        TEMPLATE_STATUSES.get(text(item.get("status")).upper(), "UNKNOWN"),
        components_of(part(item, "structure")),
        quality=QUALITIES.get(text(item.get("quality")).upper(), ""),
    )


def draft_body(draft: TemplateDraft) -> JsonObject:
    """The request that creates it. Raises ProviderCallError for what Infobip cannot take."""
    return {
        "name": draft.name,
        "language": draft.language,
        "category": draft.category.upper(),
        "structure": draft_structure(draft),
    }


def edit_body(draft: TemplateDraft, current: JsonObject) -> JsonObject:
    """The request that changes it. An approved template's category cannot be edited, so it is named only when it is another."""
    category = draft.category.upper()
    changed = {} if text(current.get("category")).upper() == category else {"category": category}
    return {**changed, "structure": draft_structure(draft)}


def draft_structure(draft: TemplateDraft) -> JsonObject:
    """Infobip numbers variables, so those with names are refused here."""
    if draft.parameter_format.upper() == "NAMED":
        raise ProviderCallError(Reason.UNSUPPORTED, detail="Infobip numbers variables: {{1}}, {{2}}.")
    return structure_of(draft.components)


def answered(answer: Answer, *statuses: int) -> JsonObject:
    """The body of an answer with one of these statuses. Raises ProviderCallError for any other."""
    body = answer.json_object()
    if answer.status in statuses and (body is not None or answer.status == 204):
        return body or {}
    found = http_error_read(answer)
    raise call_error(answer, CODES, code=found.code if found else "", detail=found.detail if found else "")
