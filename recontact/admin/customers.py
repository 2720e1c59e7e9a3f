"""Customers: found by name or phone, and the page of one."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.filters import AllValuesFieldListFilter
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from recontact.admin.base import ReadOnlyAdmin, see_phones
from recontact.admin_pages.customer import CustomerActionPage, CustomerPage
from recontact.models import Customer
from recontact.phones import phone_for
from recontact.search import customer_countries, customers_matching


class CountryFilter(AllValuesFieldListFilter):
    """The countries that customers are of, without reading all customers."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.lookup_choices = customer_countries()  # type: ignore[assignment]  # only gone through


@admin.register(Customer)
class CustomerAdmin(ReadOnlyAdmin):
    """Customers come from messages and sends; here they are looked up."""

    list_display_links = ("shown_name",)
    list_filter = (("country", CountryFilter),)
    search_fields = ("name",)
    search_help_text = _("Name or phone")
    ordering = ("sort_name", "id")

    def get_list_display(self, request: HttpRequest) -> list[str]:
        return ["shown_name", "phone_whole" if see_phones(request) else "phone_masked", "country", "created_at"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Customer]:
        rows: QuerySet[Customer] = super().get_queryset(request)
        return rows.filter(merged_into__isnull=True)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Customer], search_term: str
    ) -> tuple[QuerySet[Customer], bool]:
        if not search_term.strip():
            return queryset, False
        return queryset.filter(pk__in=customers_matching(search_term).values("pk")), False

    def get_urls(self) -> list[URLPattern]:
        action = self.admin_site.admin_view(CustomerActionPage.as_view())
        return [
            path("<int:customer_id>/do/<slug:action>/", action, name="recontact_customer_do"),
            *super().get_urls(),
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        if not object_id.isdecimal() or len(object_id) > 18:
            raise Http404
        return CustomerPage.as_view()(request, customer_id=int(object_id))

    @display(description=_("Name"), ordering="sort_name")
    def shown_name(self, customer: Customer) -> str:
        return customer.name or f"#{customer.pk}"

    @display(description=_("Phone"))
    def phone_whole(self, customer: Customer) -> str:
        return phone_for(customer.phone, whole=True) or "—"

    @display(description=_("Phone"))
    def phone_masked(self, customer: Customer) -> str:
        return phone_for(customer.phone, whole=False) or "—"
