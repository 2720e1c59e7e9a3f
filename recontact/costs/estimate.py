"""What a message will cost: one estimate before it is sent, frozen with the rate it came from."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from providers.rates.lookup import rate_for
from providers.rates.markets import market_of
from recontact.models import CostEntry, Message


@dataclass(frozen=True, slots=True)
class Estimate:
    """The price of one delivered message: amount in `currency`, and the rate it comes from."""

    amount: Decimal
    currency: str
    market: str
    category: str
    rate_id: int
    source: str


@dataclass(frozen=True, slots=True)
class NoRate:
    """No rate covers this market and category: the price is not known, so nothing is sent."""

    market: str
    category: str


def estimate_for(*, account_id: int, phone: str, bsuid: str, category: str) -> Estimate | NoRate:
    """The estimate of one message from `account_id` to a phone (E.164) or BSUID, by the card in force now."""
    market = market_of(phone=phone, bsuid=bsuid)
    rate = rate_for(account_id=account_id, market=market, category=category)
    if rate is None:
        return NoRate(market, category)
    return Estimate(rate.price, rate.card.currency, rate.market, category, rate.pk, str(rate.card))


def estimate_entry(*, message: Message, estimate: Estimate) -> CostEntry:
    """The estimate as a cost entry of the message, not stored yet."""
    return CostEntry(
        message=message,
        kind=CostEntry.Kind.ESTIMATE,
        amount=estimate.amount,
        currency=estimate.currency,
        market=estimate.market,
        category=estimate.category,
        rate_id=estimate.rate_id,
        source=estimate.source,
    )


def estimate_append(*, message: Message, estimate: Estimate) -> CostEntry:
    """Append the estimate to the message's cost entries. The latest before the send binds."""
    entry = estimate_entry(message=message, estimate=estimate)
    entry.save()
    return entry
