"""Step 3 of a new campaign: what happens with each row, what it costs, how long it takes, and what they will read."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from recontact.admin_pages.campaign_step import (
    REVIEW,
    CampaignStepPage,
    is_planned,
    is_planning,
    is_slow,
    step_address,
)
from recontact.admin_pages.page import is_fragment
from recontact.budgets.reserve import campaign_shares
from recontact.campaigns.filter_words import audience_words
from recontact.campaigns.filtered import campaigns_alike
from recontact.campaigns.outcome_words import code_words, recipient_sentence
from recontact.campaigns.outcomes import plan_review, recipients_of, samples, variable_labels
from recontact.campaigns.timing import (
    LimitWait,
    campaign_duration,
    campaign_limit_wait,
    campaign_pace,
    campaign_stretches,
    number_pace,
)
from recontact.clock import database_now
from recontact.eligibility import number_refusals, template_refusals
from recontact.limits import portfolio_used
from recontact.models import Campaign, CampaignFile, CampaignRecipient
from templates_app.rendering import preview
from templates_app.selectors import template_parsed

PER_PAGE = 100


class CampaignReviewPage(CampaignStepPage):
    """The plan. While it is being made, its progress; asked by HTMX, only that, or another sample."""

    permission_required = "recontact.view_campaign"
    step = REVIEW

    def get(self, request: HttpRequest, campaign_id: int) -> HttpResponse:
        campaign = self.campaign(campaign_id)
        if is_fragment(request) and request.GET.get("part") == "planning":
            return self._progress(campaign)
        if is_fragment(request):
            sample = sample_shown(campaign, request.GET.get("sample", ""))
            return self.fragment("campaign/sample.html", {"campaign": campaign, "sample": sample})
        elsewhere = self.elsewhere(campaign)
        if elsewhere is not None:
            return elsewhere
        context: dict[str, Any] = {"planning": is_planning(campaign), "slow": is_slow(campaign), "planned": False}
        if is_planned(campaign):
            context |= plan_context(campaign)
            context |= {"sample": sample_shown(campaign, request.GET.get("sample", "")), "planned": True}
        return self.show(campaign, "review.html", context)

    def _progress(self, campaign: Campaign) -> HttpResponse:
        """The bar; once there is nothing to wait for, the whole page again."""
        if is_planning(campaign):
            return self.fragment("campaign/planning.html", {"campaign": campaign, "slow": is_slow(campaign)})
        response = HttpResponse()
        response["HX-Redirect"] = step_address(campaign, REVIEW)
        return response


class CampaignPlanRowsPage(CampaignStepPage):
    """The rows with one fate, page by page: the file's row, what stood there, and why."""

    permission_required = "recontact.view_campaign"
    step = REVIEW

    def get(self, request: HttpRequest, campaign_id: int) -> HttpResponse:
        campaign = self.campaign(campaign_id)
        outcome, code = request.GET.get("outcome", ""), request.GET.get("code")
        if outcome not in CampaignRecipient.Outcome.values:
            raise Http404
        after, key = request.GET.get("after", ""), request.GET.get("key", "")
        rows = recipients_of(campaign, outcome, code=code, variable=key)
        found = list(rows.filter(row_number__gt=int(after[:9]) if after.isdecimal() else 0)[: PER_PAGE + 1])
        labels, whole = variable_labels(campaign), request.user.has_perm("recontact.see_phones")
        context = {
            "outcome": outcome,
            "words": code_words(code or "", labels.get(key, key)),
            "asked": urlencode({"outcome": outcome, "code": code or "", "key": key}),
            "shown": [(row, recipient_sentence(row, labels, whole_phones=whole)) for row in found[:PER_PAGE]],
            "next": found[PER_PAGE - 1].row_number if len(found) > PER_PAGE else None,
            "is_first": not after,
        }
        return self.show(campaign, "plan_rows.html", context)


