"""Steps 4 and 5 of a new campaign: when and how fast it leaves; then the click that launches it, or asks a second person."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from recontact.admin_pages.campaign_review import plan_context, sample_shown
from recontact.admin_pages.campaign_step import APPROVAL, SENDING, CampaignStepPage, step_address
from recontact.campaigns.approval import (
    PERMISSION,
    approval_is_own,
    approval_needed,
    campaign_approve,
    campaign_send_back,
)
from recontact.campaigns.choices import campaign_sending_choose
from recontact.campaigns.control import campaign_launch
from recontact.campaigns.start import CannotStart
from recontact.models import Campaign

NOW, AT = "now", "at"
MOMENT = "%Y-%m-%dT%H:%M"
#: A slip in the year would leave a campaign that nobody sees leaving; one of 9999 not even the database could give back.
FURTHEST = timedelta(days=366)


class SendingForm(forms.Form):
    """When it leaves, in which hours of the recipient's day, and how fast."""

    when = forms.ChoiceField(
        label=gettext_lazy("When"),
        choices=[(NOW, gettext_lazy("When it is launched")), (AT, gettext_lazy("At a time"))],
        widget=forms.RadioSelect,
    )
    starts_at = forms.DateTimeField(
        label=gettext_lazy("Day and hour"),
        required=False,
        input_formats=[MOMENT],
        widget=forms.DateTimeInput(format=MOMENT, attrs={"type": "datetime-local", "class": "portal-input"}),
    )
    from_hour = forms.TimeField(
        label=gettext_lazy("From"),
        required=False,
        widget=forms.TimeInput(format="%H:%M", attrs={"type": "time", "class": "portal-input"}),
    )
    until_hour = forms.TimeField(
        label=gettext_lazy("Until"),
        required=False,
        widget=forms.TimeInput(format="%H:%M", attrs={"type": "time", "class": "portal-input"}),
    )
    pace = forms.IntegerField(
        label=gettext_lazy("Messages per second at most"),
        required=False,
        min_value=1,
        max_value=100_000,
        widget=forms.NumberInput(attrs={"class": "portal-input"}),
    )

    def clean(self) -> dict[str, Any]:
        filled = self.cleaned_data
        starts_at = filled.get("starts_at")
        if filled.get("when") == NOW:
            filled["starts_at"] = None
        elif starts_at is None and "starts_at" not in self.errors:
            self.add_error("starts_at", _("Say at what time it leaves."))
        elif starts_at is not None and starts_at <= timezone.now():
            self.add_error(
                "starts_at", _("That time is past. Choose a later one, or let it leave when it is launched.")
            )
        elif starts_at is not None and starts_at > timezone.now() + FURTHEST:
            self.add_error("starts_at", _("That is more than a year ahead. Choose an earlier time."))
        if bool(filled.get("from_hour")) != bool(filled.get("until_hour")):
            self.add_error("until_hour", _("Give both hours, or none for any hour of the day."))
        elif filled.get("from_hour") is not None and filled["from_hour"] == filled["until_hour"]:
            self.add_error("until_hour", _("The two hours are the same: nobody would get it."))
        return filled


class CampaignSendingPage(CampaignStepPage):
    """Step 4."""

    step = SENDING

    def get(self, request: HttpRequest, campaign_id: int) -> HttpResponse:
        campaign = self.campaign(campaign_id)
        return self.elsewhere(campaign) or self._show(campaign, SendingForm(initial=_initial(campaign)))

    def post(self, request: HttpRequest, campaign_id: int) -> HttpResponse:
        campaign = self.campaign(campaign_id)
        elsewhere = self.elsewhere(campaign)
        if elsewhere is not None:
            return elsewhere
        form = SendingForm(request.POST)
        if not form.is_valid():
            return self._show(campaign, form, status=400)
        filled = form.cleaned_data
        chosen = campaign_sending_choose(
            campaign_id=campaign.pk,
            starts_at=filled["starts_at"],
            from_hour=filled["from_hour"],
            until_hour=filled["until_hour"],
            pace=filled["pace"],
        )
        return redirect(step_address(campaign, APPROVAL)) if chosen else self.gone(request, campaign)

    def elsewhere(self, campaign: Campaign) -> HttpResponse | None:
        if campaign.state == Campaign.State.AWAITING:
            return redirect(step_address(campaign, APPROVAL))
        return super().elsewhere(campaign)

    def _show(self, campaign: Campaign, form: SendingForm, *, status: int = 200) -> HttpResponse:
        zone = timezone.get_current_timezone_name()
        context = {"form": form, "at": AT, "zone": zone, **plan_context(campaign)}
        return self.show(campaign, "sending.html", context, status=status)


