"""Campaigns: the list, and the page of one with its result."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import Http404, HttpRequest, HttpResponseBase
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import MultipleChoicesDropdownFilter, RangeDateFilter, RelatedDropdownFilter
from unfold.decorators import display

from recontact.admin.base import ReadOnlyAdmin
from recontact.admin_pages.campaign import CampaignControlPage, CampaignPage
from recontact.models import Campaign, CampaignRefusal, Message

STATES = {
    Campaign.State.RUNNING: "primary",
    Campaign.State.PAUSED: "warning",
    Campaign.State.PARKED: "danger",
    Campaign.State.CANCELLED: "",
    Campaign.State.COMPLETED: "success",
}


@admin.register(Campaign)
class CampaignAdmin(ReadOnlyAdmin):
    """Bulk sends. They begin from the list of queries."""

    list_display = ("name", "shown_state", "template", "planned", "refused", "created_by", "created_at")
    list_filter = (
        ("state", MultipleChoicesDropdownFilter),
        ("template", RelatedDropdownFilter),
        ("created_at", RangeDateFilter),
    )
    search_fields = ("name",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Campaign]:
        rows: QuerySet[Campaign] = super().get_queryset(request)
        sent = Message.objects.filter(campaign=OuterRef("pk"), retry_of=None).order_by().values("campaign")
        refused = CampaignRefusal.objects.filter(campaign=OuterRef("pk")).order_by().values("campaign")
        return rows.select_related("template", "created_by").annotate(
            planned_count=_count(sent.annotate(n=Count("pk"))),
            refused_count=_count(refused.annotate(n=Count("query", distinct=True))),
        )

    def get_urls(self) -> list[URLPattern]:
        control = self.admin_site.admin_view(CampaignControlPage.as_view())
        return [path("<int:campaign_id>/control/", control, name="recontact_campaign_control"), *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        if not object_id.isdecimal() or len(object_id) > 18:
            raise Http404
        return CampaignPage.as_view()(request, campaign_id=int(object_id))

    @display(description=_("State"), ordering="state", label=STATES)
    def shown_state(self, campaign: Campaign) -> tuple[str, str]:
        return campaign.state, str(campaign.get_state_display())

    @display(description=_("Messages"))
    def planned(self, campaign: Campaign) -> int:
        return int(getattr(campaign, "planned_count", 0))

    @display(description=_("Refused"))
    def refused(self, campaign: Campaign) -> int:
        return int(getattr(campaign, "refused_count", 0))


def _count(rows: QuerySet[Any, Any]) -> Coalesce:
    return Coalesce(Subquery(rows.values("n")[:1], output_field=IntegerField()), 0)
