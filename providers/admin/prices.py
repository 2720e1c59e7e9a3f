"""Rate cards in the Manager."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from unfold.admin import ModelAdmin, TabularInline
from unfold.contrib.filters.admin import RelatedDropdownFilter

from providers.models import Rate, RateCard
from providers.rates.usage import card_in_use


class RateInline(TabularInline):
    """The prices of a card; none of them changes once a message was priced with the card."""

    model = Rate
    extra = 1
    fields = ["market", "category", "price"]

    def has_add_permission(self, request: HttpRequest, obj: RateCard | None = None) -> bool:
        return _is_open(obj) and bool(super().has_add_permission(request, obj))

    def has_change_permission(self, request: HttpRequest, obj: RateCard | None = None) -> bool:
        return _is_open(obj) and bool(super().has_change_permission(request, obj))

    def has_delete_permission(self, request: HttpRequest, obj: RateCard | None = None) -> bool:
        return _is_open(obj) and bool(super().has_delete_permission(request, obj))


def _is_open(card: RateCard | None) -> bool:
    return card is None or not card_in_use(card.pk)


@admin.register(RateCard)
class RateCardAdmin(ModelAdmin):
    """Rate cards by date. A card in use can only be looked at."""

    list_display = ["name", "account", "currency", "valid_from", "is_sample"]
    list_select_related = ["account"]
    list_filter = [("account", RelatedDropdownFilter)]
    list_filter_submit = True
    fields = ["account", "name", "currency", "valid_from", "source", "is_sample"]
    inlines = [RateInline]
    change_form_outer_before_template = "providers/card_in_use.html"

    def has_change_permission(self, request: HttpRequest, obj: RateCard | None = None) -> bool:
        return _is_open(obj) and bool(super().has_change_permission(request, obj))

    def has_delete_permission(self, request: HttpRequest, obj: RateCard | None = None) -> bool:
        return _is_open(obj) and bool(super().has_delete_permission(request, obj))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        card = self.get_object(request, object_id)
        context = {"card_in_use": not _is_open(card), **(extra_context or {})}
        response: HttpResponse = super().change_view(request, object_id, form_url, context)
        return response
