"""What a card changes against the one it follows: the preview before it is published."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from providers.rates.lookup import card_in_force
from providers.rates.market_words import market_name
from providers.rates.models import Category, Rate, RateCard, RateFee


@dataclass(frozen=True, slots=True)
class Change:
    """One price or fee: old and new, None where there is none. `percent` of the old, one decimal; None where it has no sense."""

    what: str
    market: str
    category: str
    tier_from: int
    old: Decimal | None
    new: Decimal | None

    @property
    def name(self) -> str:
        """The market, or the kind of fee."""
        return market_name(self.market) if self.market else str(RateFee.Kind(self.what).label)

    @property
    def category_name(self) -> str:
        """Empty = every category."""
        return str(Category(self.category).label) if self.category else ""

    @property
    def percent(self) -> Decimal | None:
        if not self.old or self.new is None:
            return None
        return ((self.new - self.old) * 100 / self.old).quantize(Decimal("0.1"), ROUND_HALF_UP)


@dataclass(frozen=True, slots=True)
class Comparison:
    """The changes against `before` (None: there is no card to compare with), and how many prices stay."""

    before: RateCard | None
    changes: list[Change]
    same: int


def card_compare(card: RateCard) -> Comparison:
    """The card against the published one in force when it begins. In another currency every price is a change."""
    before = card_in_force(account_id=card.account_id, at=card.valid_from)
    if before is not None and before.pk == card.pk:
        rows = RateCard.objects.filter(account=card.account_id, status=RateCard.Status.PUBLISHED)
        before = rows.filter(valid_to=card.valid_from).first()
    new, old = _values(card), _values(before)
    other_currency = before is not None and before.currency != card.currency
    changes = [
        Change(*key, old=None if other_currency else old.get(key), new=new.get(key))
        for key in sorted({*old, *new} if not other_currency else new)
        if other_currency or old.get(key) != new.get(key)
    ]
    return Comparison(before, changes, same=len(new) - sum(change.new is not None for change in changes))


_Key = tuple[str, str, str, int]


def _values(card: RateCard | None) -> dict[_Key, Decimal]:
    if card is None:
        return {}
    rates: Iterable[Rate] = Rate.objects.filter(card=card)
    fees: Iterable[RateFee] = RateFee.objects.filter(card=card)
    values: dict[_Key, Decimal] = {("rate", rate.market, rate.category, rate.tier_from): rate.price for rate in rates}
    return values | {(fee.kind, "", fee.category, 0): fee.value for fee in fees}
