"""Creating, editing and deleting templates (https://developers.facebook.com/documentation/business-messaging/whatsapp/templates)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib.parse import quote

from providers.abilities import TemplateDraft
from providers.adapters.meta.errors import call_problem
from providers.adapters.meta.reading import text
from providers.adapters.meta.vocabulary import TEMPLATE_STATUSES
from providers.contracts import JsonObject, RemoteTemplate
from providers.errors import ProviderCallError, Reason, preparing
from providers.http import Answer
from providers.policy import unreadable_answer
from providers.whatsapp.words import category_read

#: Makes one call: method, path below the version, query, JSON body.
Manage = Callable[[str, str, Mapping[str, str], JsonObject | None], Answer]
KEPT_PATHS = frozenset({"name", "language", "category", "parameter_format", "components.type", "components.format"})
#: Graph's answer for an object that does not exist, or that the token may not see.
_UNKNOWN_OBJECT = "100/33"


def template_create(manage: Manage, account_id: str, draft: TemplateDraft) -> RemoteTemplate:
    """Create and submit it. Meta may answer with another category than the one that was asked for."""
    body: JsonObject = {
        "name": draft.name,
        "language": draft.language,
        "category": draft.category.upper(),
        "parameter_format": draft.parameter_format,
        "components": list(draft.components),
    }
    answer = manage("POST", f"{quote(account_id, safe='')}/message_templates", {}, body)
    created = _succeeded(answer)
    external_id = text(created.get("id"))
    if not external_id:
        raise unreadable_answer(answer, "The answer holds no template id. Sync the templates.")
    status = TEMPLATE_STATUSES.get(text(created.get("status")).upper()) or "PENDING"
    return _as_drafted(external_id, draft, status, category_read(created.get("category")))


def template_edit(manage: Manage, external_id: str, draft: TemplateDraft) -> RemoteTemplate:
    """Replace its components, and its category where that differs: an approved template's may not even be repeated."""
    path = quote(external_id, safe="")
    with preparing():
        current = _succeeded(manage("GET", path, {"fields": "category"}, None))
    body: JsonObject = {"components": list(draft.components)}
    if category_read(current.get("category")) != draft.category:
        body["category"] = draft.category.upper()
    answer = manage("POST", path, {}, body)
    if _succeeded(answer).get("success") is not True:
        raise call_problem(answer)
    return _as_drafted(external_id, draft, "PENDING")


def template_delete(manage: Manage, account_id: str, external_id: str, name: str) -> None:
    """Delete the one language that `external_id` is; one that is gone already is no error."""
    if not external_id:
        # By its name alone Meta deletes all languages.
        raise ProviderCallError(
            Reason.BAD_REQUEST, detail="The template's id at Meta is not known. Sync the templates."
        )
    path = f"{quote(account_id, safe='')}/message_templates"
    answer = manage("DELETE", path, {"name": name, "hsm_id": external_id}, None)
    try:
        # With a missing permission Meta answers 200 and an error.
        if _succeeded(answer).get("success") is not True:
            raise call_problem(answer)
    except ProviderCallError:
        if not _is_gone(manage, external_id):
            raise


def _is_gone(manage: Manage, external_id: str) -> bool:
    try:
        _succeeded(manage("GET", quote(external_id, safe=""), {"fields": "id"}, None))
    except ProviderCallError as problem:
        return problem.provider_code == _UNKNOWN_OBJECT
    return False


def _succeeded(answer: Answer) -> JsonObject:
    body = answer.json_object()
    if body is None or "error" in body or not 200 <= answer.status < 300:
        raise call_problem(answer)
    return body


def _as_drafted(external_id: str, draft: TemplateDraft, status: str, given_category: str = "") -> RemoteTemplate:
    return RemoteTemplate(
        external_id=external_id,
        name=draft.name,
        language=draft.language,
        category=given_category or draft.category,
        status=status,
        components=list(draft.components),
        parameter_format=draft.parameter_format,
    )
