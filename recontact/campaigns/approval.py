"""The approval of a campaign by a second person, above a number of recipients or an amount of money.

What is approved is a digest of audience, template version and price: a campaign that is planned anew, or whose template,
number or filling changes, has to be approved again.
"""

from __future__ import annotations

import hashlib
import json
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Sum
from django.utils.translation import gettext as _

from recontact.campaigns.plan_figures import plan_figures
from recontact.campaigns.start import CannotStart, campaign_begin
from recontact.clock import ClockTimestamp
from recontact.models import Campaign, CampaignRecipient

PERMISSION = "recontact.approve_campaign"


def approval_needed(campaign: Campaign) -> bool:
    """Whether the plan passes the recipients or, in any one currency, the money that one person may decide on alone."""
    sendable = plan_figures(campaign).sendable
    recipients, amount = settings.CAMPAIGN_APPROVAL_RECIPIENTS, settings.CAMPAIGN_APPROVAL_AMOUNT
    if recipients and sum(group.count for group in sendable) > recipients:
        return True
    sums: dict[str, Decimal] = {}
    for group in sendable:
        sums[group.currency] = sums.get(group.currency, Decimal(0)) + (group.estimate or 0) * group.count
    return bool(amount) and any(value > amount for value in sums.values())


def approval_stands(campaign: Campaign) -> bool:
    """Whether somebody approved exactly what is planned now."""
    return campaign.approved_at is not None and campaign.approved_digest == approval_digest(campaign)


def approval_digest(campaign: Campaign) -> str:
    """What an approval binds, as one hash: the plan's rows by outcome, reason and price, what is sent, and from where."""
    bound = {
        "planned_at": campaign.planned_at.isoformat() if campaign.planned_at else "",
        "rows": [[str(value) for value in total.values()] for total in _totals(campaign)],
        "template": [campaign.template_id, campaign.template_hash, campaign.category],
        "number": campaign.sender_number_id,
        "mapping": campaign.mapping,
    }
    return hashlib.sha256(json.dumps(bound, sort_keys=True).encode()).hexdigest()


def _totals(campaign: Campaign) -> list[dict[str, Any]]:
    rows = CampaignRecipient.objects.filter(campaign=campaign, outcome__in=CampaignRecipient.SENDABLE)
    sums = rows.values("market", "currency").annotate(count=Count("pk"), amount=Sum("estimate"))
    return [dict(total) for total in sums.order_by("market", "currency")]


def approval_is_own(campaign: Campaign, user: Any) -> bool:
    """Whether `user` decided on the campaign already: as its author, or by having it ask for the approval."""
    return user.pk in (campaign.created_by_id, campaign.asked_by_id)


@transaction.atomic
def campaign_approve(*, campaign_id: int, user: Any) -> Campaign:
    """Approve a colleague's campaign and start it. Raises CannotStart: it asks for none, is one's own, or one asked for the
    approval oneself."""
    campaign = _awaiting(campaign_id)
    if user.pk == campaign.created_by_id:
        raise CannotStart(_("A second person has to approve the campaign: this one is your own."))
    if approval_is_own(campaign, user):
        raise CannotStart(_("A second person has to approve the campaign: you asked for the approval."))
    if not user.has_perm(PERMISSION):
        raise CannotStart(_("You may not approve campaigns."))
    campaign.approved_by, campaign.approved_at = user, ClockTimestamp()
    campaign.approved_digest = approval_digest(campaign)
    campaign.save(update_fields=["approved_by", "approved_at", "approved_digest"])
    campaign_begin(campaign)
    campaign.refresh_from_db()
    return campaign


@transaction.atomic
def campaign_send_back(*, campaign_id: int) -> Campaign:
    """Give a campaign that asks for approval back to its author, to be changed; one that had begun, and asks because its
    price changed, stands parked again. Raises CannotStart: it asks for none."""
    campaign = _awaiting(campaign_id)
    if campaign.launched_at is None:
        campaign.state, campaign.state_reason = Campaign.State.PLANNED, ""
    else:
        campaign.state = Campaign.State.PARKED
    campaign.save(update_fields=["state", "state_reason"])
    return campaign


def _awaiting(campaign_id: int) -> Campaign:
    campaign = Campaign.objects.select_for_update(no_key=True).get(pk=campaign_id)
    if campaign.state != Campaign.State.AWAITING:
        raise CannotStart(_("The campaign does not wait for an approval."))
    return campaign
