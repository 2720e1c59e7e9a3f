"""The downloads of a campaign: each row of the plan with its fate, and each recipient with what became of him."""

from __future__ import annotations

from collections.abc import Iterator

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.utils.text import slugify

from recontact.admin_pages.page import ManagerPage
from recontact.campaigns.outcomes import recipients_csv, recipients_of
from recontact.campaigns.result_file import result_csv
from recontact.models import Campaign, CampaignRecipient


class CampaignPlanCsv(ManagerPage):
    """The rows of the plan, all or those with one fate."""

    permission_required = "recontact.add_campaign"

    def get(self, request: HttpRequest, campaign_id: int) -> HttpResponseBase:
        campaign = get_object_or_404(Campaign.objects.select_related("template"), pk=campaign_id)
        outcome = request.GET.get("outcome", "")
        if outcome and outcome not in CampaignRecipient.Outcome.values:
            raise Http404
        if not request.user.has_perm("recontact.see_phones"):
            raise PermissionDenied
        outcomes = [outcome] if outcome else []
        rows = recipients_of(campaign, *outcomes, code=request.GET.get("code"), variable=request.GET.get("key"))
        return _csv(campaign, outcome or "plan", recipients_csv(campaign, rows))


class CampaignResultCsv(ManagerPage):
    """Every recipient of a launched campaign: state, price, the provider's id, and the times."""

    permission_required = "recontact.view_campaign"

    def get(self, request: HttpRequest, campaign_id: int) -> HttpResponseBase:
        campaign = get_object_or_404(Campaign, pk=campaign_id)
        whole = request.user.has_perm("recontact.see_phones")
        prices = request.user.has_perm("recontact.see_costs")
        return _csv(campaign, "result", result_csv(campaign, whole_phones=whole, prices=prices))


def _csv(campaign: Campaign, part: str, text: Iterator[str]) -> StreamingHttpResponse:
    """A file that is sent while it is read."""
    response = StreamingHttpResponse(text, content_type="text/csv; charset=utf-8")
    name = slugify(campaign.name) or f"campaign-{campaign.pk}"
    response["Content-Disposition"] = f'attachment; filename="{name}-{part}.csv"'
    return response
