"""The page of one management call: what was asked and what was answered, side by side."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from unfold.admin import ModelAdmin

from providers.admin_pages.base import page, row_id
from providers.models import ProviderCall


def call_page(model_admin: ModelAdmin, request: HttpRequest, object_id: str) -> HttpResponse:
    """One call, as it may be kept: redacted for everybody."""
    if not model_admin.has_view_permission(request):
        raise PermissionDenied
    call = get_object_or_404(ProviderCall.objects.select_related("account"), pk=row_id(object_id))
    return page(request, "call.html", {"title": f"{call.method} {call.url}"[:100], "call": call})
