"""Management calls: the account's templates and numbers, all pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from urllib.parse import parse_qs, urlsplit

from providers.adapters.meta.errors import call_problem
from providers.adapters.meta.reading import language, messaging_limit, part, parts, text
from providers.adapters.meta.vocabulary import TEMPLATE_STATUSES, THROUGHPUT_LEVELS
from providers.contracts import JsonObject, RemoteNumber, RemoteTemplate
from providers.http import Answer
from providers.policy import unreadable_answer
from providers.whatsapp.words import category_read

TEMPLATE_FIELDS = "id,name,language,category,status,components,parameter_format,quality_score,rejected_reason"
NUMBER_FIELDS = (
    "id,display_phone_number,verified_name,quality_rating,throughput,whatsapp_business_manager_messaging_limit"
)
PAGE_SIZE = 100
MAX_PAGES = 500

Fetch = Callable[[dict[str, str]], Answer]


def templates_read(fetch: Fetch) -> list[RemoteTemplate]:
    """All templates. `fetch` makes one GET of the list with the given query. Raises ProviderCallError."""
    return [_template(item, answer) for item, answer in _all_pages(fetch, TEMPLATE_FIELDS)]


def numbers_read(fetch: Fetch) -> list[RemoteNumber]:
    """All sender numbers. As `templates_read`."""
    return [_number(item, answer) for item, answer in _all_pages(fetch, NUMBER_FIELDS)]


def _all_pages(fetch: Fetch, fields: str) -> Iterator[tuple[JsonObject, Answer]]:
    after = ""
    seen: set[str] = set()
    for _page in range(MAX_PAGES):
        answer = fetch({"fields": fields, "limit": str(PAGE_SIZE), **({"after": after} if after else {})})
        body = _checked(answer)
        for item in body["data"]:
            if not isinstance(item, dict):
                raise unreadable_answer(answer, "An item of the list is no object.")
            yield item, answer
        after = _next_cursor(body)
        if not after:
            return
        if after in seen:
            raise unreadable_answer(answer, "The list comes back to a page that was read before.")
        seen.add(after)
    raise unreadable_answer(answer, f"The list has more than {MAX_PAGES} pages.")


def _next_cursor(body: JsonObject) -> str:
    """The cursor of the next page, "" on the last one: `after` stands there too, but `next` does not.

    The address in `next` is not followed: the token goes only where the account says.
    """
    paging = part(body, "paging")
    address = text(paging.get("next"))
    if not address:
        return ""
    return text(part(paging, "cursors").get("after")) or "".join(parse_qs(urlsplit(address).query).get("after", [])[:1])


def _checked(answer: Answer) -> JsonObject:
    body = answer.json_object()
    if answer.status == 200 and body is not None and isinstance(body.get("data"), list):
        return body
    raise call_problem(answer)


def _template(item: JsonObject, answer: Answer) -> RemoteTemplate:
    external_id, name, code = text(item.get("id")), text(item.get("name")), language(item.get("language"))
    if not external_id or not name or not code:
        raise unreadable_answer(answer, "A template has no id, name or language.")
    rejection = text(item.get("rejected_reason"))
    return RemoteTemplate(
        external_id=external_id,
        name=name,
        language=code,
        category=category_read(item.get("category")),
        status=TEMPLATE_STATUSES.get(text(item.get("status")).upper()) or "UNKNOWN",
        components=parts(item, "components"),
        parameter_format=text(item.get("parameter_format")).upper() or "POSITIONAL",
        quality=text(part(item, "quality_score").get("score")).upper(),
        rejection_reason="" if rejection == "NONE" else rejection,
    )


def _number(item: JsonObject, answer: Answer) -> RemoteNumber:
    external_id = text(item.get("id"))
    if not external_id:
        raise unreadable_answer(answer, "A number has no id.")
    return RemoteNumber(
        external_id=external_id,
        display_phone=text(item.get("display_phone_number")),
        verified_name=text(item.get("verified_name")),
        quality=text(item.get("quality_rating")).upper(),
        throughput=THROUGHPUT_LEVELS.get(text(part(item, "throughput").get("level")).upper(), 0),
        messaging_limit=messaging_limit(item.get("whatsapp_business_manager_messaging_limit")),
    )
