"""Rate cards and pricing rules in the Manager."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, TabularInline
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter
from unfold.decorators import display

from providers.admin_pages import rate_cards as pages
from providers.models import PricingRule, Rate, RateCard, RateFee
from providers.rates.forms import CardForm


class _OfDraft(TabularInline):
    """Rows of a card: of a published one nobody changes them."""

    extra = 0

    def has_add_permission(self, request: HttpRequest, obj: RateCard | None = None) -> bool:
        return _is_open(obj) and bool(super().has_add_permission(request, obj))

    def has_change_permission(self, request: HttpRequest, obj: RateCard | None = None) -> bool:
        return _is_open(obj) and bool(super().has_change_permission(request, obj))

    def has_delete_permission(self, request: HttpRequest, obj: RateCard | None = None) -> bool:
        return _is_open(obj) and bool(super().has_delete_permission(request, obj))


class RateInline(_OfDraft):
    """Meta's prices."""

    model = Rate
    fields = ["market", "category", "tier_from", "tier_to", "price"]


class FeeInline(_OfDraft):
    """The provider's own fees beside them."""

    model = RateFee
    fields = ["kind", "category", "value", "exempt_codes"]


def _is_open(card: RateCard | None) -> bool:
    return card is None or not card.is_published


@admin.register(RateCard)
class RateCardAdmin(ModelAdmin):
    """Rate cards by date. A published card can only be looked at."""

    form = CardForm
    list_display = ["name", "account", "currency", "status_shown", "valid_from", "valid_to", "is_sample"]
    list_select_related = ["account"]
    list_filter = [("account", RelatedDropdownFilter), ("status", ChoicesDropdownFilter)]
    list_filter_submit = True
    fields = ["account", "name", "currency", "valid_from", "valid_to", "report_covers", "source", "is_sample"]
    inlines = [FeeInline, RateInline]
    change_form_outer_before_template = "providers/rate_card.html"
    list_before_template = "providers/rate_cards.html"

    @display(description=_("status"), ordering="status", label={"published": "success", "draft": "warning"})
    def status_shown(self, card: RateCard) -> tuple[str, str]:
        return card.status, card.get_status_display()

    def get_urls(self) -> list[URLPattern]:
        wrap, name = self.admin_site.admin_view, "providers_ratecard"
        return [
            path("import/", wrap(pages.import_page), name=f"{name}_import"),
            path("<int:card_id>/preview/", wrap(pages.preview_page), name=f"{name}_preview"),
            path("<int:card_id>/publish/", wrap(pages.publish_page), name=f"{name}_publish"),
            path("<int:card_id>/export/", wrap(pages.export_page), name=f"{name}_export"),
            *super().get_urls(),
        ]

    def has_change_permission(self, request: HttpRequest, obj: RateCard | None = None) -> bool:
        return _is_open(obj) and bool(super().has_change_permission(request, obj))

    def has_delete_permission(self, request: HttpRequest, obj: RateCard | None = None) -> bool:
        return _is_open(obj) and bool(super().has_delete_permission(request, obj))

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Nothing is deleted many at once: a published card never is."""
        return {}

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        card = self.get_object(request, object_id)
        context: dict[str, Any] = {} if card is None else {"card": card, **_addresses(card)}
        response: HttpResponse = super().change_view(request, object_id, form_url, {**context, **(extra_context or {})})
        return response

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        may_import = request.user.has_perm(pages.ADD_PERMISSION)
        address = reverse("admin:providers_ratecard_import") if may_import else ""
        response: HttpResponse = super().changelist_view(request, {"import_address": address, **(extra_context or {})})
        return response


def _addresses(card: RateCard) -> dict[str, str]:
    names = ("preview", "export")
    return {f"{name}_address": reverse(f"admin:providers_ratecard_{name}", args=[card.pk]) for name in names}


@admin.register(PricingRule)
class PricingRuleAdmin(ModelAdmin):
    """What is free, and from when until when. A rule that ends gets its end; what was charged by it stays."""

    list_display = ["kind", "category", "priced_as", "amount", "valid_from", "valid_to", "source"]
    fields = ["kind", "category", "priced_as", "amount", "valid_from", "valid_to", "source", "read_on"]

    def has_delete_permission(self, request: HttpRequest, obj: PricingRule | None = None) -> bool:
        return False
