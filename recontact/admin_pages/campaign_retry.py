"""Trying the lost messages of a campaign again: how many, what it costs, why the others may not, and the click."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from recontact.admin_pages.page import ManagerPage
from recontact.campaigns.again import campaign_retry, message_retry, retry_blocker
from recontact.campaigns.lost import LOST, Prospect, retry_prospect
from recontact.campaigns.proof import Books
from recontact.campaigns.start import CannotStart
from recontact.models import Campaign, CampaignRetry, Message

#: Whoever launches campaigns may try their messages again.
PERMISSION = "recontact.add_campaign"
#: Wishes shown on the campaign's page.
SHOWN = 5
#: Above so many lost messages only the retry's own page looks at each of them.
LOOKED_AT = 5_000


class CampaignRetryPage(ManagerPage):
    """The page that says what the click does, and the click."""

    permission_required = PERMISSION

    def get(self, request: HttpRequest, campaign_id: int) -> HttpResponse:
        return self._show(_campaign(campaign_id))

    def post(self, request: HttpRequest, campaign_id: int) -> HttpResponse:
        campaign = _campaign(campaign_id)
        try:
            retry = campaign_retry(campaign_id=campaign.pk, user=request.user, seen=request.POST.get("seen", ""))
        except CannotStart as refused:
            return self._show(campaign, error=str(refused), status=409)
        text = ngettext(
            "%(count)s message is being tried again.", "%(count)s messages are being tried again.", retry.planned
        )
        messages.success(request, text % {"count": retry.planned})
        return redirect("admin:recontact_campaign_change", campaign.pk)

    def _show(self, campaign: Campaign, *, error: str = "", status: int = 200) -> HttpResponse:
        campaign.refresh_from_db(fields=["state"])
        context = {
            "title": _("Campaign: %(name)s") % {"name": campaign.name},
            "campaign": campaign,
            "error": error,
            **prospect_context(campaign),
        }
        return self.page("campaign/retry.html", context, status=status)


class MessageRetryPage(ManagerPage):
    """The click that tries one lost message of a campaign again."""

    permission_required = PERMISSION

    def post(self, request: HttpRequest, message_id: int) -> HttpResponse:
        get_object_or_404(Message, pk=message_id)
        try:
            retry = message_retry(message_id=message_id, user=request.user)
        except CannotStart as refused:
            messages.warning(request, f"{refused} {_('Nothing was sent or charged.')}")
            return redirect("admin:recontact_message_change", message_id)
        messages.success(request, _("It is tried again with this message."))
        return redirect("admin:recontact_message_change", retry.pk)


def _campaign(campaign_id: int) -> Campaign:
    rows = Campaign.objects.select_related("template__account", "sender_number__account")
    return get_object_or_404(rows, pk=campaign_id)


def prospect_context(campaign: Campaign) -> dict[str, Any]:
    """What trying again would do now, or why nothing is."""
    prospect = retry_prospect(campaign)
    return {
        "blocker": retry_blocker(campaign),
        "prospect": prospect,
        "totals": sorted(prospect.totals.items()),
        "refused": prospect.refused,
    }


def retry_context(campaign: Campaign, books: Books) -> dict[str, Any]:
    """The card on the campaign's page: shown when something of it was lost, or was tried again."""
    wishes = list(CampaignRetry.objects.filter(campaign=campaign).select_related("asked_by")[:SHOWN])
    lost = books.count(*LOST)
    may = bool(lost) and campaign.state != Campaign.State.CANCELLED
    return {
        "lost_count": lost,
        "prospect": retry_prospect(campaign) if may and lost <= LOOKED_AT else Prospect(),
        "many_lost": may and lost > LOOKED_AT,
        "wishes": wishes,
    }
