"""A price that rose while a campaign ran: it waits, and a person agrees to it."""

from __future__ import annotations

from django.db.models import Q

from recontact.campaigns.recipients import unlaunched
from recontact.costs.estimate import NoRate, estimate_for
from recontact.models import Campaign

#: Why a campaign is parked whose next recipient costs more than the plan said.
PRICE_CHANGED = "price_changed"


def campaign_reprice(campaign: Campaign) -> None:
    """Plan the recipients who still have no message (the campaign's row locked) with the prices in force now.

    Where no price is known any more the old one stays: they are left out when their turn comes.
    """
    number = campaign.sender_number
    if number is None:
        return
    rows = unlaunched(campaign.pk)
    for market in list(rows.order_by().values_list("market", flat=True).distinct()):
        one = rows.filter(market=market).exclude(phone="", bsuid="").first()
        if one is None:
            continue
        estimate = estimate_for(
            account_id=number.account_id,
            phone=one.phone,
            bsuid=one.bsuid,
            category=campaign.category,
        )
        if not isinstance(estimate, NoRate):
            old = ~Q(estimate=estimate.amount, currency=estimate.currency) | Q(estimate=None)
            rows.filter(old, market=market).update(estimate=estimate.amount, currency=estimate.currency)