def _initial(campaign: Campaign) -> dict[str, Any]:
    return {
        "when": NOW if campaign.starts_at is None else AT,
        "starts_at": campaign.starts_at,
        "from_hour": campaign.from_hour,
        "until_hour": campaign.until_hour,
        "pace": campaign.pace,
    }


class CampaignApprovalPage(CampaignStepPage):
    """Step 5: everything once more, and the click. What was shown is what is launched: a plan made since is looked at first."""

    step = APPROVAL

    def get(self, request: HttpRequest, campaign_id: int) -> HttpResponse:
        campaign = self.campaign(campaign_id)
        return self.elsewhere(campaign) or self._show(campaign)

    def post(self, request: HttpRequest, campaign_id: int) -> HttpResponse:
        campaign = self.campaign(campaign_id)
        elsewhere = self.elsewhere(campaign)
        if elsewhere is not None:
            return elsewhere
        if request.POST.get("seen") != seen_token(campaign):
            changed = _("The campaign changed since this page was opened. Look at it again before you launch it.")
            return self._show(campaign, error=changed, status=409)
        try:
            done = self._act(request, campaign)
        except CannotStart as refused:
            campaign.refresh_from_db()
            return self.elsewhere(campaign) or self._show(campaign, error=str(refused), status=409)
        campaign.refresh_from_db(fields=["state"])
        (messages.error if campaign.state == Campaign.State.PARKED else messages.success)(request, done)
        return redirect("admin:recontact_campaign_change", campaign.pk)

    def _act(self, request: HttpRequest, campaign: Campaign) -> str:
        action = request.POST.get("action")
        if action == "launch":
            return _launched(campaign_launch(campaign_id=campaign.pk, user=request.user))
        if not request.user.has_perm(PERMISSION) and (action != "back" or not approval_is_own(campaign, request.user)):
            raise PermissionDenied
        if action == "approve":
            return _launched(campaign_approve(campaign_id=campaign.pk, user=request.user))
        if action == "back":
            campaign_send_back(campaign_id=campaign.pk)
            return _("The campaign went back to be changed. Nothing was sent or charged.")
        raise CannotStart(_("Choose what to do."))

    def _show(self, campaign: Campaign, *, error: str = "", status: int = 200) -> HttpResponse:
        user = self.request.user
        awaiting = campaign.state == Campaign.State.AWAITING
        mine = approval_is_own(campaign, user)
        context = {
            "awaiting": awaiting,
            "needs_approval": awaiting or approval_needed(campaign),
            "is_own": mine,
            "may_approve": awaiting and not mine and user.has_perm(PERMISSION),
            "may_send_back": awaiting and (mine or user.has_perm(PERMISSION)),
            "seen": seen_token(campaign),
            "sample": sample_shown(campaign, ""),
            "error": error,
            **plan_context(campaign),
        }
        return self.show(campaign, "approval.html", context, status=status)


def seen_token(campaign: Campaign) -> str:
    """What of the campaign was on the page: the plan, and when and how fast it leaves."""
    chosen = (campaign.planned_at, campaign.starts_at, campaign.from_hour, campaign.until_hour)
    return "/".join(["" if each is None else each.isoformat() for each in chosen] + [str(campaign.pace or "")])


def _launched(campaign: Campaign) -> str:
    if campaign.state == Campaign.State.PARKED:
        return _("The campaign does not fit the budget: it is parked, and nothing was sent.")
    if campaign.state == Campaign.State.AWAITING:
        return _("The campaign asks for a colleague's approval. Nothing was sent yet.")
    if campaign.state == Campaign.State.SCHEDULED:
        return _("The campaign is scheduled. It leaves by itself at its hour.")
    return _("The campaign is launched. Its state below updates by itself.")
