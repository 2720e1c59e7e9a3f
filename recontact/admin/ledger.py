"""The recontact ledger and incidents: looked at here, changed by services alone."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import MultipleChoicesDropdownFilter, RangeDateFilter
from unfold.decorators import display

from recontact.admin.base import STATE_LABELS, ReadOnlyAdmin
from recontact.admin_pages.uncertain import IncidentClosePage, ReleasePage
from recontact.models import Incident, Recontact


@admin.register(Recontact)
class RecontactAdmin(ReadOnlyAdmin):
    """The rows that make "once per query" true."""

    list_display = ("query", "customer", "shown_state", "message", "message_state", "reserved_by", "reserved_at")
    list_filter = (("state", MultipleChoicesDropdownFilter), ("reserved_at", RangeDateFilter))
    search_fields = ("=query__id",)
    search_help_text = _("Number of the query")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Recontact]:
        rows: QuerySet[Recontact] = super().get_queryset(request)
        return rows.select_related("query__customer", "message", "reserved_by").defer(
            "message__components", "message__bubble", "message__body"
        )

    def get_urls(self) -> list[URLPattern]:
        release = self.admin_site.admin_view(ReleasePage.as_view())
        return [path("<int:recontact_id>/release/", release, name="recontact_recontact_release"), *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        """A row is shown on its message's page."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        row = Recontact.objects.filter(pk=object_id).first() if object_id.isdecimal() and len(object_id) < 19 else None
        if row is None:
            raise Http404
        return redirect("admin:recontact_message_change", row.message_id)

    @display(description=_("Customer"))
    def customer(self, row: Recontact) -> str:
        return row.query.customer.name or "—"

    @display(
        description=_("State"),
        ordering="state",
        label={Recontact.State.RESERVED: "warning", Recontact.State.SPENT: "primary", Recontact.State.RELEASED: ""},
    )
    def shown_state(self, row: Recontact) -> tuple[str, str]:
        return row.state, str(row.get_state_display())

    @display(description=_("Message"), label=STATE_LABELS)
    def message_state(self, row: Recontact) -> tuple[str, str]:
        return row.message.state, str(row.message.get_state_display())


@admin.register(Incident)
class IncidentAdmin(ReadOnlyAdmin):
    """What must not happen and did: open ones stand on *Without certainty*, all of them here."""

    list_display = ("kind", "message", "opened_at", "closed_at", "closed_by", "note")
    list_filter = (("kind", MultipleChoicesDropdownFilter), ("opened_at", RangeDateFilter))
    list_select_related = ("message", "closed_by")

    def get_urls(self) -> list[URLPattern]:
        close = self.admin_site.admin_view(IncidentClosePage.as_view())
        return [path("<int:incident_id>/close/", close, name="recontact_incident_close"), *super().get_urls()]
