"""The page of a campaign: live counts, who got it and who was refused and why, and the proof that the books balance."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from recontact.admin_pages.campaign_people import people_context
from recontact.admin_pages.campaign_retry import retry_context
from recontact.admin_pages.page import ManagerPage, is_fragment
from recontact.budgets.reserve import BUDGET, Share, campaign_shares
from recontact.campaigns.books_now import campaign_books_now, is_large, proof_lately
from recontact.campaigns.control import (
    campaign_cancel,
    campaign_pause,
    campaign_resume,
    is_abandoned,
    is_preparing,
    may_pause,
)
from recontact.campaigns.filter_words import audience_words
from recontact.campaigns.progress import campaign_progress
from recontact.campaigns.proof import Books, never_tried
from recontact.campaigns.results import campaign_results
from recontact.clock import database_now
from recontact.limits_now import campaign_limits
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

_GOING = (Campaign.State.RUNNING, Campaign.State.WAITING, Campaign.State.SCHEDULED)
#: The id of the proof of a large campaign, which is counted when somebody asks.
PROOF = "campaign-proof"
#: The list's id on the page, and up to how many rows it follows a campaign that runs: it counts all of them each time.
PEOPLE, FOLLOWED = "campaign-people", 1000
_MOVING = (*_GOING, Campaign.State.PAUSED, Campaign.State.PARKED)


class CampaignPage(ManagerPage):
    """The campaign. Asked by HTMX, only the live part, or the whole page to take its list of recipients from."""

    permission_required = "recontact.view_campaign"

    def get(self, request: HttpRequest, campaign_id: int) -> HttpResponse:
        rows = Campaign.objects.select_related("template", "created_by", "approved_by", "sender_number")
        campaign = get_object_or_404(rows, pk=campaign_id)
        if is_fragment(request) and request.headers.get("HX-Target") == PROOF:
            return self._proof(campaign)
        if is_fragment(request) and request.headers.get("HX-Target") != PEOPLE:
            live = live_context(campaign, campaign_books_now(campaign))
            response = self.fragment("campaign_live.html", live)
            busy = campaign.state in _GOING and campaign.rows_total > FOLLOWED
            if not busy and live["figures"] != request.GET.get("seen"):
                # The list below was drawn for other figures. Those of a large campaign that runs change at each look.
                response["HX-Trigger"] = "campaign-changed"
            return response
        books = campaign_books_now(campaign)
        context = {"title": _("Campaign: %(name)s") % {"name": campaign.name}, **live_context(campaign, books)}
        if campaign.source == Campaign.Source.QUERIES:
            return self.page("campaign.html", context | self._queries(request, campaign))
        context |= {"audience_words": audience_words(campaign), **retry_context(campaign, books)}
        return self.page("campaign/running.html", context | people_context(request, campaign, books))

    def _proof(self, campaign: Campaign) -> HttpResponse:
        books, proven_at = proof_lately(campaign)
        return self.fragment("campaign/proof.html", {**_books_context(campaign, books), "proven_at": proven_at})

    def _queries(self, request: HttpRequest, campaign: Campaign) -> dict[str, Any]:
        sent = (
            campaign.messages.select_related("customer", "query").defer("components", "bubble", "body").order_by("pk")
        )
        refusals = campaign.refusals.select_related("query__customer")
        return {
            "sent_page": Paginator(sent, PER_PAGE).get_page(request.GET.get("sent")),
            "refusal_page": Paginator(refusals, PER_PAGE).get_page(request.GET.get("refused")),
        }


class CampaignControlPage(ManagerPage):
    """Pause, resume, cancel. Asked for, the page that says what a cancellation means."""

    permission_required = "recontact.change_campaign"

    def get(self, request: HttpRequest, campaign_id: int) -> HttpResponse:
        campaign = get_object_or_404(Campaign, pk=campaign_id)
        context = {"title": campaign.name, "campaign": campaign, "books": campaign_books_now(campaign)}
        return self.page("campaign/cancel.html", context)

    def post(self, request: HttpRequest, campaign_id: int) -> HttpResponse:
        campaign = get_object_or_404(Campaign, pk=campaign_id)
        action = request.POST.get("action")
        if action == "pause" and campaign_pause(campaign_id=campaign_id):
            messages.success(request, _("The campaign is paused. What is queued waits."))
        elif action == "resume" and campaign_resume(campaign_id=campaign_id, user=request.user):
            text = _resumed(campaign)
            (messages.error if campaign.state == Campaign.State.PARKED else messages.success)(request, text)
        elif action == "cancel" and (count := campaign_cancel(campaign_id=campaign_id)) is not None:
            messages.success(request, _cancelled(campaign, count))
        else:
            messages.warning(request, _("The campaign was no longer in that state: nothing was changed."))
        return redirect("admin:recontact_campaign_change", campaign_id)


def _resumed(campaign: Campaign) -> str:
    campaign.refresh_from_db()
    if campaign.state == Campaign.State.AWAITING:
        return _("The price changed: the campaign goes on once a colleague approves the new one.")
    if campaign.state == Campaign.State.SCHEDULED:
        return _("The campaign waits for its hour again.")
    if campaign.state == Campaign.State.PARKED:
        return _("The campaign still does not fit the budget: nothing was sent.")
    return _("The campaign goes on.")


def _cancelled(campaign: Campaign, count: int) -> str:
    if campaign.source != Campaign.Source.QUERIES:
        text = ngettext(
            "The campaign is cancelled: %(count)s recipient who was still to get it does not get it.",
            "The campaign is cancelled: %(count)s recipients who were still to get it do not get it.",
            count,
        )
        return text % {"count": count}
    text = ngettext(
        "The campaign is cancelled: %(count)s queued message was taken back, its query may be recontacted again.",
        "The campaign is cancelled: %(count)s queued messages were taken back, their queries may be recontacted again.",
        count,
    )
    return text % {"count": count}


def _short(campaign: Campaign) -> list[Share]:
    """How a campaign that was parked for its price stands at its budgets now: those it does not fit, else all."""
    if campaign.state != Campaign.State.PARKED or campaign.state_reason != BUDGET:
        return []
    now = database_now()
    shares = campaign_shares(campaign, at=max(campaign.starts_at or now, now))
    return [share for share in shares if not share.fits] or shares


def live_context(campaign: Campaign, books: Books) -> dict[str, Any]:
    """The counts and the state, for the page and for each look of HTMX."""
    preparing, abandoned = is_preparing(campaign), is_abandoned(campaign)
    untried = [] if preparing and not abandoned else never_tried(campaign)
    return {
        "short": _short(campaign),
        **_books_context(campaign, books),
        "asked": books.planned + books.refused + len(untried),
        "untried": untried,
        "preparing": preparing,
        "abandoned": abandoned,
        "figures": f"{campaign.state}-" + "-".join(str(count) for count in books.by_state.values()),
        "read": books.count(*_READ),
        "delivered": books.count(*_DELIVERED),
        "on_its_way": books.count(*_ON_ITS_WAY),
        "lost": books.count(*_LOST),
        "moving": campaign.state in _MOVING or bool(books.count(*_ON_ITS_WAY)),
        "look_again_seconds": 10 if is_large(campaign) else 3,
        "progress": campaign_progress(campaign, books),
        "results": campaign_results(campaign),
        "limits": campaign_limits(campaign),
        "large": is_large(campaign),
        "can_pause": may_pause(campaign),
        "can_resume": campaign.state in (Campaign.State.PAUSED, Campaign.State.PARKED) and preparing == abandoned,
        "can_cancel": campaign.state not in Campaign.ENDED,
    }


def _books_context(campaign: Campaign, books: Books) -> dict[str, Any]:
    """The books as they are written out: what was planned, and the sum of all fates."""
    labels = dict(Message.State.choices)
    return {
        "campaign": campaign,
        "books": books,
        "fates": [(state, labels[state], count) for state, count in books.by_state.items() if count],
        "of_queries": campaign.source == Campaign.Source.QUERIES,
        "rows": books.planned + books.left_out + books.errors,
    }
