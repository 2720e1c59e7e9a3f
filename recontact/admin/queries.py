"""Queries: the list with its filters and the bulk action *Recontact*, and the page of one."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils import formats, timezone
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.contrib.filters.admin import MultipleChoicesDropdownFilter, RangeDateFilter, RelatedDropdownFilter
from unfold.decorators import action, display

from recontact.access import queries_for
from recontact.admin.base import ReadOnlyAdmin, person, see_phones
from recontact.admin.filters import AgeFilter, RecontactFilter, WindowFilter
from recontact.admin_pages.bulk import SESSION_KEY, BulkPage, BulkPreview
from recontact.admin_pages.campaign_from_list import campaign_address
from recontact.admin_pages.query import QueryPage
from recontact.campaigns.control import LIMIT
from recontact.models import Query, Recontact, Team
from recontact.search import customers_matching
from recontact.selectors import queries_listed
from recontact.templatetags.manager import duration_words


@admin.register(Query)
class QueryAdmin(ReadOnlyAdmin):
    """Queries of all teams; what one may do with them is *Recontact*."""

    actions = ("recontact_selected",)
    list_before_template = "recontact/manager/queries_strip.html"
    list_display_links = ("number",)
    list_filter = (
        ("state", MultipleChoicesDropdownFilter),
        WindowFilter,
        RecontactFilter,
        AgeFilter,
        ("team", RelatedDropdownFilter),
        ("assigned_to", RelatedDropdownFilter),
        ("sender_number", RelatedDropdownFilter),
        ("origin", MultipleChoicesDropdownFilter),
        ("created_at", RangeDateFilter),
    )
    search_fields = ("subject",)
    search_help_text = _("Phone, name, or number of the query")

    def has_view_permission(self, request: HttpRequest, obj: Query | None = None) -> bool:
        return request.user.has_perms(["recontact.view_query", "recontact.view_all_queries"])

    def has_bulk_recontact_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("recontact.bulk_recontact")

    def get_list_display(self, request: HttpRequest) -> list[str]:
        customer = "customer_whole" if see_phones(request) else "customer_masked"
        return [
            "number", customer, "about", "shown_state", "window", "recontact", "assigned_to", "silent"
        ]  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[Query]:
        return queries_listed(queries_for(request.user))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Query], search_term: str
    ) -> tuple[QuerySet[Query], bool]:
        term = search_term.replace("\x00", "").strip()
        if not term:
            return queryset, False
        wanted = Q(customer__in=customers_matching(term).values("pk"))
        if term.lstrip("#").isdecimal() and len(term) < 16:
            wanted |= Q(pk=int(term.lstrip("#")))
        return queryset.filter(wanted), False

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        pages = [
            path("recontact/", wrap(BulkPage.as_view()), name="recontact_query_bulk"),
            path("recontact/preview/", wrap(BulkPreview.as_view()), name="recontact_query_bulk_preview"),
        ]
        return [*pages, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponseBase:
        may = request.user.has_perms(["recontact.bulk_recontact", "recontact.add_campaign"])
        strip = {"campaign_address": campaign_address(request.GET) if may else ""}
        response: HttpResponseBase = super().changelist_view(request, {**(extra_context or {}), **strip})
        return response

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        if not object_id.isdecimal() or len(object_id) > 18:
            raise Http404
        return QueryPage.as_view()(request, query_id=int(object_id))

    @action(description=_("Recontact the selected queries"), permissions=["bulk_recontact"])
    def recontact_selected(self, request: HttpRequest, queryset: QuerySet[Query]) -> HttpResponseBase | None:
        ids = list(queryset.order_by("pk").values_list("pk", flat=True)[: LIMIT + 1])
        if len(ids) > LIMIT:
            text = gettext(
                "At most %(limit)s queries can be recontacted at once: narrow the filters, or make a campaign with them. "
                "Nothing was sent."
            )
            self.message_user(request, text % {"limit": LIMIT}, level="ERROR")
            return None
        request.session[SESSION_KEY] = ids
        return redirect(reverse("admin:recontact_query_bulk"))

    @display(description=_("Query"), ordering="id")
    def number(self, query: Query) -> str:
        """The query with our number under it: a column of its own would push the last one out of the screen."""
        return format_html('#{}<br><span class="small nowrap">{}</span>', query.pk, query.sender_number.phone_text)

    @display(description=_("Customer"))
    def customer_whole(self, query: Query) -> str:
        return person(query.customer.name, query.customer.phone, whole=True)

    @display(description=_("Customer"))
    def customer_masked(self, query: Query) -> str:
        return person(query.customer.name, query.customer.phone, whole=False)

    @display(description=_("Subject"))
    def about(self, query: Query) -> str:
        return format_html(
            '<span class="cut" style="display: block; max-width: 12rem">{}</span>', query.subject or query.preview
        )

    @display(
        description=_("State"),
        ordering="state",
        label={Query.State.PENDING: "warning", Query.State.IN_PROGRESS: "primary", Query.State.RESOLVED: "success"},
    )
    def shown_state(self, query: Query) -> tuple[str, str]:
        return query.state, str(query.get_state_display())

    @display(description=_("Window"), label={"open": "success", "closed": "danger", "none": ""})
    def window(self, query: Query) -> tuple[str, str]:
        expires_at = getattr(query, "window_expires_at", None)
        if expires_at is None:
            return "none", gettext("No window")
        return ("open", gettext("Open")) if expires_at > timezone.now() else ("closed", gettext("Closed"))

    @display(description=_("Recontact"))
    def recontact(self, query: Query) -> str:
        standing = [row for row in getattr(query, "ledger_rows", []) if row.state != Recontact.State.RELEASED]
        if not standing:
            return gettext("Available") if query.is_open else "—"
        row = standing[0]
        at = formats.date_format(timezone.localtime(row.reserved_at), "SHORT_DATETIME_FORMAT")
        by = str(row.reserved_by) if row.reserved_by is not None else gettext("the system")
        state = str(row.message.get_state_display()).lower()
        return format_html('<span class="nowrap">{}</span><br><span class="small">{}, {}</span>', by, at, state)

    @display(description=_("Silence"), ordering="activity_at")
    def silent(self, query: Query) -> str:
        return format_html('<span class="nowrap">{}</span>', duration_words(timezone.now() - query.activity_at))


@admin.register(Team)
class TeamAdmin(ModelAdmin):
    """Teams and their members."""

    list_display = ("name",)
    search_fields = ("name",)
    filter_horizontal = ("members", "templates")
