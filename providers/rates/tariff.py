"""What a message costs by a card: its lines, from a tier's price, the rules in force and the provider's own fees. Pure.

Sums are exact: every line has six decimals (a percent is rounded to them, half up), and the total is their sum.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

MICRO = Decimal("0.000001")
NOTHING = Decimal(0)


class Part(StrEnum):
    """Whose line it is."""

    META = "meta"
    FEE = "fee"


class FeeKind(StrEnum):
    """As `providers.models.RateFee.Kind`."""

    PER_MESSAGE = "per_message"
    PERCENT = "percent"
    FAILED = "failed"
    MONTHLY = "monthly"


@dataclass(frozen=True, slots=True)
class Tier:
    """Meta's price of the messages charged beyond `start` in a month, up to and with `end` (None = all further ones)."""

    start: int
    end: int | None
    price: Decimal
    rate_id: int

    def holds(self, charged_before: int) -> bool:
        """Whether the next message is in it, when so many were charged before it."""
        return self.start <= charged_before and (self.end is None or charged_before < self.end)


@dataclass(frozen=True, slots=True)
class Fee:
    """A fee of the provider. `value` is an amount, or a percent of Meta's price."""

    kind: FeeKind
    value: Decimal
    fee_id: int
    exempt_codes: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Rules:
    """What is free for the category on the day, each with the id of the rule that says so; None = no such rule."""

    entry_point_hours: int | None = None
    entry_point_rule: int | None = None
    window_rule: int | None = None
    allowance: int | None = None
    allowance_rule: int | None = None


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What decides beside the card: `charged` messages of the portfolio's month in this market and category before this
    one, `used` messages of the number's month before it, whether the window is open, and since when a free entry point.
    """

    charged: int = 0
    used: int = 0
    window_open: bool = False
    entry_point_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a price, and what it comes from: a rate, a fee, and the rule that made it free."""

    part: Part
    amount: Decimal
    rate_id: int | None = None
    fee_id: int | None = None
    rule_id: int | None = None


@dataclass(frozen=True, slots=True)
class Price:
    """The price of one delivered message, and the lines it is the sum of; Meta's comes first."""

    lines: tuple[Line, ...]
    currency: str
    market: str
    category: str

    @property
    def amount(self) -> Decimal:
        return sum((line.amount for line in self.lines), NOTHING)

    @property
    def meta(self) -> Decimal:
        return self.lines[0].amount

    @property
    def fee(self) -> Decimal:
        return self.amount - self.meta

    @property
    def rate_id(self) -> int | None:
        return self.lines[0].rate_id

    @property
    def rule_id(self) -> int | None:
        return self.lines[0].rule_id


@dataclass(frozen=True, slots=True)
class Tariff:
    """One account's prices of one market and category at one moment. `market` is the row of the card that counts (its own
    or `other`); `reported_fee_only`: amounts that the provider reports leave Meta's price out.
    """

    card: str
    currency: str
    market: str
    category: str
    tiers: tuple[Tier, ...]
    fees: tuple[Fee, ...] = ()
    rules: Rules = Rules()
    reported_fee_only: bool = False

    @property
    def has_tiers(self) -> bool:
        return len(self.tiers) > 1

    def price(self, at: datetime, seen: Circumstances | None = None) -> Price:
        """The price of a message that is delivered at `at`."""
        seen = seen or Circumstances()
        tier, rule = self.tier(seen.charged), self.free_by(at, seen)
        return self.price_of(tier, rule)

    def price_of(self, tier: Tier, rule: int | None = None) -> Price:
        """The price in this tier; nothing for Meta where a rule makes it free."""
        meta = Line(Part.META, NOTHING if rule is not None else tier.price, rate_id=tier.rate_id, rule_id=rule)
        return self._price([meta, *self._fees(meta.amount)])

    def free(self, rule: int | None = None) -> Price:
        """The price of a message that Meta does not charge."""
        return self._price([Line(Part.META, NOTHING, rule_id=rule), *self._fees(NOTHING)])

    def tier(self, charged: int) -> Tier:
        """The tier of the next message; beyond the card's last one that goes on."""
        return next((tier for tier in self.tiers if tier.holds(charged)), self.tiers[-1])

    def tiers_ahead(self, charged: int) -> Iterator[tuple[Tier, int | None]]:
        """The tiers of the next messages, each with how many of them are in it (None = all that follow)."""
        first = self.tier(charged)
        for tier in self.tiers[self.tiers.index(first) :]:
            last = tier.end is None or tier is self.tiers[-1]
            yield tier, None if last else (tier.end or 0) - max(charged, tier.start)
            if last:
                return

    def free_by(self, at: datetime, seen: Circumstances) -> int | None:
        """The rule by which Meta does not charge it; None: it is charged."""
        rules = self.rules
        if rules.entry_point_hours is not None and seen.entry_point_at is not None:
            ends = seen.entry_point_at + timedelta(hours=rules.entry_point_hours)
            if seen.entry_point_at <= at < ends:
                return rules.entry_point_rule
        if rules.window_rule is not None and seen.window_open:
            return rules.window_rule
        if rules.allowance is not None and seen.used < rules.allowance:
            return rules.allowance_rule
        return None

    def failed_fee(self, code: str) -> tuple[Decimal, int] | None:
        """What the provider takes for a message that failed with its error `code`, and the fee's id; None: nothing."""
        for fee in self.fees:
            if fee.kind == FeeKind.FAILED and fee.value and code not in fee.exempt_codes:
                return fee.value, fee.fee_id
        return None

    def _fees(self, meta: Decimal) -> Iterator[Line]:
        for fee in self.fees:
            if fee.kind == FeeKind.PER_MESSAGE:
                yield Line(Part.FEE, fee.value, fee_id=fee.fee_id)
            elif fee.kind == FeeKind.PERCENT:
                share = (meta * fee.value / 100).quantize(MICRO, ROUND_HALF_UP)
                yield Line(Part.FEE, share, fee_id=fee.fee_id)

    def _price(self, lines: list[Line]) -> Price:
        return Price(tuple(lines), self.currency, self.market, self.category)
