"""The page of one webhook delivery, and the button that reads it again."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from unfold.admin import ModelAdmin

from providers.admin_pages.base import PHONES_PERMISSION, REPLAY_PERMISSION, page, refused, row_id, to
from providers.contracts import BadItem, Event
from providers.delivery_view import delivery_text, items_counted, query_text
from providers.inbox import DeliveryBusy, delivery_parse, delivery_replay
from providers.models import WebhookDelivery
from providers.panels import panels_for

STATE_CLASSES = {"processed": "ok", "partial": "soon", "failed": "stopped"}


def delivery_page(model_admin: ModelAdmin, request: HttpRequest, object_id: str) -> HttpResponse:
    """One delivery: what came, what was wrong with it, and the button that reads it again."""
    if not model_admin.has_view_permission(request):
        raise PermissionDenied
    if request.method not in ("GET", "HEAD"):
        return HttpResponseNotAllowed(["GET", "HEAD"])
    delivery = get_object_or_404(WebhookDelivery.objects.select_related("account"), pk=row_id(object_id))
    whole = request.user.has_perm(PHONES_PERMISSION)
    items = _items(delivery)
    context = {
        "title": _("Webhook delivery %(number)s") % {"number": delivery},
        "delivery": delivery,
        "state_class": STATE_CLASSES.get(delivery.state, ""),
        "text": delivery_text(delivery, items, whole=whole),
        "query": query_text(delivery, items, whole=whole),
        "items": items_counted(items),
        "panels": panels_for(request, delivery),
        "is_masked": not whole,
        "may_replay": request.user.has_perm(REPLAY_PERMISSION),
    }
    return page(request, "delivery.html", context)


def _items(delivery: WebhookDelivery) -> list[Event | BadItem]:
    """What the delivery says; nothing when it cannot be read, which its problems tell."""
    try:
        return delivery_parse(delivery)
    except Exception:
        return []


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
        counts = {"items": delivery.items, "count": len(delivery.problems)}
        if delivery.problems:
            words = _("Read again (items: %(items)s), with problems in %(count)s places: see below.")
            messages.warning(request, words % counts)
        else:
            words = _("Read again without problems (items: %(items)s). What had been applied before was not repeated.")
            messages.success(request, words % counts)
    return to("webhookdelivery_change", delivery.pk)
