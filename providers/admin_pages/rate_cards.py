"""Bringing a file of prices, looking at what it changes, publishing it, and taking a card away as a file."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import get_object_or_404
from django.utils.text import slugify
from django.utils.translation import gettext as _

from providers.admin_pages.base import page, refused, to
from providers.models import RateCard
from providers.rates.comparing import card_compare
from providers.rates.exporting import card_csv
from providers.rates.forms import ImportForm
from providers.rates.importing import ImportRefused, card_import
from providers.rates.publishing import CannotPublish, card_problems, card_publish, predecessor

ADD_PERMISSION = "providers.add_ratecard"
PUBLISH_PERMISSION = "providers.publish_ratecard"
VIEW_PERMISSION = "providers.view_ratecard"


def import_page(request: HttpRequest) -> HttpResponse:
    """The form; from it to the preview, or back with every reason and nothing stored."""
    refused(request, ADD_PERMISSION, method=request.method or "GET")
    if request.method not in ("GET", "HEAD", "POST"):
        return HttpResponseNotAllowed(["GET", "HEAD", "POST"])
    form = ImportForm(request.POST or None, request.FILES or None)
    context = {"title": _("Import prices"), "form": form, "problems": []}
    if request.method == "POST" and form.is_valid():
        try:
            card = card_import(form.new_card(), *form.bodies())
        except ImportRefused as refusal:
            return page(request, "rates_import.html", {**context, "problems": refusal.problems})
        messages.success(request, _("The prices are kept as a draft. Look at what changes, and publish it."))
        return to("ratecard_preview", card.pk)
    return page(request, "rates_import.html", context)


def preview_page(request: HttpRequest, card_id: int) -> HttpResponse:
    """What the card changes against the one before it: old, new, percent; and whether it can be published."""
    refusal = refused(request, VIEW_PERMISSION, method="GET")
    if refusal is not None:
        return refusal
    card = _card(card_id)
    comparison = card_compare(card)
    context = {
        "title": card.name,
        "card": card,
        "comparison": comparison,
        "problems": [] if card.is_published else card_problems(card),
        "ends": None if card.is_published else predecessor(card),
        "may_publish": not card.is_published and request.user.has_perm(PUBLISH_PERMISSION),
    }
    return page(request, "rates_preview.html", context)


def publish_page(request: HttpRequest, card_id: int) -> HttpResponse:
    """Publish the draft."""
    refusal = refused(request, PUBLISH_PERMISSION)
    if refusal is not None:
        return refusal
    card = _card(card_id)
    try:
        published = card_publish(card.pk)
    except CannotPublish as error:
        for problem in error.problems:
            messages.error(request, problem)
        return to("ratecard_preview", card.pk)
    messages.success(request, _("Published. From its beginning on every price comes from it."))
    if published.ended is not None:
        messages.info(request, _("“%(name)s” ends where it begins.") % {"name": published.ended.name})
    return to("ratecard_change", card.pk)


def export_page(request: HttpRequest, card_id: int) -> HttpResponse:
    """The card as CSV, in the form that the import reads again."""
    refusal = refused(request, VIEW_PERMISSION, method="GET")
    if refusal is not None:
        return refusal
    card = _card(card_id)
    name = slugify(f"{card.account.name} {card.name}") or "prices"
    response = HttpResponse(card_csv(card), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


def _card(card_id: int) -> RateCard:
    if card_id >= 2**63:
        raise Http404
    return get_object_or_404(RateCard.objects.select_related("account"), pk=card_id)