def plan_context(campaign: Campaign) -> dict[str, Any]:
    """The figures of the plan, for the steps after it."""
    review = plan_review(campaign)
    number = campaign.sender_number
    portfolio = number.portfolio if number is not None else None
    now = database_now()
    begun = campaign.launched_at is not None
    file = CampaignFile.objects.filter(campaign=campaign).defer("body").first()
    limit = portfolio_used(portfolio) if portfolio is not None else None
    wait = campaign_limit_wait(limit, review.sendable)
    duration = campaign_duration(campaign, review.sendable)
    return {
        "shares": campaign_shares(
            campaign, at=max(campaign.starts_at or now, now), price=None if begun else review.totals
        ),
        "review": review,
        "corrected": recipients_of(campaign, CampaignRecipient.Outcome.CORRECTED).first(),
        "unsendable": review.rows - review.sendable,
        "totals": sorted(review.totals.items()),
        "stretches": campaign_stretches(campaign),
        "duration": duration,
        "whole_duration": max(duration, timedelta(days=wait.days))
        if duration is not None and wait is not None
        else duration,
        "pace": campaign_pace(campaign),
        "number_pace": number_pace(number) if number is not None else None,
        "limit": limit,
        "file_words": file_words(file) if file is not None else "",
        "audience_words": audience_words(campaign),
        "warnings": [*plan_warnings(campaign), *hidden_words(file), *_wait_words(wait)],
        "same": campaigns_alike(campaign),
    }


def _wait_words(wait: LimitWait | None) -> list[str]:
    if wait is None:
        return []
    text = ngettext(
        "WhatsApp's limit lets campaigns of this number write to %(limit)s people in 24 hours, to %(free)s of them now: the rest"
        " waits, and the last gets it after about %(count)s day.",
        "WhatsApp's limit lets campaigns of this number write to %(limit)s people in 24 hours, to %(free)s of them now: the rest"
        " waits, and the last gets it after about %(count)s days.",
        wait.days,
    )
    told = {"limit": number_format(wait.limit), "free": number_format(wait.free), "count": wait.days}
    return [text % told]


def file_words(file: CampaignFile) -> str:
    """The file's name, and the sheet that was read."""
    if file.facts.get("kind") == "xlsx":
        return _("%(file)s, sheet campaign") % {"file": file.name}
    return file.name


def hidden_words(file: CampaignFile | None) -> list[str]:
    """That a workbook has hidden rows, which are sent to: whoever filtered it may not mean them."""
    hidden = file.facts.get("hidden", 0) if file is not None else 0
    if not hidden:
        return []
    text = ngettext(
        "%(count)s row is hidden in the workbook, by a filter perhaps. It is sent to like all others: to leave it out, copy the"
        " rows you see into a new sheet.",
        "%(count)s rows are hidden in the workbook, by a filter perhaps. They are sent to like all others: to leave them out,"
        " copy the rows you see into a new sheet.",
        hidden,
    )
    return [text % {"count": number_format(hidden)}]


def plan_warnings(campaign: Campaign) -> list[str]:
    """What a person must know of the number and the template before going on."""
    warnings: list[str] = []
    if campaign.template is not None and campaign.sender_number is not None:
        refusals = number_refusals(campaign.sender_number) + template_refusals(
            campaign.template, campaign.sender_number
        )
        warnings += [refusal.sentence for refusal in refusals]
        if campaign.template_hash and campaign.template.content_hash != campaign.template_hash:
            warnings.append(_("The template changed after the rows were checked: check them again before you launch."))
    days = settings.CAMPAIGN_FREQUENCY_CAP_DAYS
    if campaign.include_recent and days:
        text = ngettext(
            "Those whom another campaign wrote to within %(days)s day are written to as well.",
            "Those whom another campaign wrote to within %(days)s days are written to as well.",
            days,
        )
        warnings.append(text % {"days": days})
    return warnings


def sample_shown(campaign: Campaign, wanted: str) -> dict[str, Any] | None:
    """One of the recipients' bubbles: its place among the samples, its row, and what comes before and after it."""
    found = samples(campaign)
    if not found or campaign.template is None:
        return None
    place = min(max(int(wanted), 1), len(found)) if wanted.isdecimal() and len(wanted) < 4 else 1
    recipient = found[place - 1]
    return {
        "place": place,
        "count": len(found),
        "row_number": recipient.row_number,
        "bubble": preview(template_parsed(campaign.template), recipient.values),
        "previous": place - 1,
        "next": place + 1 if place < len(found) else 0,
    }
