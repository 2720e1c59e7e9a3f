"""The rate in force for an account, a market and a category."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from django.db.models.functions import Now

from providers.rates.markets import OTHER
from providers.rates.models import Rate, RateCard


class RateFor(Protocol):
    """A look-up of rates: `rate_for`, or one that asks the database less often."""

    def __call__(self, *, account_id: int, market: str, category: str, at: datetime) -> Rate | None: ...


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


class RateBook:
    """`rate_for` for many messages at once: the cards and rates that it needs are read once, and kept as long as it is."""

    def __init__(self) -> None:
        self._cards: dict[int, list[RateCard]] = {}
        self._rates: dict[tuple[int, str], dict[str, Rate]] = {}

    def rate_for(self, *, account_id: int, market: str, category: str, at: datetime) -> Rate | None:
        """As the function of this name."""
        if account_id not in self._cards:
            self._cards[account_id] = list(RateCard.objects.filter(account_id=account_id).order_by("-valid_from"))
        card = next((card for card in self._cards[account_id] if card.valid_from <= at), None)
        if card is None:
            return None
        key = (card.pk, category)
        if key not in self._rates:
            self._rates[key] = {rate.market: rate for rate in Rate.objects.filter(card=card, category=category)}
        rate = self._rates[key].get(market) or self._rates[key].get(OTHER)
        if rate is not None:
            rate.card = card
        return rate
