"""What a campaign's rows cost, by country and volume tier: Meta's price and the provider's fee beside each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from recontact.campaigns.plan_figures import PlanFigures, PlanGroup, plan_figures
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


def price_lines(campaign: Campaign, figures: PlanFigures | None = None) -> list[PriceLine]:
    """The lines of a campaign's plan (its `figures`, where they were read already), its largest markets first, a market's tiers
    in the order they are walked through.

    A constant number of queries, whatever the rows.
    """
    groups = _groups((figures or plan_figures(campaign)).sendable)
    found = _estimates(campaign, groups)
    prices = [
        (estimate.lines if estimate else (), group.currency) for estimate, group in zip(found, groups, strict=True)
    ]
    lines = [
        _line(group, estimate, parts[0].note if parts else "")
        for group, estimate, parts in zip(groups, found, lines_worded(prices), strict=True)
    ]
    return _ordered(lines)


def _groups(sendable: Sequence[PlanGroup]) -> list[PlanGroup]:
    """Those of the same market and price taken together."""
    found: dict[tuple[str, str, Decimal | None], PlanGroup] = {}
    for group in sorted(sendable, key=lambda group: group.row_number):
        key = (group.market, group.currency, group.estimate)
        known = found.get(key)
        found[key] = group if known is None else replace(known, count=known.count + group.count)
    return list(found.values())


def planned_for(campaign: Campaign) -> datetime | None:
    """When it will be sent, where that is still ahead: the card in force then prices it. None: now."""
    return campaign.starts_at if campaign.starts_at is not None and campaign.starts_at > database_now() else None


def _estimates(campaign: Campaign, groups: Sequence[PlanGroup]) -> list[Estimate | None]:
    """For each group the estimate of its tier, by its first row; None where the card has no such price any more."""
    number = campaign.sender_number
    if number is None:
        return [None] * len(groups)
    firsts = CampaignRecipient.objects.filter(campaign=campaign, row_number__in=[group.row_number for group in groups])
    people = {
        row_number: (phone, bsuid) for row_number, phone, bsuid in firsts.values_list("row_number", "phone", "bsuid")
    }
    prices, at = Estimator(), planned_for(campaign)
    found: list[Estimate | None] = []
    for group in groups:
        phone, bsuid = people.get(group.row_number, ("", ""))
        estimate = prices.at_price(
            group.estimate or ZERO,
            group.currency,
            account_id=number.account_id,
            phone=phone,
            bsuid="" if phone else bsuid,
            category=campaign.category,
            at=at,
        )
        planned = isinstance(estimate, Estimate) and estimate.amount == group.estimate
        found.append(estimate if isinstance(estimate, Estimate) and planned else None)
    return found


def _line(group: PlanGroup, estimate: Estimate | None, note: str) -> PriceLine:
    return PriceLine(
        market=group.market,
        currency=group.currency,
        count=group.count,
        amount=(group.estimate or ZERO) * group.count,
        each=group.estimate,
        meta=estimate.amount - estimate.fee if estimate else None,
        fee=estimate.fee if estimate else None,
        note=note,
    )


def _ordered(lines: Sequence[PriceLine]) -> list[PriceLine]:
    sizes: dict[str, int] = {}
    for line in lines:
        sizes[line.market] = sizes.get(line.market, 0) + line.count
    return sorted(lines, key=lambda line: (-sizes[line.market], line.market, line.currency, -(line.each or ZERO)))
