"""The page of one template, and the button that syncs an account."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from unfold.admin import ModelAdmin

from providers.errors import ProviderCallError
from providers.models import ProviderAccount
from templates_app.history import QUALITY_TONES, status_tone, template_history
from templates_app.models import Template
from templates_app.selectors import template_blockers, template_parsed, template_uses, templates_listed
from templates_app.sync import sync_failure_sentence, templates_sync

SYNC_PERMISSION = "templates_app.change_template"
LIST_ADDRESS = "admin:templates_app_template_changelist"


def template_page(model_admin: ModelAdmin, request: HttpRequest, object_id: str) -> HttpResponse:
    """The template as the customer will see it, with its variables, its history and why it cannot be sent."""
    if not model_admin.has_view_permission(request):
        raise PermissionDenied
    if request.method not in ("GET", "HEAD"):
        return HttpResponseNotAllowed(["GET", "HEAD"])
    template = _template_or_404(object_id)
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
        "may_sync": template.account.is_active and request.user.has_perm(SYNC_PERMISSION),
    }
    request.current_app = model_admin.admin_site.name
    return TemplateResponse(request, "templates_app/template_page.html", context)


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


def _template_or_404(object_id: str) -> Template:
    # Eighteen digits always fit the database's bigint.
    if not (object_id.isascii() and object_id.isdigit() and len(object_id) <= 18):
        raise Http404
    return get_object_or_404(templates_listed(), pk=int(object_id))


def _back(request: HttpRequest) -> str:
    asked = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(asked, {request.get_host()}, require_https=request.is_secure())
    return asked if safe else reverse(LIST_ADDRESS)
