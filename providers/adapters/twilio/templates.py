"""Templates at Twilio: contents with their WhatsApp approvals. Listed, created and submitted, changed, deleted.

Source: twilio-oai, twilio_content_v1.json.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from urllib.parse import parse_qsl, quote, urlsplit

from providers.abilities import TemplateDraft
from providers.adapters.twilio.content import components_read
from providers.adapters.twilio.drafts import content_build, content_rebuild
from providers.adapters.twilio.errors import CODES, answer_words
from providers.adapters.twilio.vocabulary import TEMPLATE_STATUSES
from providers.contracts import JsonObject, RemoteTemplate
from providers.errors import ProviderCallError, preparing
from providers.http import Answer
from providers.policy import call_error, unreadable_answer
from providers.reading import language, part, text
from providers.whatsapp.words import category_read

LIST = "/v1/ContentAndApprovals"
CONTENTS = "/v1/Content"
PAGE_SIZE = 500
MAX_PAGES = 200
#: What a changed content is in, when its approval could not be asked for anew: not established. Nothing is sent with it until
#: the list says what Twilio makes of it.
AFTER_A_CHANGE = "PENDING"

#: Makes one call: method, path on the content host, query, JSON body.
Ask = Callable[[str, str, dict[str, str], JsonObject | None], Answer]


def templates_read(ask: Ask) -> list[RemoteTemplate]:
    """All contents, the approved ones first: of two with one name and language the first counts."""
    found: list[RemoteTemplate] = []
    query = {"PageSize": str(PAGE_SIZE)}
    seen: set[str] = set()
    for _page in range(MAX_PAGES):
        answer = ask("GET", LIST, query, None)
        body = _checked(answer, 200)
        items = body.get("contents")
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            raise unreadable_answer(answer, "The list holds no contents.")
        found.extend(_template(item, part(item, "approval_requests"), answer) for item in items)
        address = text(part(body, "meta").get("next_page_url"))
        if not address:
            return sorted(found, key=lambda template: template.status != "APPROVED")
        if address in seen:
            raise unreadable_answer(answer, "The list comes back to a page that was read before.")
        seen.add(address)
        # Only the query is taken: the credentials go nowhere but where the account says.
        query = dict(parse_qsl(urlsplit(address).query))
    raise unreadable_answer(answer, f"The list has more than {MAX_PAGES} pages.")


def template_submit(ask: Ask, draft: TemplateDraft) -> RemoteTemplate:
    """Create the content and ask for its approval. A content whose approval could not be asked for is taken back."""
    content_answer = ask("POST", CONTENTS, {}, content_build(draft))
    content = _checked(content_answer, 201)
    sid = text(content.get("sid"))
    if not sid:
        raise unreadable_answer(content_answer, "The answer holds no content sid.")
    try:
        approval = _approval_ask(ask, sid, draft)
    except ProviderCallError:
        with suppress(ProviderCallError):
            ask("DELETE", f"{CONTENTS}/{sid}", {}, None)
        raise
    return _template(content, approval, content_answer)


def template_edit(ask: Ask, external_id: str, draft: TemplateDraft) -> RemoteTemplate:
    """Replace the content, which voids its approval, and ask for that anew.

    Whatever comes of the second, the content is changed by then: so that is no error, but a template that waits.
    """
    path = f"{CONTENTS}/{quote(external_id, safe='')}"
    with preparing():
        current = _checked(ask("GET", path, {}, None), 200)
    answer = ask("PUT", path, {}, content_rebuild(draft, current))
    content = _checked(answer, 200)
    try:
        approval = _approval_ask(ask, external_id, draft)
    except ProviderCallError as problem:
        unasked = {"name": draft.name, "category": draft.category, "status": "", "rejection_reason": problem.detail}
        return replace(_template(content, unasked, answer), status=AFTER_A_CHANGE)
    return _template(content, approval, answer)


def template_delete(ask: Ask, external_id: str) -> None:
    """Delete the content; one that is gone already is no error."""
    answer = ask("DELETE", f"{CONTENTS}/{quote(external_id, safe='')}", {}, None)
    if answer.status not in (204, 404):
        _checked(answer, 204)


def _approval_ask(ask: Ask, sid: str, draft: TemplateDraft) -> JsonObject:
    wish = {"name": draft.name, "category": draft.category.upper()}
    return _checked(ask("POST", f"{CONTENTS}/{quote(sid, safe='')}/ApprovalRequests/whatsapp", {}, wish), 201)


def _template(item: JsonObject, approval: JsonObject, answer: Answer) -> RemoteTemplate:
    sid, code = text(item.get("sid")), language(item.get("language"))
    name = text(approval.get("name")) or text(item.get("friendly_name"))
    if not sid or not name or not code:
        raise unreadable_answer(answer, "A content has no sid, name or language.")
    return RemoteTemplate(
        external_id=sid,
        name=name,
        language=code,
        category=category_read(approval.get("category")),
        status=TEMPLATE_STATUSES.get(text(approval.get("status")).upper(), "UNKNOWN"),
        components=components_read(item, approved_kind=text(approval.get("content_type"))),
        rejection_reason=text(approval.get("rejection_reason")),
    )


def _checked(answer: Answer, status: int) -> JsonObject:
    body = answer.json_object()
    if answer.status != status:
        code, words, _understood = answer_words(answer)
        raise call_error(answer, CODES, code=code, detail=words)
    if body is None:
        raise unreadable_answer(answer, "The answer is no JSON object.")
    return body
