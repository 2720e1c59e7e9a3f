"""The rate in force for an account, a market and a category."""

from __future__ import annotations

from datetime import datetime

from django.db.models.functions import Now

from providers.rates.markets import OTHER
from providers.rates.models import Rate, RateCard


def card_in_force(*, account_id: int, at: datetime | None = None) -> RateCard | None:
    """The account's card in force at `at` (default: now, by the database's clock): the last one to have begun."""
    moment = Now() if at is None else at
    return RateCard.objects.filter(account_id=account_id, valid_from__lte=moment).order_by("-valid_from").first()


def rate_for(*, account_id: int, market: str, category: str, at: datetime | None = None) -> Rate | None:
    """The rate of the market in the card in force, else of `other`, else None: then the price is not known."""
    card = card_in_force(account_id=account_id, at=at)
    if card is None:
        return None
    rates = {
        rate.market: rate for rate in Rate.objects.filter(card=card, category=category, market__in=[market, OTHER])
    }
    rate = rates.get(market) or rates.get(OTHER)
    if rate is not None:
        rate.card = card
    return rate
