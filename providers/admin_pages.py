"""What the buttons of the providers' pages do, and the page of one webhook delivery. Each is a POST with its permission."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from unfold.admin import ModelAdmin

from providers.accounts import account_resume, sender_number_resume
from providers.credentials import CredentialsError
from providers.delivery_view import delivery_text
from providers.errors import ProviderCallError, reason_sentence
from providers.inbox import DeliveryBusy, delivery_replay
from providers.models import ProviderAccount, SenderNumber, WebhookDelivery
from providers.numbers import numbers_sync

ACCOUNT_PERMISSION = "providers.change_provideraccount"
NUMBER_PERMISSION = "providers.change_sendernumber"
REPLAY_PERMISSION = "providers.change_webhookdelivery"
#: The permission is recontact's; here it is only a name, asked of the user.
PHONES_PERMISSION = "recontact.see_phones"


def account_resume_page(request: HttpRequest, account_id: int) -> HttpResponse:
    """End the park of an account."""
    refusal = _refused(request, ACCOUNT_PERMISSION)
    if refusal is not None:
        return refusal
    account = get_object_or_404(ProviderAccount, pk=account_id)
    account_resume(account_id=account.pk)
    messages.success(request, _("%(name)s may send again.") % {"name": account})
    return _to("provideraccount_change", account.pk)


def number_resume_page(request: HttpRequest, number_id: int) -> HttpResponse:
    """End the park of a sender number."""
    refusal = _refused(request, NUMBER_PERMISSION)
    if refusal is not None:
        return refusal
    number = get_object_or_404(SenderNumber, pk=number_id)
    sender_number_resume(number_id=number.pk)
    messages.success(request, _("%(name)s may send again.") % {"name": number})
    return _to("sendernumber_change", number.pk)


def numbers_sync_page(request: HttpRequest, account_id: int) -> HttpResponse:
    """Read the account's numbers from the provider and say what was found."""
    refusal = _refused(request, ACCOUNT_PERMISSION)
    if refusal is not None:
        return refusal
    account = get_object_or_404(ProviderAccount, pk=account_id)
    try:
        synced = numbers_sync(account_id=account.pk)
    except ProviderCallError as error:
        why = {"why": reason_sentence(error.reason)}
        messages.error(request, _("The numbers could not be read, so nothing was changed. %(why)s") % why)
    except CredentialsError as error:
        messages.error(request, str(error))
    else:
        figures = {"added": synced.added, "known": synced.known}
        messages.success(request, _("Numbers read: %(added)s new, %(known)s known already.") % figures)
        if synced.missing:
            missing = _("%(count)s of the numbers here are no longer listed by the provider; they are kept.")
            messages.warning(request, missing % {"count": synced.missing})
    return _to("provideraccount_change", account.pk)


def delivery_page(model_admin: ModelAdmin, request: HttpRequest, object_id: str) -> HttpResponse:
    """One delivery: what came, what was wrong with it, and the button that reads it again."""
    if not model_admin.has_view_permission(request):
        raise PermissionDenied
    if request.method not in ("GET", "HEAD"):
        return HttpResponseNotAllowed(["GET", "HEAD"])
    # Eighteen digits always fit the database's bigint.
    if not (object_id.isascii() and object_id.isdigit() and len(object_id) <= 18):
        raise Http404
    delivery = get_object_or_404(WebhookDelivery.objects.select_related("account"), pk=int(object_id))
    whole = request.user.has_perm(PHONES_PERMISSION)
    context: dict[str, Any] = {
        **model_admin.admin_site.each_context(request),
        "title": _("Webhook delivery %(number)s") % {"number": delivery},
        "delivery": delivery,
        "state_class": {"processed": "ok", "partial": "soon", "failed": "stopped"}.get(delivery.state, ""),
        "text": delivery_text(delivery, whole=whole),
        "is_masked": not whole,
        "may_replay": request.user.has_perm(REPLAY_PERMISSION),
    }
    request.current_app = model_admin.admin_site.name
    return TemplateResponse(request, "providers/delivery.html", context)


def delivery_replay_page(request: HttpRequest, delivery_id: int) -> HttpResponse:
    """Read a delivery again and say what came of it."""
    refusal = _refused(request, REPLAY_PERMISSION)
    if refusal is not None:
        return refusal
    delivery = get_object_or_404(WebhookDelivery, pk=delivery_id)
    try:
        delivery = delivery_replay(delivery_id=delivery.pk)
    except DeliveryBusy:
        messages.warning(request, _("A worker is reading this delivery right now."))
    else:
        if delivery.problems:
            count = {"count": len(delivery.problems)}
            messages.warning(request, _("Read again, with problems in %(count)s places: see below.") % count)
        else:
            messages.success(request, _("Read again without problems. What had been applied before was not repeated."))
    return _to("webhookdelivery_change", delivery.pk)


def _refused(request: HttpRequest, permission: str) -> HttpResponse | None:
    if not request.user.has_perm(permission):
        raise PermissionDenied
    return None if request.method == "POST" else HttpResponseNotAllowed(["POST"])


def _to(page: str, pk: int) -> HttpResponse:
    return HttpResponseRedirect(reverse(f"admin:providers_{page}", args=[pk]))
