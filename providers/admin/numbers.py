"""Sender numbers and portfolios in the Manager."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter
from unfold.decorators import display

from providers.admin.base import ParkableAdmin
from providers.admin_pages import numbers as pages
from providers.models import Portfolio, SenderNumber

QUALITY_LABELS = {"GREEN": "success", "YELLOW": "warning", "RED": "danger"}


@admin.register(SenderNumber)
class SenderNumberAdmin(ParkableAdmin):
    """Sender numbers: quality, speed, limit."""

    list_display = [
        "phone",
        "display_name",
        "account",
        "sending_shown",
        "quality_shown",
        "throughput",
        "limit_shown",
    ]
    list_select_related = ["account", "portfolio"]
    list_filter = [("account", RelatedDropdownFilter), ("quality", ChoicesDropdownFilter)]
    list_filter_submit = True
    search_fields = ["phone", "display_name", "external_id"]
    change_form_outer_before_template = "providers/number_page.html"
    fields = ["account", "portfolio", "phone", "display_name", "external_id", "throughput", "quality", "is_active"]

    def get_readonly_fields(self, request: HttpRequest, obj: SenderNumber | None = None) -> list[str]:
        # Queries and messages belong to the number as it is.
        return ["quality"] if obj is None else ["account", "phone", "quality"]

    def button_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(pages.number_resume_page)
        return [path("<int:number_id>/resume/", view, name="providers_sendernumber_resume")]

    def page_context(self, request: HttpRequest, row: SenderNumber) -> dict[str, Any]:
        return {
            "resume_address": reverse("admin:providers_sendernumber_resume", args=[row.pk]),
            "notices_address": f"{reverse('admin:providers_providernotice_changelist')}?number__id__exact={row.pk}",
            "throttled_until": row.throttled_until if row.is_throttled else None,
            "stopped_account": row.account if row.account.is_parked else None,
        }

    @display(description=_("quality"), ordering="quality", label=QUALITY_LABELS)
    def quality_shown(self, number: SenderNumber) -> tuple[str, str]:
        return number.quality, number.get_quality_display()

    @display(description=_("recipients in 24 h"), empty_value="–")
    def limit_shown(self, number: SenderNumber) -> int | None:
        return number.portfolio.messaging_limit if number.portfolio else None


@admin.register(Portfolio)
class PortfolioAdmin(ModelAdmin):
    """Portfolios, whose numbers share a limit."""

    list_display = ["name", "external_id", "messaging_limit"]
    search_fields = ["name", "external_id"]
