"""The page of one template, and the button that syncs an account."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from unfold.admin import ModelAdmin

from providers.errors import ProviderCallError
from providers.models import ProviderAccount
from templates_app.abilities import account_abilities, edit_needs_sentence
from templates_app.drafts import undraftable
from templates_app.hand import HAND_STATUSES
from templates_app.history import QUALITY_TONES, rejection_words, status_tone, template_history
from templates_app.models import Template, TemplateStatus
from templates_app.rejections import rejection_of
from templates_app.selectors import (
    template_blockers,
    template_in_doubt,
    template_or_404,
    template_parsed,
    template_uses,
)
from templates_app.submissions_shown import submission_notice
from templates_app.submit import (
    delete_problems,
    edit_problems,
    is_local,
    may_submit_again,
    submission_open,
)
from templates_app.sync import sync_failure_sentence, templates_sync

SYNC_PERMISSION = "templates_app.change_template"
ADD_PERMISSION = "templates_app.add_template"
DELETE_PERMISSION = "templates_app.delete_template"
LIST_ADDRESS = "admin:templates_app_template_changelist"


#: A review, or a deletion, that ends by itself.
REVIEWED_SOON = (TemplateStatus.PENDING, TemplateStatus.PENDING_DELETION)


def template_page(model_admin: ModelAdmin, request: HttpRequest, object_id: str) -> HttpResponse:
    """The template as the customer will see it, with its variables, its history and why it cannot be sent."""
    if not model_admin.has_view_permission(request):
        raise PermissionDenied
    if request.method not in ("GET", "HEAD"):
        return HttpResponseNotAllowed(["GET", "HEAD"])
    template = template_or_404(object_id)
    parsed = template_parsed(template)
    uses, last_used_at = template_uses(template)
    context: dict[str, Any] = {
        **model_admin.admin_site.each_context(request),
        "title": str(template),
        "opts": model_admin.model._meta,
        "original": template,
        "template": template,
        "status_tone": status_tone(template.status),
        "quality_tone": QUALITY_TONES.get(template.quality, ""),
        "variables": parsed.variables,
        "blockers": template_blockers(template),
        "history": template_history(template),
        "uses": uses,
        "last_used_at": last_used_at,
        "rejection": rejection_of(template.rejection_reason) if template.status == TemplateStatus.REJECTED else None,
        "rejection_words": rejection_words(template),
        "notice": submission_notice(template),
        "waiting": not template.by_hand and (template.status in REVIEWED_SOON or template_in_doubt(template)),
        **_actions(request, template),
    }
    request.current_app = model_admin.admin_site.name
    return TemplateResponse(request, "templates_app/template_page.html", context)


def _actions(request: HttpRequest, template: Template) -> dict[str, Any]:
    """What this person may do with this template, and what its account's provider can do."""
    may_change, may_delete = request.user.has_perm(SYNC_PERMISSION), request.user.has_perm(DELETE_PERMISSION)
    again = may_submit_again(template)
    return {
        "may_sync": may_change and template.account.is_active and account_abilities(template.account).listed,
        "may_submit": may_change and again,
        "may_edit": may_change and not again and (template.by_hand or not edit_problems(template)),
        "may_delete": may_delete
        and (not submission_open(template) if is_local(template) else not delete_problems(template)),
        "edit_needs": edit_needs_sentence(account_abilities(template.account)) if may_change else "",
        "may_copy": _may_copy(request, template),
        "may_say_status": may_change and template.by_hand,
        "hand_statuses": [(status.value, status.label) for status in HAND_STATUSES],
    }


def _may_copy(request: HttpRequest, template: Template) -> bool:
    """Whether the form can begin with this template's text, to submit it under another name or in another language."""
    may_add = request.user.has_perm(ADD_PERMISSION) and account_abilities(template.account).submit
    return may_add and not undraftable(template_parsed(template), template.category)


def templates_sync_page(model_admin: ModelAdmin, request: HttpRequest, account_id: int) -> HttpResponse:
    """Sync one account now and say what came of it; back to the page it was asked from. POST only."""
    if not request.user.has_perm(SYNC_PERMISSION):
        raise PermissionDenied
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    account = get_object_or_404(ProviderAccount, pk=account_id, is_active=True)
    try:
        result = templates_sync(account_id=account.pk)
    except ProviderCallError as error:
        messages.error(request, f"{account.name}. {sync_failure_sentence(error)}")
    else:
        messages.success(request, f"{account.name}. {result.sentence()}")
    return HttpResponseRedirect(_back(request))


def _back(request: HttpRequest) -> str:
    asked = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(asked, {request.get_host()}, require_https=request.is_secure())
    return asked if safe else reverse(LIST_ADDRESS)
