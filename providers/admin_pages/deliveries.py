"""The page of one webhook delivery, and the button that reads it again."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from unfold.admin import ModelAdmin

from providers.admin_pages.base import PHONES_PERMISSION, REPLAY_PERMISSION, page, refused, to
from providers.delivery_view import delivery_text
from providers.inbox import DeliveryBusy, delivery_replay
from providers.models import WebhookDelivery

STATE_CLASSES = {"processed": "ok", "partial": "soon", "failed": "stopped"}


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
    context = {
        "title": _("Webhook delivery %(number)s") % {"number": delivery},
        "delivery": delivery,
        "state_class": STATE_CLASSES.get(delivery.state, ""),
        "text": delivery_text(delivery, whole=whole),
        "is_masked": not whole,
        "may_replay": request.user.has_perm(REPLAY_PERMISSION),
    }
    return page(request, "delivery.html", context)


def delivery_replay_page(request: HttpRequest, delivery_id: int) -> HttpResponse:
    """Read a delivery again and say what came of it."""
    refusal = refused(request, REPLAY_PERMISSION)
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
    return to("webhookdelivery_change", delivery.pk)
