"""Step 2 of a new campaign: number, template, and what fills each variable, with the bubbles of the first rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from providers.models import SenderNumber
from recontact.admin_pages.campaign_samples import Sample, samples_of
from recontact.admin_pages.campaign_step import REVIEW, VARIABLES, CampaignStepPage, is_planning, step_address
from recontact.campaigns.choices import campaign_rename
from recontact.campaigns.columns import (
    COLUMN,
    DATA,
    FIELDS,
    QUERY_FIELDS,
    TEXT,
    Source,
    mapping_read,
    mapping_suggest,
    mapping_suggest_filtered,
)
from recontact.campaigns.filtered import campaigns_alike
from recontact.campaigns.filters import AudienceProblem
from recontact.campaigns.gathering import data_keys
from recontact.campaigns.plan import PlanProblem, campaign_plan_request
from recontact.campaigns.sheets import SheetFacts
from recontact.campaigns.upload import NotADraft, campaign_configure
from recontact.eligibility import number_refusals, template_refusals
from recontact.models import Campaign, CampaignFile
from recontact.places import place_names
from templates_app.components import Variable
from templates_app.models import Template
from templates_app.selectors import template_parsed, templates_sendable


@dataclass(frozen=True, slots=True)
class Place:
    """One variable on the page: its place among all (from 1), what it is, and what fills it."""

    place: int
    variable: Variable
    filling: Source


@dataclass(slots=True)
class Choice:
    """The page as filled in so far."""

    campaign: Campaign
    numbers: list[SenderNumber]
    number: SenderNumber | None
    template: Template | None
    country: str
    name: str
    facts: SheetFacts | None
    include_open_queries: bool
    include_recent: bool
    data_keys: list[str] = field(default_factory=list)
    mapping: dict[str, Source] = field(default_factory=dict)
    samples: list[Sample] = field(default_factory=list)


class CampaignVariablesPage(CampaignStepPage):
    """The page, and the click that has every row checked."""

    step = VARIABLES

    def get(self, request: HttpRequest, campaign_id: int) -> HttpResponse:
        campaign = self.campaign(campaign_id)
        return self.elsewhere(campaign) or self._show(choice_from(campaign, QueryDict()))

    def post(self, request: HttpRequest, campaign_id: int) -> HttpResponse:
        campaign = self.campaign(campaign_id)
        elsewhere = self.elsewhere(campaign)
        if elsewhere is not None:
            return elsewhere
        choice = choice_from(campaign, request.POST)
        if choice.number is None or choice.template is None:
            return self._show(choice, error=_("Choose a sender number and a template."), status=400)
        if not choice.name.strip():
            return self._show(choice, error=_("Give the campaign a name: you will find it again by it."), status=400)
        try:
            campaign_configure(
                campaign_id=campaign.pk,
                template_id=choice.template.pk,
                sender_number_id=choice.number.pk,
                mapping=choice.mapping,
                default_country=choice.country,
                include_open_queries=choice.include_open_queries,
                include_recent=choice.include_recent,
            )
        except NotADraft as refused:
            messages.warning(request, str(refused))
            return redirect("admin:recontact_campaign_change", campaign.pk)
        campaign_rename(campaign_id=campaign.pk, name=choice.name)
        try:
            campaign_plan_request(campaign_id=campaign.pk)
        except PlanProblem as problem:
            return self._show(choice, error=str(problem), status=400)
        return redirect(step_address(campaign, REVIEW))

    def elsewhere(self, campaign: Campaign) -> HttpResponse | None:
        if is_planning(campaign) or campaign.state == Campaign.State.AWAITING:
            return redirect("admin:recontact_campaign_change", campaign.pk)
        return super().elsewhere(campaign)

    def _show(self, choice: Choice, *, error: str = "", status: int = 200) -> HttpResponse:
        context = choice_context(choice) | {"error": error, "same": campaigns_alike(choice.campaign)}
        return self.show(choice.campaign, "variables.html", context, status=status)


class CampaignVariablesPreview(CampaignStepPage):
    """The live parts: the variables of another template, or the bubbles while somebody chooses."""

    step = VARIABLES

    def post(self, request: HttpRequest, campaign_id: int) -> HttpResponse:
        campaign = self.campaign(campaign_id)
        choice = choice_from(campaign, request.POST)
        part = "variables_fields.html" if request.POST.get("part") == "fields" else "variables_preview.html"
        return self.fragment(f"campaign/{part}", choice_context(choice))


def choice_from(campaign: Campaign, data: QueryDict) -> Choice:
    """The page from what was sent so far; nothing sent shows what was chosen before."""
    rows = SenderNumber.objects.filter(is_active=True, account__is_active=True).select_related("account")
    of_queries = campaign.source == Campaign.Source.FILTERED
    # A query is recontacted by its own number, and the filter has one.
    numbers = list(rows.filter(pk=campaign.sender_number_id or 0) if of_queries else rows)
    number = _number(numbers, data.get("sender_number") or str(campaign.sender_number_id or ""))
    template = _template(number, data.get("template", str(campaign.template_id or "")))
    country = data.get("default_country") or campaign.default_country or settings.DEFAULT_COUNTRY
    choice = Choice(
        campaign=campaign,
        numbers=numbers,
        number=number,
        template=template,
        country=country if country in _countries() else settings.DEFAULT_COUNTRY,
        name=data.get("name", campaign.name).replace("\x00", ""),
        facts=None,
        include_open_queries="include_open_queries" in data if data else campaign.include_open_queries,
        include_recent="include_recent" in data if data else campaign.include_recent,
    )
    file = CampaignFile.objects.filter(campaign=campaign).defer("body").first()
    if file is not None:
        choice.facts = SheetFacts(**file.facts)
    if of_queries:
        choice.data_keys = _data_keys(campaign)
    if template is not None:
        choice.mapping = _mapping(choice, template, data)
        choice.samples = samples_of(campaign, file, template, choice.mapping)
    return choice


def _data_keys(campaign: Campaign) -> list[str]:
    try:
        return data_keys(campaign)
    except AudienceProblem:
        return []


def _countries() -> dict[str, str]:
    """Those to choose from, with the portal's own among them."""
    return {settings.DEFAULT_COUNTRY: settings.DEFAULT_COUNTRY} | place_names()


