"""Deleting a template, with what goes with it said before; and the status of one that was entered by hand."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from unfold.admin import ModelAdmin

from templates_app.hand import template_status_by_hand
from templates_app.models import Template, TemplateStatus
from templates_app.selectors import template_or_404
from templates_app.submissions_shown import submission_message
from templates_app.submit import (
    NotSubmitted,
    delete_problems,
    is_local,
    template_delete,
    template_discard,
    templates_deleted_with,
)
from templates_app.uses import templates_needed

DELETE_PERMISSION = "templates_app.delete_template"
CHANGE_PERMISSION = "templates_app.change_template"


def template_delete_page(model_admin: ModelAdmin, request: HttpRequest, object_id: str) -> HttpResponse:
    """GET says what is deleted and what that stops; POST deletes."""
    if not request.user.has_perm(DELETE_PERMISSION):
        raise PermissionDenied
    template = template_or_404(object_id)
    local = is_local(template)
    problems = [] if local else delete_problems(template)
    if problems:
        return _refuse(request, template, problems)
    if request.method == "POST":
        return _delete(request, template, local=local)
    gone = [template] if local else templates_deleted_with(template)
    context: dict[str, Any] = {
        **model_admin.admin_site.each_context(request),
        "title": _("Delete %(template)s") % {"template": template},
        "template": template,
        "local": local,
        "gone": gone,
        "uses": templates_needed([each.pk for each in gone]),
        "name_blocked": any(each.status == TemplateStatus.APPROVED for each in gone),
    }
    request.current_app = model_admin.admin_site.name
    return TemplateResponse(request, "templates_app/draft/delete.html", context)


def template_status_page(model_admin: ModelAdmin, request: HttpRequest, object_id: str) -> HttpResponse:
    """Say the status of a template entered by hand. POST only."""
    if not request.user.has_perm(CHANGE_PERMISSION):
        raise PermissionDenied
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    template = template_or_404(object_id)
    try:
        template_status_by_hand(
            template_id=template.pk,
            status=request.POST.get("status", ""),
            reason=request.POST.get("reason", ""),
            user=request.user,
        )
    except NotSubmitted as refused:
        return _refuse(request, template, refused.problems)
    messages.success(request, _("The status is written down."))
    return HttpResponseRedirect(_page_of(template))


def _delete(request: HttpRequest, template: Template, *, local: bool) -> HttpResponse:
    try:
        if local:
            template_discard(template_id=template.pk)
            messages.success(request, _("The template is thrown away. The provider never had it."))
            return HttpResponseRedirect(reverse("admin:templates_app_template_changelist"))
        submission_message(request, template_delete(template_id=template.pk, user=request.user))
    except NotSubmitted as refused:
        return _refuse(request, template, refused.problems)
    return HttpResponseRedirect(_page_of(template))


def _refuse(request: HttpRequest, template: Template, problems: Any) -> HttpResponse:
    for problem in problems:
        messages.error(request, str(problem.sentence))
    return HttpResponseRedirect(_page_of(template))


def _page_of(template: Template) -> str:
    return reverse("admin:templates_app_template_change", args=[template.pk])
