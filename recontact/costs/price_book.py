"""The tariffs and counts that prices depend on, read once for as many messages as there are: per market and category."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from providers.rates.lookup import TariffBook
from providers.rates.markets import market_of
from providers.rates.tariff import Tariff
from recontact.costs.volume import charged_in_month, month_of, used_in_month


@dataclass(frozen=True, slots=True)
class Place:
    """A tariff, the moment and the account's month that it was asked for."""

    tariff: Tariff
    at: datetime
    account_id: int
    month: date


@dataclass(frozen=True, slots=True)
class NoRate:
    """No rate covers this market and category: the price is not known, so nothing is sent."""

    market: str
    category: str


class PriceBook:
    """What messages cost, with few queries however many there are; it holds for as long as it is kept."""

    def __init__(self) -> None:
        self._tariffs = TariffBook()
        self._places: dict[tuple[int, str, str, datetime | None], Place | NoRate] = {}
        self._days: dict[tuple[int, datetime | None], date | None] = {}
        self._charged: dict[tuple[int, str, str, date], int] = {}
        self._used: dict[tuple[int, str, date], int] = {}

    def place(
        self, *, account_id: int, phone: str, bsuid: str, category: str, at: datetime | None = None
    ) -> Place | NoRate:
        """The tariff for a phone (E.164) or BSUID at `at` (default: now, by the database's clock when the book was opened)."""
        market = market_of(phone=phone, bsuid=bsuid, on=self._day(account_id, at))
        key = (account_id, market, category, at)
        if key not in self._places:
            self._places[key] = self._find(account_id, market, category, at)
        return self._places[key]

    def charged(self, place: Place) -> int:
        """The messages charged in the month in this market and category by the account's portfolio; asked for only where
        the price depends on it."""
        tariff = place.tariff
        if not tariff.has_tiers:
            return 0
        key = (place.account_id, tariff.market, tariff.category, place.month)
        if key not in self._charged:
            self._charged[key] = charged_in_month(
                account_id=place.account_id, market=tariff.market, category=tariff.category, month=place.month
            )
        return self._charged[key]

    def used(self, place: Place, number_id: int | None) -> int:
        """The messages of the month of this category by the number; asked for only where a rule gives so many free."""
        allowance = place.tariff.rules.allowance
        if allowance is None:
            return 0
        if number_id is None:
            # Nobody says which number it is: nothing is promised to be free.
            return allowance
        key = (number_id, place.tariff.category, place.month)
        if key not in self._used:
            self._used[key] = used_in_month(number_id=number_id, category=place.tariff.category, month=place.month)
        return self._used[key]

    def _day(self, account_id: int, at: datetime | None) -> date | None:
        """The account's day; kept, because every message asks."""
        key = (account_id, at)
        if key not in self._days:
            card = self._tariffs.card(account_id, at)
            moment: datetime | None = at if card is None else at or card.now
            self._days[key] = None if card is None or moment is None else moment.astimezone(card.account.zone).date()
        return self._days[key]

    def _find(self, account_id: int, market: str, category: str, at: datetime | None) -> Place | NoRate:
        tariff = self._tariffs.tariff(account_id=account_id, market=market, category=category, at=at)
        if tariff is None:
            return NoRate(market, category)
        card = self._tariffs.card(account_id, at)
        moment: datetime = at or card.now
        return Place(tariff, moment, account_id, month_of(moment, card.account.zone))
