"""What a campaign's rows cost, by country and volume tier: Meta's price and the provider's fee beside each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Count, Max, Sum

from recontact.clock import database_now
from recontact.costs.breakdown import lines_worded
from recontact.costs.estimate import Estimate, Estimator
from recontact.models import Campaign, CampaignRecipient

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class PriceLine:
    """What the sendable rows of one market come to that cost the same, in one currency; `amount` is of all of them.

    `meta` and `fee` are the parts of one message's price, None where the card no longer knows it; `note` says which volume
    tier they are in.
    """

    market: str
    currency: str
    count: int
    amount: Decimal
    each: Decimal | None = None
    meta: Decimal | None = None
    fee: Decimal | None = None
    note: str = ""


def price_lines(campaign: Campaign) -> list[PriceLine]:
    """The lines of a campaign's plan, its largest markets first, a market's tiers in the order they are walked through.

    A constant number of queries, whatever the rows.
    """
    rows = CampaignRecipient.objects.filter(campaign=campaign, outcome__in=CampaignRecipient.SENDABLE).order_by()
    alike = rows.values("market", "currency", "estimate")
    groups = list(alike.annotate(count=Count("pk"), amount=Sum("estimate"), phone=Max("phone"), bsuid=Max("bsuid")))
    found = _estimates(campaign, groups)
    prices = [
        (estimate.lines if estimate else (), group["currency"]) for estimate, group in zip(found, groups, strict=True)
    ]
    lines = [
        _line(group, estimate, parts[0].note if parts else "")
        for group, estimate, parts in zip(groups, found, lines_worded(prices), strict=True)
    ]
    return _ordered(lines)


def planned_for(campaign: Campaign) -> datetime | None:
    """When it will be sent, where that is still ahead: the card in force then prices it. None: now."""
    return campaign.starts_at if campaign.starts_at is not None and campaign.starts_at > database_now() else None


def _estimates(campaign: Campaign, groups: Sequence[Mapping[str, Any]]) -> list[Estimate | None]:
    """For each group the estimate of its tier; None where the card has no such price any more."""
    number = campaign.sender_number
    if number is None:
        return [None] * len(groups)
    prices, at = Estimator(), planned_for(campaign)
    found: list[Estimate | None] = []
    for group in groups:
        estimate = prices.at_price(
            group["estimate"] or ZERO,
            group["currency"],
            account_id=number.account_id,
            phone=group["phone"],
            bsuid="" if group["phone"] else group["bsuid"],
            category=campaign.category,
            at=at,
        )
        planned = isinstance(estimate, Estimate) and estimate.amount == group["estimate"]
        found.append(estimate if isinstance(estimate, Estimate) and planned else None)
    return found


def _line(group: Mapping[str, Any], estimate: Estimate | None, note: str) -> PriceLine:
    return PriceLine(
        market=group["market"],
        currency=group["currency"],
        count=group["count"],
        amount=group["amount"] or ZERO,
        each=group["estimate"],
        meta=estimate.amount - estimate.fee if estimate else None,
        fee=estimate.fee if estimate else None,
        note=note,
    )


def _ordered(lines: Sequence[PriceLine]) -> list[PriceLine]:
    sizes: dict[str, int] = {}
    for line in lines:
        sizes[line.market] = sizes.get(line.market, 0) + line.count
    return sorted(lines, key=lambda line: (-sizes[line.market], line.market, line.currency, -(line.each or ZERO)))
