"""Campaigns: the list, and the page of one with its result."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Case, Count, F, IntegerField, OuterRef, QuerySet, Subquery, When
from django.db.models.functions import Coalesce
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import MultipleChoicesDropdownFilter, RangeDateFilter, RelatedDropdownFilter
from unfold.decorators import display

from recontact.admin.base import ReadOnlyAdmin
from recontact.admin_pages.campaign import CampaignControlPage, CampaignPage
from recontact.admin_pages.campaign_csv import CampaignPlanCsv, CampaignResultCsv
from recontact.admin_pages.campaign_filter import CampaignFilterPreview
from recontact.admin_pages.campaign_retry import CampaignRetryPage
from recontact.admin_pages.campaign_review import CampaignPlanRowsPage, CampaignReviewPage
from recontact.admin_pages.campaign_sending import CampaignApprovalPage, CampaignSendingPage
from recontact.admin_pages.campaign_step import REVIEW, step_address, step_now
from recontact.admin_pages.campaign_upload import CampaignDiscardPage, CampaignNewPage, CampaignRecipientsPage
from recontact.admin_pages.campaign_variables import CampaignVariablesPage, CampaignVariablesPreview
from recontact.campaigns.choices import OPEN
from recontact.models import Campaign, CampaignRefusal, Message

STATES = {
    Campaign.State.DRAFT: "",
    Campaign.State.PLANNED: "primary",
    Campaign.State.AWAITING: "warning",
    Campaign.State.SCHEDULED: "primary",
    Campaign.State.WAITING: "warning",
    Campaign.State.RUNNING: "primary",
    Campaign.State.PAUSED: "warning",
    Campaign.State.PARKED: "danger",
    Campaign.State.CANCELLED: "",
    Campaign.State.COMPLETED: "success",
}


@admin.register(Campaign)
class CampaignAdmin(ReadOnlyAdmin):
    """Bulk sends. Those from selected queries begin in their list, those from a file or a filter here."""

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
        # Of a campaign from selected queries the messages are counted, at most as many as one request makes; of the others, which
        # may be millions, the plan's rows are known.
        from_queries = When(source=Campaign.Source.QUERIES, then=_count(sent.annotate(n=Count("pk"))))
        return rows.select_related("template", "created_by").annotate(
            planned_count=Case(from_queries, default=F("rows_total"), output_field=IntegerField()),
            refused_count=_count(refused.annotate(n=Count("query", distinct=True))),
        )

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        pages = {
            "control": ("control", CampaignControlPage),
            "retry": ("retry", CampaignRetryPage),
            "discard": ("discard", CampaignDiscardPage),
            "recipients": ("recipients", CampaignRecipientsPage),
            "variables": ("variables", CampaignVariablesPage),
            "variables/preview": ("variables_preview", CampaignVariablesPreview),
            "review": ("review", CampaignReviewPage),
            "review/rows": ("plan_rows", CampaignPlanRowsPage),
            "review/csv": ("plan_csv", CampaignPlanCsv),
            "sending": ("sending", CampaignSendingPage),
            "approval": ("approval", CampaignApprovalPage),
            "result/csv": ("result_csv", CampaignResultCsv),
        }
        own = [
            path(f"<int:campaign_id>/{address}/", wrap(page.as_view()), name=f"recontact_campaign_{name}")
            for address, (name, page) in pages.items()
        ]
        preview = path("audience/", wrap(CampaignFilterPreview.as_view()), name="recontact_campaign_audience")
        return [preview, *own, *super().get_urls()]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("recontact.add_campaign")

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        return CampaignNewPage.as_view()(request)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        if not object_id.isdecimal() or len(object_id) > 18:
            raise Http404
        begun = (
            Campaign.objects.filter(pk=int(object_id), state__in=OPEN, launched_at=None)
            .exclude(source=Campaign.Source.QUERIES)
            .first()
        )
        if begun is not None and request.user.has_perm("recontact.view_campaign"):
            may = request.user.has_perm("recontact.add_campaign")
            return redirect(step_address(begun, step_now(begun) if may else REVIEW))
        return CampaignPage.as_view()(request, campaign_id=int(object_id))

    @display(description=_("State"), ordering="state", label=STATES)
    def shown_state(self, campaign: Campaign) -> tuple[str, str]:
        return campaign.state, str(campaign.get_state_display())

    @display(description=_("Rows"))
    def planned(self, campaign: Campaign) -> int:
        return int(getattr(campaign, "planned_count", 0))

    @display(description=_("Refused"))
    def refused(self, campaign: Campaign) -> int:
        return int(getattr(campaign, "refused_count", 0))


def _count(rows: QuerySet[Any, Any]) -> Coalesce:
    return Coalesce(Subquery(rows.values("n")[:1], output_field=IntegerField()), 0)
