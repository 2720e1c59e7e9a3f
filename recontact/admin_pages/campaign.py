"""The page of a campaign: live counts, who got it and who was refused and why, and the proof that the books balance."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from recontact.admin_pages.page import ManagerPage, is_fragment
from recontact.campaigns.control import campaign_cancel, campaign_pause, campaign_resume, is_abandoned, is_preparing
from recontact.campaigns.proof import campaign_books, never_tried
from recontact.models import Campaign, Message
from recontact.states import MessageState

PER_PAGE = 100

_READ = (MessageState.READ,)
_DELIVERED = (MessageState.DELIVERED,)
_ON_ITS_WAY = (MessageState.ACCEPTED, MessageState.SENT, MessageState.UNCERTAIN)
_LOST = (
    MessageState.FAILED,
    MessageState.REJECTED,
    MessageState.SKIPPED,
    MessageState.CANCELLED,
    MessageState.EXPIRED,
)


class CampaignPage(ManagerPage):
    """The campaign. Asked by HTMX, only the live part."""

    permission_required = "recontact.view_campaign"

    def get(self, request: HttpRequest, campaign_id: int) -> HttpResponse:
        campaign = get_object_or_404(Campaign.objects.select_related("template", "created_by"), pk=campaign_id)
        context = live_context(campaign)
        if is_fragment(request):
            return self.fragment("campaign_live.html", context)
        sent = (
            campaign.messages.select_related("customer", "query").defer("components", "bubble", "body").order_by("pk")
        )
        refusals = campaign.refusals.select_related("query__customer")
        context |= {
            "title": campaign.name,
            "sent_page": Paginator(sent, PER_PAGE).get_page(request.GET.get("sent")),
            "refusal_page": Paginator(refusals, PER_PAGE).get_page(request.GET.get("refused")),
        }
        return self.page("campaign.html", context)


class CampaignControlPage(ManagerPage):
    """Pause, resume, cancel."""

    permission_required = "recontact.change_campaign"

    def post(self, request: HttpRequest, campaign_id: int) -> HttpResponse:
        get_object_or_404(Campaign, pk=campaign_id)
        action = request.POST.get("action")
        if action == "pause" and campaign_pause(campaign_id=campaign_id):
            messages.success(request, _("The campaign is paused. What is queued waits."))
        elif action == "resume" and campaign_resume(campaign_id=campaign_id):
            messages.success(request, _("The campaign goes on."))
        elif action == "cancel" and (count := campaign_cancel(campaign_id=campaign_id)) is not None:
            messages.success(request, _cancelled(count))
        else:
            messages.warning(request, _("The campaign was no longer in that state: nothing was changed."))
        return redirect("admin:recontact_campaign_change", campaign_id)


def _cancelled(count: int) -> str:
    text = ngettext(
        "The campaign is cancelled: %(count)s queued message was taken back, its query may be recontacted again.",
        "The campaign is cancelled: %(count)s queued messages were taken back, their queries may be recontacted again.",
        count,
    )
    return text % {"count": count}


def live_context(campaign: Campaign) -> dict[str, Any]:
    """The counts and the state, for the page and for each look of HTMX."""
    books = campaign_books(campaign.pk)
    labels = dict(Message.State.choices)
    preparing, abandoned = is_preparing(campaign), is_abandoned(campaign)
    untried = [] if preparing and not abandoned else never_tried(campaign)
    return {
        "campaign": campaign,
        "books": books,
        "asked": books.planned + books.refused + len(untried),
        "untried": untried,
        "preparing": preparing,
        "abandoned": abandoned,
        "fates": [(state, labels[state], count) for state, count in books.by_state.items() if count],
        "read": books.count(*_READ),
        "delivered": books.count(*_DELIVERED),
        "on_its_way": books.count(*_ON_ITS_WAY),
        "lost": books.count(*_LOST),
        "moving": campaign.state in (Campaign.State.RUNNING, Campaign.State.PAUSED) or bool(books.count(*_ON_ITS_WAY)),
        "can_pause": campaign.state == Campaign.State.RUNNING,
        "can_resume": campaign.state in (Campaign.State.PAUSED, Campaign.State.PARKED) and preparing == abandoned,
        "can_cancel": campaign.state not in (Campaign.State.CANCELLED, Campaign.State.COMPLETED),
    }
