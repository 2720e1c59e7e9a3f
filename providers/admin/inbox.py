"""What came from providers and what was asked of them: the webhook inbox, management calls, notices."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter
from unfold.decorators import display

from providers.admin.base import ReadOnlyAdmin
from providers.admin.filters import DayRangeFilter
from providers.admin_pages import calls
from providers.admin_pages import deliveries as pages
from providers.admin_pages.base import PHONES_PERMISSION
from providers.delivery_keys import looks_like_phone, term_keys
from providers.models import ProviderCall, ProviderNotice, WebhookDelivery

DELIVERY_LABELS = {"processed": "success", "partial": "warning", "failed": "danger"}


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(ReadOnlyAdmin):
    """The webhook inbox."""

    list_display = ["id", "account", "state_shown", "received_at", "items", "problems_shown", "runs"]
    list_display_links = ["id"]
    list_select_related = ["account"]
    list_filter = [
        ("state", ChoicesDropdownFilter),
        ("account", RelatedDropdownFilter),
        ("received_at", DayRangeFilter),
    ]
    search_fields = ["keys"]
    search_help_text = _("Our reference, the provider's id of the message, #number of the message, or a phone")

    def get_queryset(self, request: HttpRequest) -> QuerySet[WebhookDelivery]:
        rows: QuerySet[WebhookDelivery] = super().get_queryset(request)
        return rows.defer("body", "headers", "keys", "query")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[WebhookDelivery], search_term: str
    ) -> tuple[QuerySet[WebhookDelivery], bool]:
        """By what the deliveries tell about, never by their bodies; phones only for who may see them."""
        by_phone = request.user.has_perm(PHONES_PERMISSION)
        if looks_like_phone(search_term.strip()) and not by_phone:
            messages.warning(request, _("Your role may not search by phone, so only ids were searched."))
        keys = term_keys(search_term, by_phone=by_phone)
        return (queryset.filter(keys__overlap=keys) if keys else queryset), False

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(pages.delivery_replay_page)
        urls: list[URLPattern] = super().get_urls()
        return [path("<int:delivery_id>/replay/", view, name="providers_webhookdelivery_replay"), *urls]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return pages.delivery_page(self, request, object_id)

    @display(description=_("state"), ordering="state", label=DELIVERY_LABELS)
    def state_shown(self, delivery: WebhookDelivery) -> tuple[str, str]:
        return delivery.state, delivery.get_state_display()

    @display(description=_("problems"))
    def problems_shown(self, delivery: WebhookDelivery) -> int:
        return len(delivery.problems)


@admin.register(ProviderCall)
class ProviderCallAdmin(ReadOnlyAdmin):
    """Management calls, as they may be kept."""

    list_display = ["made_at", "account", "purpose", "method", "url", "status", "duration_ms", "error"]
    list_select_related = ["account"]
    list_filter = [("account", RelatedDropdownFilter), ("made_at", DayRangeFilter)]
    list_display_links = ["made_at"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[ProviderCall]:
        rows: QuerySet[ProviderCall] = super().get_queryset(request)
        is_list = request.resolver_match is not None and str(request.resolver_match.url_name).endswith("_changelist")
        return rows.defer("request", "response") if is_list else rows

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return calls.call_page(self, request, object_id)


@admin.register(ProviderNotice)
class ProviderNoticeAdmin(ReadOnlyAdmin):
    """What providers said about accounts and numbers."""

    list_display = ["occurred_at", "account", "number", "event", "detail"]
    list_select_related = ["account", "number"]
    list_filter = [
        ("account", RelatedDropdownFilter),
        ("number", RelatedDropdownFilter),
        ("occurred_at", DayRangeFilter),
    ]
