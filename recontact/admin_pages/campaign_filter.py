"""Step 1 of a new campaign by filter: queries or customers, with how many it matches while somebody chooses."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from providers.models import SenderNumber
from recontact.admin_pages.campaign_filter_form import (
    CustomerFilterForm,
    FilterForm,
    QueryFilterForm,
    filled_with,
    filter_form,
)
from recontact.admin_pages.campaign_step import RECIPIENTS, VARIABLES, CampaignStepPage, is_planning, step_address
from recontact.admin_pages.page import ManagerPage
from recontact.campaigns.filter_words import filter_words
from recontact.campaigns.filtered import (
    QUERIES_PERMISSION,
    campaign_draft_from_filter,
    campaign_filter_change,
)
from recontact.campaigns.filters import AudienceProblem, Filter, QueryFilter, filter_read
from recontact.campaigns.matching import Found, customers_found, queries_found
from recontact.campaigns.upload import NotADraft
from recontact.clock import database_now
from recontact.models import Campaign

#: The sources that have a filter, as an address names them.
SOURCES = {"queries": Campaign.Source.FILTERED, "customers": Campaign.Source.CUSTOMERS}


def source_asked(request: HttpRequest) -> str:
    """The source that the address names; empty for a file. Raises Http404 and PermissionDenied."""
    of = request.POST.get("of") or request.GET.get("of", "")
    if of in ("", "file"):
        return ""
    if of not in SOURCES:
        raise Http404
    source = SOURCES[of]
    permission_check(request, source)
    return source


def permission_check(request: HttpRequest, source: str) -> None:
    """Raises PermissionDenied: a campaign of queries uses up their recontacts, which is a right of its own."""
    if source == Campaign.Source.FILTERED and not request.user.has_perm(QUERIES_PERMISSION):
        raise PermissionDenied


def filter_begin(request: HttpRequest, source: str) -> HttpResponse | FilterForm:
    """Make the draft of the form that was sent, and go on to its variables; the form again when it is not in order."""
    form = filter_form(source, request.POST)
    if not form.is_valid():
        return form
    day = date_format(timezone.localtime(), "SHORT_DATETIME_FORMAT")
    name = _("Queries of %(day)s") if source == Campaign.Source.FILTERED else _("Customers of %(day)s")
    campaign = campaign_draft_from_filter(wanted=form.wanted(), name=name % {"day": day}, user=request.user)
    return redirect(step_address(campaign, VARIABLES))


class CampaignFilterPreview(ManagerPage):
    """How many the filter matches now, a few names, and of queries how many at the other numbers."""

    permission_required = "recontact.add_campaign"

    def get(self, request: HttpRequest) -> HttpResponse:
        source = source_asked(request)
        if not source:
            raise Http404
        form = filter_form(source, request.GET)
        context = {**found_context(form, request.user), "is_fragment": True}
        return self.fragment("campaign/filter_preview.html", context)


class CampaignFilterPage(CampaignStepPage):
    """The filter of a campaign that has one, to be changed while it is a draft."""

    step = RECIPIENTS

    def get(self, request: HttpRequest, campaign_id: int) -> HttpResponse:
        campaign = self.campaign(campaign_id)
        return self.elsewhere(campaign) or self._show(campaign)

    def post(self, request: HttpRequest, campaign_id: int) -> HttpResponse:
        campaign = self.campaign(campaign_id)
        elsewhere = self.elsewhere(campaign)
        if elsewhere is not None:
            return elsewhere
        if not campaign.audience:
            raise Http404
        permission_check(request, campaign.source)
        form = filter_form(campaign.source, request.POST)
        if not form.is_valid():
            return self._show(campaign, form, status=400)
        try:
            campaign_filter_change(campaign_id=campaign.pk, wanted=form.wanted())
        except NotADraft as refused:
            messages.warning(request, str(refused))
        return redirect(step_address(campaign, VARIABLES))

    def elsewhere(self, campaign: Campaign) -> HttpResponse | None:
        if is_planning(campaign) or campaign.state == Campaign.State.AWAITING:
            return redirect("admin:recontact_campaign_change", campaign.pk)
        return super().elsewhere(campaign)

    def _show(
        self,
        campaign: Campaign,
        form: FilterForm | None = None,
        *,
        status: int = 200,
    ) -> HttpResponse:
        error = ""
        if form is None:
            try:
                form = _form_of(filter_read(campaign.audience))
            except AudienceProblem as problem:
                form, error = filter_form(campaign.source, self.request.GET), str(problem)
        context = {"error": error, **form_context(campaign.source, form, self.request.user)}
        return self.show(campaign, "filter.html", context, status=status)


def _form_of(wanted: Filter) -> FilterForm:
    kind = QueryFilterForm if isinstance(wanted, QueryFilter) else CustomerFilterForm
    return kind(filled_with(wanted))


def form_context(source: str, form: FilterForm, user: Any) -> dict[str, Any]:
    """What the page with a filter's form shows."""
    of = next(of for of, each in SOURCES.items() if each == source)
    return {"of": of, "form": form, "of_queries": source == Campaign.Source.FILTERED, **found_context(form, user)}


def _found(wanted: Filter, user: Any) -> Found:
    if isinstance(wanted, QueryFilter):
        return queries_found(wanted, user=user, as_of=database_now())
    return customers_found(wanted)


def found_context(form: FilterForm, user: Any) -> dict[str, Any]:
    """What the form's filter matches now; nothing while it is not in order."""
    if not form.is_valid():
        return {"found": None, "form": form}
    wanted = form.wanted()
    found = _found(wanted, user)
    numbers = SenderNumber.objects.in_bulk(list(found.elsewhere)) if found.elsewhere else {}
    elsewhere = sorted(found.elsewhere.items(), key=lambda entry: -entry[1])
    return {
        "found": found,
        "form": form,
        "words": filter_words(wanted),
        "elsewhere": [(numbers[number], count) for number, count in elsewhere if number in numbers],
        "is_of_queries": isinstance(wanted, QueryFilter),
    }
