"""The list of a WABA's templates. Its envelope is not established: what does not fit the expected one is an error."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from providers.adapters.vonage.errors import CODES, problem_read
from providers.adapters.vonage.vocabulary import TEMPLATE_STATUSES
from providers.contracts import JsonObject, RemoteTemplate
from providers.http import Answer
from providers.policy import call_error, unreadable_answer
from providers.reading import language, part, parts, text
from providers.whatsapp.words import category_read

PAGE_SIZE = 100
MAX_PAGES = 500

Fetch = Callable[[dict[str, str]], Answer]


def templates_read(fetch: Fetch) -> Iterator[RemoteTemplate]:
    """All pages. `fetch` makes one GET of the list with the given query. Raises ProviderCallError."""
    after = ""
    seen: set[str] = set()
    for _page in range(MAX_PAGES):
        answer = fetch({"limit": str(PAGE_SIZE), **({"after": after} if after else {})})
        body = _checked(answer)
        fresh = [
            template for item in body["templates"] if (template := _template(item, answer)).external_id not in seen
        ]
        seen.update(template.external_id for template in fresh)
        yield from fresh
        # Whether the cursor is heeded, and whether the last page has one, is not known: a page without news is the end.
        after = text(part(part(body, "paging"), "cursors").get("after"))
        if not after or not fresh:
            return
    raise unreadable_answer(answer, f"The list has more than {MAX_PAGES} pages.")


def _checked(answer: Answer) -> JsonObject:
    body = answer.json_object()
    if answer.status == 200 and body is not None and isinstance(body.get("templates"), list):
        return body
    problem = problem_read(body)
    raise call_error(answer, CODES, code=problem.code if problem else "", detail=problem.detail if problem else "")


def _template(item: object, answer: Answer) -> RemoteTemplate:
    if not isinstance(item, dict):
        raise unreadable_answer(answer, "A template is no object.")
    external_id, name, code = text(item.get("id")), text(item.get("name")), language(item.get("language"))
    if not external_id or not name or not code or not isinstance(item.get("components"), list):
        raise unreadable_answer(answer, "A template has no id, name, language or components.")
    return RemoteTemplate(
        external_id,
        name,
        code,
        category_read(item.get("category")),
        TEMPLATE_STATUSES.get(text(item.get("status")).upper(), "UNKNOWN"),
        parts(item, "components"),
        parameter_format=text(item.get("parameter_format")).upper() or "POSITIONAL",
    )
