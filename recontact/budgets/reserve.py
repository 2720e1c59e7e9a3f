"""Reserving at the budgets: a single message when it is queued, a campaign's whole price when it is let go.

Whoever reserves locks the periods' rows, in one order and before any customer or query, looks at their sums, and adds to
them in the same transaction. Nothing else is read, however much was sent before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_CEILING, Decimal
from typing import Any

from django.db.models import F, Sum

from recontact.budgets.alerts import alerts_note
from recontact.budgets.counting import reservation_reopen
from recontact.budgets.periods import left_for, period_at, periods_lock, periods_locked, periods_make
from recontact.budgets.scope import Facts, Rate, budgets_for, facts_of_campaign, rate_between
from recontact.campaigns.recipients import unlaunched
from recontact.clock import database_now
from recontact.costs.estimate import Estimate
from recontact.models import Budget, BudgetChange, BudgetPeriod, BudgetReservation, Campaign, Message
from recontact.refusals import Code, Refusal

#: Why a campaign is parked whose price does not fit.
BUDGET = "budget"


# --- single messages -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Purse:
    """The periods that count one message about to be queued, locked by the caller's transaction, at the moment `at`."""

    periods: Sequence[BudgetPeriod]
    by_campaign: bool
    at: datetime

    def refusals(self, estimate: Estimate) -> list[Refusal]:
        """Against queuing a message at this price: what does not fit, and where a currency has no rate."""
        found = [_refusal(period, estimate, self.at, by_campaign=self.by_campaign) for period in self.periods]
        return [refusal for refusal in found if refusal is not None]

    def reserve(self, *, message: Message, estimate: Estimate) -> None:
        """Reserve the price of the stored message at all of them. `refusals` was empty under the same locks.

        One that will be free reserves nothing, and is counted all the same: the provider may charge it after all.
        """
        made = []
        for period in self.periods:
            rate = rate_between(estimate.currency, period.budget.currency, self.at)
            if rate is not None:
                made.append(_reservation(period, rate, estimate.currency, estimate.amount, message=message))
        for reservation in made:
            reservation.by_campaign, reservation.closed_at = self.by_campaign, self.at
            reservation.ahead, reservation.pending = Decimal(0), reservation.amount
        BudgetReservation.objects.bulk_create(made)
        _add(made)


def purse_open(facts: Facts) -> Purse:
    """Lock what counts the message, before its customer and its query. One query where no budget does."""
    budgets = budgets_for(facts)
    if not budgets:
        return Purse((), facts.by_campaign, database_now())
    at = database_now()
    return Purse(periods_lock(budgets, at), facts.by_campaign, at)


def budget_refusals(facts: Facts, estimate: Estimate) -> list[Refusal]:
    """The same refusals before the click, for showing; nothing is locked."""
    budgets = budgets_for(facts)
    at = database_now() if budgets else None
    found = []
    for budget in budgets:
        period = period_at(budget, at) if at is not None else None
        if period is not None and at is not None:
            found.append(_refusal(period, estimate, at, by_campaign=facts.by_campaign))
    return [refusal for refusal in found if refusal is not None]


def _refusal(period: BudgetPeriod, estimate: Estimate, at: datetime, *, by_campaign: bool) -> Refusal | None:
    if not estimate.amount:
        return None
    budget = period.budget
    rate = rate_between(estimate.currency, budget.currency, at)
    if rate is None:
        names = {"budget": budget.name, "currency": estimate.currency, "budget_currency": budget.currency}
        return Refusal(Code.BUDGET_CURRENCY, names)
    left = left_for(period, by_campaign=by_campaign)
    if not budget.stops or estimate.amount * rate.value <= left:
        return None
    told = {"budget": budget.name, "left": str(max(left, Decimal(0))), "currency": budget.currency}
    return Refusal(Code.BUDGET_EXHAUSTED, told)


# --- campaigns -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Share:
    """What a campaign is to one budget, in the budget's currency: left before it, its price, and left after it."""

    budget: Budget
    left: Decimal
    price: Decimal
    #: Currencies of the campaign for which there is no rate.
    without_rate: tuple[str, ...] = ()

    @property
    def after(self) -> Decimal:
        return self.left - self.price

    @property
    def missing(self) -> Decimal:
        """How much it is short of, to the next cent; 0 where it fits."""
        return max(-self.after, Decimal(0)).quantize(Decimal("0.01"), ROUND_CEILING)

    @property
    def fits(self) -> bool:
        """Whether it may go on. What asks for nothing more always may, also where the budget was lowered below what is used."""
        return not self.without_rate and (not self.budget.stops or not self.price or not self.missing)

    @property
    def agents(self) -> Decimal:
        """What is kept for the agents in each period."""
        return self.budget.amount * self.budget.agents_share / Decimal(100)


def campaign_price(campaign: Campaign) -> dict[str, Decimal]:
    """What the recipients who have no message yet cost, by currency."""
    rows = unlaunched(campaign.pk).exclude(estimate=None).order_by().values("currency")
    return {row["currency"]: row["amount"] for row in rows.annotate(amount=Sum("estimate"))}


