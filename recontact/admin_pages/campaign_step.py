"""What the steps of a new campaign share: each has an address of its own, can be left, and taken up again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django_stubs_ext import StrOrPromise

from recontact.admin_pages.page import ManagerPage
from recontact.campaigns.choices import OPEN
from recontact.models import Campaign

RECIPIENTS, VARIABLES, REVIEW, SENDING, APPROVAL = "recipients", "variables", "review", "sending", "approval"
STEPS = (RECIPIENTS, VARIABLES, REVIEW, SENDING, APPROVAL)

#: Beyond this a planning that made no end is said to take long; it goes on by itself.
SLOW = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Step:
    """One step in the strip at the top; without `address` it cannot be gone to yet."""

    number: int
    label: StrOrPromise
    address: str
    done: bool
    current: bool


class CampaignStepPage(ManagerPage):
    """A page of a campaign that was not launched yet; a launched one shows its own page instead."""

    permission_required = "recontact.add_campaign"
    step: str = ""

    def campaign(self, campaign_id: int) -> Campaign:
        """The campaign with what the steps show. Raises Http404."""
        rows = Campaign.objects.select_related("template", "sender_number__account", "sender_number__portfolio")
        return get_object_or_404(rows.select_related("created_by", "asked_by", "approved_by"), pk=campaign_id)

    def elsewhere(self, campaign: Campaign) -> HttpResponse | None:
        """Where to go instead when this step has nothing to show for the campaign."""
        if campaign.launched_at is not None and self.step != APPROVAL:
            return redirect("admin:recontact_campaign_change", campaign.pk)
        if campaign.state not in OPEN or campaign.source == Campaign.Source.QUERIES:
            return redirect("admin:recontact_campaign_change", campaign.pk)
        if STEPS.index(self.step) >= STEPS.index(SENDING) and not is_planned(campaign):
            return redirect(step_address(campaign, step_now(campaign)))
        return None

    def gone(self, request: HttpRequest, campaign: Campaign) -> HttpResponse:
        """What was asked for came too late: the campaign is no longer in the state the page showed."""
        messages.warning(request, _("The campaign was no longer in that state: nothing was changed."))
        return redirect("admin:recontact_campaign_change", campaign.pk)

    def show(self, campaign: Campaign, template: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
        """The step's page under the strip."""
        shared = {
            "title": _("Campaign: %(name)s") % {"name": campaign.name},
            "campaign": campaign,
            "steps": steps_of(campaign, self.step),
        }
        return self.page(f"campaign/{template}", {**shared, **context}, status=status)


def is_planned(campaign: Campaign) -> bool:
    """Whether each row's fate is known."""
    return campaign.state in (Campaign.State.PLANNED, Campaign.State.AWAITING)


def is_planning(campaign: Campaign) -> bool:
    """Whether its rows are being looked at now."""
    return campaign.state == Campaign.State.DRAFT and campaign.planning_since is not None


def is_slow(campaign: Campaign) -> bool:
    """Whether the planning takes longer than a person expects."""
    return campaign.planning_since is not None and timezone.now() - campaign.planning_since > SLOW


def step_now(campaign: Campaign) -> str:
    """The step at which the campaign is taken up again."""
    if campaign.state == Campaign.State.AWAITING:
        return APPROVAL
    if is_planned(campaign) or is_planning(campaign):
        return REVIEW
    return VARIABLES


def step_address(campaign: Campaign, step: str) -> str:
    return reverse(f"admin:recontact_campaign_{step}", args=[campaign.pk])


def steps_of(campaign: Campaign | None, current: str) -> list[Step]:
    """The strip. `campaign` is None before there is one."""
    labels: dict[str, StrOrPromise] = {
        RECIPIENTS: _("Recipients"),
        VARIABLES: _("Variables"),
        REVIEW: _("Review"),
        SENDING: pgettext("step of a campaign", "Sending"),
        APPROVAL: _("Approval"),
    }
    planned = campaign is not None and is_planned(campaign)
    reached = STEPS if planned else STEPS[: 1 + STEPS.index(step_now(campaign))] if campaign is not None else STEPS[:1]
    return [
        Step(
            number=place + 1,
            label=labels[step],
            address=step_address(campaign, step) if campaign is not None and step in reached else "",
            done=place < STEPS.index(current) and step in reached,
            current=step == current,
        )
        for place, step in enumerate(STEPS)
    ]
