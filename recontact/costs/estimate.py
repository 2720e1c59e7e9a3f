"""What a message will cost: one estimate before it is sent, frozen with the rate and the lines that it came from."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from providers.rates.tariff import Circumstances, Line, Price, Tier
from recontact.costs.price_book import NoRate, Place, PriceBook
from recontact.models import CostEntry, Message

__all__ = ["Estimate", "Estimator", "NoRate", "estimate_append", "estimate_entry", "estimate_for", "lines_stored"]

SERVICE = "service"


@dataclass(frozen=True, slots=True)
class Estimate:
    """The price of one delivered message: amount in `currency`, the rate it comes from, and the lines it is the sum of."""

    amount: Decimal
    currency: str
    market: str
    category: str
    rate_id: int | None
    source: str
    lines: tuple[Line, ...] = ()

    @property
    def fee(self) -> Decimal:
        """The provider's own part."""
        return sum((line.amount for line in self.lines[1:]), Decimal(0))

    @property
    def rule_id(self) -> int | None:
        """The rule by which Meta does not charge it; None: it is charged."""
        return self.lines[0].rule_id if self.lines else None


class Estimator:
    """Estimates of many messages, with few queries however many there are.

    `estimate` says what the next message costs; `take` also counts it, so that a campaign's messages walk through the volume
    tiers as they will be charged.
    """

    def __init__(self, book: PriceBook | None = None) -> None:
        self._book = book or PriceBook()
        self._taken: Counter[tuple[int, str, str]] = Counter()
        self._used: Counter[tuple[int | None, str]] = Counter()
        self._made: dict[tuple[Any, ...], Estimate] = {}

    def estimate(
        self,
        *,
        account_id: int,
        phone: str,
        bsuid: str,
        category: str,
        at: datetime | None = None,
        number_id: int | None = None,
        entry_point_at: datetime | None = None,
    ) -> Estimate | NoRate:
        """The estimate of the next message from `account_id` to a phone (E.164) or BSUID, by the card in force at `at`
        (default: now). `number_id`: whose monthly allowance counts. `entry_point_at`: since when a free entry point is open
        between them (recontact.entry_points)."""
        place = self._book.place(account_id=account_id, phone=phone, bsuid=bsuid, category=category, at=at)
        if isinstance(place, NoRate):
            return place
        seen = Circumstances(
            charged=self._book.charged(place) + self._taken[_key(place)],
            used=self._book.used(place, number_id) + self._used[number_id, category],
            # Free text is sent only while the window is open, and no template then.
            window_open=category == SERVICE,
            entry_point_at=entry_point_at,
        )
        tariff = place.tariff
        return self._of_tier(place, tariff.tier(seen.charged), tariff.free_by(place.at, seen))

    def take(
        self,
        *,
        account_id: int,
        phone: str,
        bsuid: str,
        category: str,
        at: datetime | None = None,
        number_id: int | None = None,
        entry_point_at: datetime | None = None,
    ) -> Estimate | NoRate:
        """The estimate of the next message of many, which counts from here on."""
        estimate = self.estimate(
            account_id=account_id,
            phone=phone,
            bsuid=bsuid,
            category=category,
            at=at,
            number_id=number_id,
            entry_point_at=entry_point_at,
        )
        if isinstance(estimate, Estimate):
            self._used[number_id, category] += 1
            if estimate.rule_id is None:
                self._taken[account_id, estimate.market, estimate.category] += 1
        return estimate

    def tiers(
        self, *, account_id: int, phone: str, bsuid: str, category: str, at: datetime | None = None
    ) -> list[tuple[Estimate, int | None]]:
        """The estimates of the next messages of the recipient's market in their order, each with how many cost that
        (None = all that follow); empty where no rate covers them."""
        place = self._book.place(account_id=account_id, phone=phone, bsuid=bsuid, category=category, at=at)
        if isinstance(place, NoRate):
            return []
        charged = self._book.charged(place) + self._taken[_key(place)]
        return [(self._of_tier(place, tier, None), count) for tier, count in place.tariff.tiers_ahead(charged)]

    def at_price(self, wanted: Decimal, currency: str, **whose: Any) -> Estimate | NoRate:
        """The estimate of the tier that costs what was planned, where there is one; else that of the next message."""
        estimate = self.estimate(**whose)
        if isinstance(estimate, NoRate) or (estimate.amount, estimate.currency) == (wanted, currency):
            return estimate
        names = ("account_id", "phone", "bsuid", "category")
        place = self._book.place(**{name: whose[name] for name in names}, at=whose.get("at"))
        if isinstance(place, NoRate) or place.tariff.currency != currency:
            return estimate
        same = (self._of_tier(place, tier, None) for tier in place.tariff.tiers)
        return next((each for each in same if each.amount == wanted), estimate)

    def _of_tier(self, place: Place, tier: Tier, rule: int | None) -> Estimate:
        key = (place.account_id, place.tariff.category, tier.rate_id, rule, place.at)
        if key not in self._made:
            price = place.tariff.price_of(tier, rule)
            self._made[key] = _estimate(price, place.tariff.card)
        return self._made[key]


def _key(place: Place) -> tuple[int, str, str]:
    return place.account_id, place.tariff.market, place.tariff.category


def _estimate(price: Price, source: str) -> Estimate:
    return Estimate(price.amount, price.currency, price.market, price.category, price.rate_id, source, price.lines)


def estimate_for(
    *,
    account_id: int,
    phone: str,
    bsuid: str,
    category: str,
    at: datetime | None = None,
    number_id: int | None = None,
    entry_point_at: datetime | None = None,
) -> Estimate | NoRate:
    """The estimate of one message, as `Estimator.estimate`."""
    return Estimator().estimate(
        account_id=account_id,
        phone=phone,
        bsuid=bsuid,
        category=category,
        at=at,
        number_id=number_id,
        entry_point_at=entry_point_at,
    )


def lines_stored(lines: tuple[Line, ...]) -> list[dict[str, Any]]:
    """Lines as they are kept with an entry; none where Meta's price by the entry's rate is all of it."""
    if len(lines) == 1:
        return []
    names = (("rate", "rate_id"), ("fee", "fee_id"), ("rule", "rule_id"))
    return [
        {"part": line.part.value, "amount": str(line.amount)}
        | {name: value for name, field in names if (value := getattr(line, field)) is not None}
        for line in lines
    ]


def estimate_entry(*, message: Message, estimate: Estimate) -> CostEntry:
    """The estimate as a cost entry of the message, not stored yet."""
    return CostEntry(
        message=message,
        kind=CostEntry.Kind.ESTIMATE,
        amount=estimate.amount,
        fee=estimate.fee,
        currency=estimate.currency,
        market=estimate.market,
        category=estimate.category,
        rate_id=estimate.rate_id,
        rule_id=estimate.rule_id,
        source=estimate.source,
        lines=lines_stored(estimate.lines),
    )


def estimate_append(*, message: Message, estimate: Estimate) -> CostEntry:
    """Append the estimate to the message's cost entries. The latest before the send binds."""
    entry = estimate_entry(message=message, estimate=estimate)
    entry.save()
    return entry