def campaign_reserve(campaign: Campaign, *, at: datetime, extra: Mapping[str, Decimal] | None = None) -> list[Share]:
    """Reserve what the campaign (its row locked) still costs, at every budget that counts it, all or nothing.

    `extra` is what it will cost beyond its recipients without a message, by currency: messages tried again. What it holds
    ahead already is not reserved twice. It counts in the period of `at`, for ever: more of it counts there too. Returns
    where it does not fit; then nothing was reserved.
    """
    facts = facts_of_campaign(campaign)
    budgets = budgets_for(facts)
    if campaign.source == Campaign.Source.QUERIES or not budgets:
        return []
    wanted = _sum(campaign_price(campaign), extra or {})
    held = BudgetReservation.objects.filter(campaign=campaign, period__budget__in=budgets)
    at_home = dict(held.values_list("period__budget_id", "period_id"))
    new = [budget for budget in budgets if budget.pk not in at_home]
    periods = periods_locked([*at_home.values(), *periods_make(new, at)])
    asked = [_asked(campaign, period, wanted, at) for period in periods]
    short = [share for share, _amounts in asked if not share.fits]
    if not short:
        for period, (_share, amounts) in zip(periods, asked, strict=True):
            _hold(campaign, period, amounts, at)
    return short


def campaign_shares(campaign: Campaign, *, at: datetime, price: Mapping[str, Decimal] | None = None) -> list[Share]:
    """What a campaign that was not let go yet is to each budget, for showing; nothing is locked. `price` where it is known."""
    budgets = budgets_for(facts_of_campaign(campaign))
    if not budgets:
        return []
    wanted = campaign_price(campaign) if price is None else dict(price)
    periods = [period for budget in budgets if (period := period_at(budget, at)) is not None]
    return [_asked(campaign, period, wanted, at)[0] for period in periods]


def _sum(first: Mapping[str, Decimal], second: Mapping[str, Decimal]) -> dict[str, Decimal]:
    return {each: first.get(each, Decimal(0)) + second.get(each, Decimal(0)) for each in {*first, *second}}


def _asked(
    campaign: Campaign, period: BudgetPeriod, wanted: Mapping[str, Decimal], at: datetime
) -> tuple[Share, dict[str, tuple[Decimal, Rate]]]:
    """What the campaign needs of the period beyond what it holds ahead, and by currency with the rate it counts at."""
    have = _ahead(campaign, period) if period.pk is not None else {}
    amounts: dict[str, tuple[Decimal, Rate]] = {}
    without, price = [], Decimal(0)
    for currency, amount in sorted(wanted.items()):
        more = amount - have.get(currency, Decimal(0))
        rate = rate_between(currency, period.budget.currency, at)
        if more <= 0:
            continue
        if rate is None:
            without.append(currency)
            continue
        amounts[currency] = (more, rate)
        price += more * rate.value
    return Share(period.budget, left_for(period, by_campaign=True), price, tuple(without)), amounts


def _ahead(campaign: Campaign, period: BudgetPeriod) -> dict[str, Decimal]:
    """What the campaign's open reservations of the period hold ahead, with the changes that were not added up yet."""
    rows = BudgetReservation.objects.filter(campaign=campaign, period=period, closed_at=None)
    held = dict(rows.values_list("currency", "ahead"))
    changes = BudgetChange.objects.filter(campaign_id=campaign.pk, currency__in=held).values("currency")
    return _sum(held, {row["currency"]: row["sum"] for row in changes.annotate(sum=Sum("ahead"))}) if held else {}


def _hold(campaign: Campaign, period: BudgetPeriod, amounts: Mapping[str, tuple[Decimal, Rate]], at: datetime) -> None:
    kept = {row.currency: row for row in BudgetReservation.objects.filter(campaign=campaign, period=period)}
    for currency, (amount, rate) in amounts.items():
        row = kept.get(currency)
        if row is None:
            row = _reservation(period, rate, currency, amount, campaign=campaign)
            row.by_campaign = True
            row.save()
            _add([row])
            continue
        if row.closed_at is not None:
            reservation_reopen(row)
        BudgetReservation.objects.filter(pk=row.pk).update(amount=F("amount") + amount, ahead=F("ahead") + amount)
        _add([BudgetReservation(period=period, by_campaign=True, rate=row.rate, ahead=amount)])


def _reservation(period: BudgetPeriod, rate: Rate, currency: str, amount: Decimal, **whose: Any) -> BudgetReservation:
    return BudgetReservation(
        period=period,
        rate=rate.value,
        exchange_rate=rate.row,
        currency=currency,
        amount=amount,
        ahead=amount,
        **whose,
    )


def _add(reservations: Sequence[BudgetReservation]) -> None:
    """Add what these hold to the sums of their periods, whose rows are locked, and note the alerts."""
    for reservation in reservations:
        held = (reservation.ahead + reservation.pending) * reservation.rate
        period = reservation.period
        period.reserved += held
        period.campaigns += held if reservation.by_campaign else 0
        BudgetPeriod.objects.filter(pk=period.pk).update(
            reserved=F("reserved") + held, campaigns=F("campaigns") + (held if reservation.by_campaign else 0)
        )
    alerts_note([reservation.period for reservation in reservations])
