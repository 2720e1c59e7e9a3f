"""The button of a sender number's page."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _

from providers.accounts import sender_number_resume
from providers.admin_pages.base import RESUME_PERMISSION, back, refused
from providers.models import SenderNumber


def number_resume_page(request: HttpRequest, number_id: int) -> HttpResponse:
    """End the park of a sender number."""
    refusal = refused(request, RESUME_PERMISSION)
    if refusal is not None:
        return refusal
    number = get_object_or_404(SenderNumber, pk=number_id)
    sender_number_resume(number_id=number.pk, user=request.user)
    messages.success(request, _("%(name)s may send again.") % {"name": number})
    return back(request, reverse("admin:providers_sendernumber_change", args=[number.pk]))