def _number(numbers: list[SenderNumber], chosen: str) -> SenderNumber | None:
    """The number chosen, else the first one that may send."""
    found = [number for number in numbers if str(number.pk) == chosen]
    free = [number for number in numbers if not number_refusals(number)]
    return next(iter(found or free or numbers), None)


def _template(number: SenderNumber | None, chosen: str) -> Template | None:
    if number is None or not chosen.isdecimal():
        return None
    return templates_sendable(account=number.account).filter(pk=int(chosen[:18])).first()


def _mapping(choice: Choice, template: Template, data: QueryDict) -> dict[str, Source]:
    """What the person chose; what was saved for this template; for a template just chosen, a suggestion."""
    parsed = template_parsed(template)
    if data.get("mapped") == str(template.pk):
        return {variable.key: _source(variable.key, data) for variable in parsed.variables}
    if choice.campaign.template_id == template.pk and choice.campaign.mapping and "template" not in data:
        return mapping_read(choice.campaign.mapping)
    if choice.campaign.audience:
        of_queries = choice.campaign.source == Campaign.Source.FILTERED
        return mapping_suggest_filtered(template, parsed, of_queries=of_queries, data_keys=choice.data_keys)
    return mapping_suggest(template, parsed, choice.facts.columns if choice.facts is not None else [])


def _source(key: str, data: QueryDict) -> Source:
    source = data.get(f"source-{key}", TEXT)
    words, fallback = data.get(f"words-{key}", ""), data.get(f"fallback-{key}", "")
    return Source(source, words.replace("\x00", ""), "" if source == TEXT else fallback.replace("\x00", ""))


def choice_context(choice: Choice) -> dict[str, Any]:
    """What both the page and its live parts show."""
    variables = template_parsed(choice.template).variables if choice.template is not None else ()
    rows = [Place(place, each, choice.mapping.get(each.key, Source(TEXT))) for place, each in enumerate(variables, 1)]
    optional = [row for row in rows if not row.variable.required]
    number, template = choice.number, choice.template
    blockers = number_refusals(number) if number is not None else []
    if number is not None and template is not None:
        blockers = blockers + template_refusals(template, number)
    return {
        "campaign": choice.campaign,
        "numbers": choice.numbers,
        "chosen_number": number,
        "templates": list(templates_sendable(account=number.account)) if number is not None else [],
        "chosen": template,
        "name": choice.name,
        "country": choice.country,
        "countries": sorted(_countries().items(), key=lambda entry: entry[1]),
        "needed": [row for row in rows if row.variable.required],
        "optional": optional,
        "optional_open": any(row.filling != Source(TEXT) for row in optional),
        "sources": _sources(choice),
        "of_file": not choice.campaign.audience,
        "of_queries": choice.campaign.source == Campaign.Source.FILTERED,
        "text_source": TEXT,
        "samples": choice.samples,
        "include_open_queries": choice.include_open_queries,
        "include_recent": choice.include_recent,
        "cap_days": settings.CAMPAIGN_FREQUENCY_CAP_DAYS,
        "blockers": [refusal.sentence for refusal in blockers],
    }


def _sources(choice: Choice) -> list[tuple[str, list[tuple[str, Any]]]]:
    """What a variable may be filled with, in groups."""
    groups: list[tuple[str, list[tuple[str, Any]]]] = []
    if choice.facts is not None:
        columns = [(COLUMN + column, column) for column in choice.facts.columns if column]
        groups.append((_("Columns of the file"), columns))
    if choice.campaign.source == Campaign.Source.FILTERED:
        groups.append((_("The query"), [*QUERY_FIELDS.items(), *((DATA + key, key) for key in choice.data_keys)]))
    return [*groups, (_("Known of everybody"), list(FIELDS.items())), (_("Other"), [(TEXT, _("Fixed text"))])]
