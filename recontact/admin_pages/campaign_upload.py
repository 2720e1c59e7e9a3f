"""Step 1 of a new campaign: where its recipients come from, and of a campaign from a file, the file."""

from __future__ import annotations

from typing import Any, BinaryIO, cast

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminFileFieldWidget

from recontact.admin_pages.campaign_filter import CampaignFilterPage, filter_begin, form_context, source_asked
from recontact.admin_pages.campaign_filter_form import filter_form
from recontact.admin_pages.campaign_review import hidden_words
from recontact.admin_pages.campaign_step import RECIPIENTS, VARIABLES, CampaignStepPage, step_address, steps_of
from recontact.admin_pages.page import ManagerPage
from recontact.campaigns.choices import OPEN
from recontact.campaigns.control import campaign_cancel
from recontact.campaigns.file_head import file_head
from recontact.campaigns.filtered import campaigns_alike
from recontact.campaigns.sheet_problem import SheetProblem
from recontact.campaigns.sheets import SheetFacts
from recontact.campaigns.upload import campaign_draft_from_file
from recontact.models import Campaign, CampaignFile

#: How many of those begun before are offered to go on with.
DRAFTS = 10


class FileForm(forms.Form):
    """The file's input, as Unfold has it. What is in the file, campaigns.upload looks at."""

    file = forms.FileField(
        label=gettext_lazy("File"),
        widget=UnfoldAdminFileFieldWidget(attrs={"id": "campaign-file", "accept": ".xlsx,.csv,.txt,.tsv"}),
    )


class CampaignNewPage(ManagerPage):
    """The form for the file or the filter; what is wrong with a file is said here, and leaves nothing behind."""

    permission_required = "recontact.add_campaign"

    def get(self, request: HttpRequest) -> HttpResponse:
        source = source_asked(request)
        if not source:
            return self._show()
        return self._show(form_context(source, filter_form(source, request.GET), request.user))

    def post(self, request: HttpRequest) -> HttpResponse:
        source = source_asked(request)
        if source:
            begun = filter_begin(request, source)
            if isinstance(begun, HttpResponse):
                return begun
            return self._show(form_context(source, begun, request.user), status=400)
        uploaded = request.FILES.get("file")
        if uploaded is None or uploaded.file is None:
            return self._show(error=_("Choose a file."), status=400)
        try:
            campaign = campaign_draft_from_file(
                name=uploaded.name or "", body=cast(BinaryIO, uploaded.file), user=request.user
            )
        except SheetProblem as problem:
            return self._show(error=str(problem), status=400)
        return redirect(step_address(campaign, VARIABLES))

    def _show(self, filtered: dict[str, Any] | None = None, *, error: str = "", status: int = 200) -> HttpResponse:
        begun = Campaign.objects.filter(state__in=OPEN).select_related("created_by").order_by("-pk")
        context = {
            "title": _("New campaign"),
            "form": FileForm(),
            "of": "file",
            "steps": steps_of(None, RECIPIENTS),
            "drafts": list(begun[:DRAFTS]),
            "error": error,
            **(filtered or {}),
        }
        return self.page("campaign/new.html", context, status=status)


class CampaignRecipientsPage(CampaignStepPage):
    """The file of a campaign that has one: what was found in it, and its first rows. Of one by filter, the filter."""

    step = RECIPIENTS

    def get(self, request: HttpRequest, campaign_id: int) -> HttpResponseBase:
        campaign = self.campaign(campaign_id)
        if campaign.audience:
            return CampaignFilterPage.as_view()(request, campaign_id=campaign_id)
        elsewhere = self.elsewhere(campaign)
        if elsewhere is not None:
            return elsewhere
        file = CampaignFile.objects.filter(campaign=campaign).defer("body").first()
        facts = SheetFacts(**file.facts) if file is not None else None
        columns = [column for column in facts.columns if column] if facts is not None else []
        rows, error = [], ""
        try:
            rows = file_head(file) if file is not None else []
        except SheetProblem as problem:
            error = str(problem)
        head = [(row.number, [row.texts.get(column, "") for column in columns]) for row in rows]
        context = {
            "error": error,
            "warnings": hidden_words(file),
            "file": file,
            "columns": columns,
            "head": head,
            "same": campaigns_alike(campaign),
        }
        return self.show(campaign, "recipients.html", context)

    def post(self, request: HttpRequest, campaign_id: int) -> HttpResponseBase:
        return CampaignFilterPage.as_view()(request, campaign_id=campaign_id)


class CampaignDiscardPage(CampaignStepPage):
    """End a campaign that was not launched."""

    def post(self, request: HttpRequest, campaign_id: int) -> HttpResponse:
        campaign = self.campaign(campaign_id)
        begun = campaign.launched_at is not None
        if begun or campaign.state not in OPEN or campaign_cancel(campaign_id=campaign.pk) is None:
            return self.gone(request, campaign)
        messages.success(request, _("The campaign was discarded. Nothing was sent or charged."))
        return redirect("admin:recontact_campaign_changelist")
