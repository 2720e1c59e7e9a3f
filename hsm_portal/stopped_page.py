"""The button that lets a stopped template go on. Accounts and numbers have theirs on their own pages."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from hsm_portal.stopped import template_resume
from providers.admin_pages.base import RESUME_PERMISSION, back, refused
from templates_app.models import Template


def template_resume_page(request: HttpRequest, template_id: int) -> HttpResponse:
    """End the park of a template."""
    refusal = refused(request, RESUME_PERMISSION)
    if refusal is not None:
        return refusal
    try:
        template = template_resume(template_id=template_id, user=request.user)
    except Template.DoesNotExist:
        raise Http404 from None
    messages.success(request, _("%(name)s may send again.") % {"name": template})
    return back(request, reverse("admin:templates_app_template_change", args=[template_id]))
