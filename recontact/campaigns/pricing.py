"""A price that rose, or a category that changed, while a campaign ran: it waits, and a person agrees to it."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from recontact import ledger
from recontact.campaigns.plan_figures import plan_figures_forget
from recontact.campaigns.recipients import unlaunched
from recontact.clock import ClockTimestamp
from recontact.costs.estimate import Estimate, Estimator, estimate_entry
from recontact.dispatch.recheck import TEMPLATE_CHANGED
from recontact.models import Campaign, CampaignRecipient, CostEntry, Message
from recontact.refusals import Code
from recontact.retries import RENEWED, message_again
from recontact.states import MessageState

#: Why a campaign is parked whose next recipient costs more than the plan said.
PRICE_CHANGED = "price_changed"


def campaign_reprice(campaign: Campaign) -> None:
    """Plan the recipients who still have no message (the campaign's row locked) with the prices in force now.

    Where no price is known any more the old one stays: they are left out when their turn comes.
    """
    number = campaign.sender_number
    if number is None:
        return
    rows, prices = unlaunched(campaign.pk), Estimator()
    for market in list(rows.order_by().values_list("market", flat=True).distinct()):
        one = rows.filter(market=market).exclude(phone="", bsuid="").first()
        if one is None:
            continue
        tiers = prices.tiers(account_id=number.account_id, phone=one.phone, bsuid=one.bsuid, category=campaign.category)
        _replan(rows.filter(market=market), tiers)
    plan_figures_forget([campaign.pk])


def _replan(rows: QuerySet[CampaignRecipient], tiers: list[tuple[Estimate, int | None]]) -> None:
    """Give the rows of one market, in their order, the prices of the tiers that they will be charged in."""
    done = 0
    for estimate, count in tiers:
        old = ~Q(estimate=estimate.amount, currency=estimate.currency) | Q(estimate=None)
        mine = rows
        if len(tiers) > 1:
            first = rows.order_by("row_number")[done : None if count is None else done + count]
            mine = rows.filter(pk__in=first.values("pk"))
        mine.filter(old).update(estimate=estimate.amount, currency=estimate.currency)
        done += count or 0


def category_adopt(campaign: Campaign) -> bool:
    """Go on in the category that the provider gave the template since, at its price (the campaign's row locked, its lane
    parked). What is queued in the old one is made anew. False: the template's text changed, so nothing can be adopted.
    """
    template = campaign.template
    if template is None or template.content_hash != campaign.template_hash:
        return False
    campaign.category = template.category
    campaign.save(update_fields=["category"])
    campaign_reprice(campaign)
    queued = Message.objects.filter(campaign=campaign, state=MessageState.QUEUED).exclude(category=campaign.category)
    _give_back(queued.filter(query__isnull=False))
    queued = queued.filter(query__isnull=True)
    # Passing over what somebody holds: it is found in the old category when its turn comes, and parks the campaign again.
    _renew(campaign, list(queued.select_for_update(skip_locked=True, of=("self",)).order_by("pk")))
    return True


def _give_back(queued: QuerySet[Message]) -> None:
    """A query's recontact is not made anew: it is skipped, and its right comes back for another campaign."""
    ids = list(queued.select_for_update(skip_locked=True, of=("self",)).values_list("pk", flat=True))
    Message.objects.filter(pk__in=ids).update(
        state=MessageState.SKIPPED, reason=TEMPLATE_CHANGED, settled_at=ClockTimestamp()
    )
    ledger.settle(ids)


def _renew(campaign: Campaign, messages: list[Message]) -> None:
    """Take each back for a next try of its chain in the campaign's category; without a price it is left out."""
    prices = Estimator()
    renewed: list[tuple[Message, Estimate]] = []
    for message in messages:
        price = prices.estimate(
            account_id=message.account_id,
            phone=message.recipient_phone,
            bsuid=message.recipient_bsuid,
            category=campaign.category,
        )
        if isinstance(price, Estimate):
            again = message_again(message, due_at=message.due_at, estimate=price)
            again.category = campaign.category
            renewed.append((again, price))
    old = [again.retry_of_id for again, _price in renewed if again.retry_of_id is not None]
    ended = Message.objects.filter(pk__in=[message.pk for message in messages])
    ended.filter(pk__in=old).update(state=MessageState.CANCELLED, reason=RENEWED, settled_at=ClockTimestamp())
    ended.exclude(pk__in=old).update(state=MessageState.SKIPPED, reason=Code.PRICE_UNKNOWN, settled_at=ClockTimestamp())
    Message.objects.bulk_create([again for again, _price in renewed])
    CostEntry.objects.bulk_create([estimate_entry(message=again, estimate=price) for again, price in renewed])
