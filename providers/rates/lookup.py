"""The tariff in force for an account, a market and a category: read from the published cards and the rules."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django.db.models import Q

from providers.clock import ClockTimestamp
from providers.rates.markets import OTHER
from providers.rates.models import Category, Rate, RateCard, RateFee
from providers.rates.rule_model import PricingRule
from providers.rates.tariff import Fee, FeeKind, Rules, Tariff, Tier

#: What a category is priced as where a card has no row of its own for it.
_FALLBACK = {
    "authentication_international": Category.AUTHENTICATION.value,
    "marketing_lite": Category.MARKETING.value,
}


def published_cards(account_id: int) -> list[Any]:
    """The account's published cards, newest first, each with its account and the database's `now`."""
    rows = RateCard.objects.filter(account_id=account_id, status=RateCard.Status.PUBLISHED)
    return list(rows.select_related("account").annotate(now=ClockTimestamp()).order_by("-valid_from"))


def card_in_force(*, account_id: int, at: datetime | None = None) -> RateCard | None:
    """The account's published card in force at `at` (default: now, by the database's clock)."""
    moment: Any = ClockTimestamp() if at is None else at
    rows = RateCard.objects.filter(account_id=account_id, status=RateCard.Status.PUBLISHED, valid_from__lte=moment)
    return rows.filter(Q(valid_to=None) | Q(valid_to__gt=moment)).first()


def takes_for_failures(account_id: int) -> bool:
    """Whether any published card of the account has a fee for messages that failed: most have none."""
    rows = RateFee.objects.filter(card__account_id=account_id, card__status=RateCard.Status.PUBLISHED)
    return rows.filter(kind=RateFee.Kind.FAILED).exists()


def tariff_for(*, account_id: int, market: str, category: str, at: datetime | None = None) -> Tariff | None:
    """The tariff of the market in the card in force, else of `other`, else None: then the price is not known."""
    return TariffBook().tariff(account_id=account_id, market=market, category=category, at=at)


class TariffBook:
    """Tariffs for many messages at once: the cards, rates and rules that it needs are read once, and kept as long as it is."""

    def __init__(self) -> None:
        self._cards: dict[int, list[Any]] = {}
        self._rates: dict[tuple[int, str], dict[str, list[Rate]]] = {}
        self._fees: dict[int, list[RateFee]] = {}
        self._rules: list[PricingRule] | None = None
        self._tariffs: dict[tuple[int, str, str, date], Tariff | None] = {}

    def tariff(self, *, account_id: int, market: str, category: str, at: datetime | None = None) -> Tariff | None:
        """As `tariff_for`."""
        card = self.card(account_id, at)
        if card is None:
            return None
        moment: datetime = at or card.now
        day = moment.astimezone(card.account.zone).date()
        key = (card.pk, market, category, day)
        if key not in self._tariffs:
            self._tariffs[key] = self._make(card, market, category, day)
        return self._tariffs[key]

    def card(self, account_id: int, at: datetime | None = None) -> Any:
        """The card in force, with its account, or None."""
        if account_id not in self._cards:
            self._cards[account_id] = published_cards(account_id)
        for card in self._cards[account_id]:
            moment = at or card.now
            if card.valid_from <= moment and (card.valid_to is None or moment < card.valid_to):
                return card
        return None

    def _make(self, card: RateCard, market: str, category: str, day: date) -> Tariff | None:
        own = self._of_category(card.pk, category)
        rules = [rule for rule in self._all_rules() if _in_force(rule, category, day)]
        rows = own.get(market) or own.get(OTHER)
        if rows is None:
            priced_as = next((rule.priced_as for rule in rules if rule.priced_as), "")
            other = self._of_category(card.pk, priced_as or _FALLBACK.get(category, ""))
            # Service is charged at the utility rate without its volume tiers.
            rows = other.get(market) or other.get(OTHER) or []
            rows = rows[:1] if priced_as else rows
        if not rows:
            return None
        return Tariff(
            card=str(card),
            currency=card.currency,
            market=rows[0].market,
            category=category,
            tiers=tuple(Tier(row.tier_from, row.tier_to, row.price, row.pk) for row in rows),
            fees=tuple(_fees(self._of_card(card.pk), category)),
            rules=_rules(rules),
            reported_fee_only=card.report_covers == RateCard.Covers.FEE,
        )

    def _of_category(self, card_id: int, category: str) -> dict[str, list[Rate]]:
        if not category:
            return {}
        key = (card_id, category)
        if key not in self._rates:
            by_market: dict[str, list[Rate]] = defaultdict(list)
            for rate in Rate.objects.filter(card_id=card_id, category=category).order_by("market", "tier_from"):
                by_market[rate.market].append(rate)
            self._rates[key] = dict(by_market)
        return self._rates[key]

    def _of_card(self, card_id: int) -> list[RateFee]:
        if card_id not in self._fees:
            self._fees[card_id] = list(RateFee.objects.filter(card_id=card_id).order_by("kind", "category"))
        return self._fees[card_id]

    def _all_rules(self) -> list[PricingRule]:
        if self._rules is None:
            self._rules = list(PricingRule.objects.order_by("-valid_from"))
        return self._rules


def _in_force(rule: PricingRule, category: str, day: date) -> bool:
    begun = rule.valid_from <= day and (rule.valid_to is None or day < rule.valid_to)
    return begun and rule.category in ("", category)


def _fees(rows: Iterable[RateFee], category: str) -> list[Fee]:
    """A kind's fee for the category itself takes the place of the one for every category."""
    known = _FALLBACK.get(category, "")
    chosen: dict[str, RateFee] = {}
    for row in rows:
        if row.category in (category, known) or row.category == "":
            before = chosen.get(row.kind)
            if before is None or _nearness(row, category) > _nearness(before, category):
                chosen[row.kind] = row
    return [Fee(FeeKind(row.kind), row.value, row.pk, frozenset(row.exempt_codes)) for row in chosen.values()]


def _nearness(row: RateFee, category: str) -> int:
    return 2 if row.category == category else 1 if row.category else 0


def _rules(rules: Iterable[PricingRule]) -> Rules:
    """The newest of each kind."""
    newest: dict[str, PricingRule] = {}
    for rule in rules:
        newest.setdefault(rule.kind, rule)
    entry, window = newest.get(PricingRule.Kind.ENTRY_POINT), newest.get(PricingRule.Kind.WINDOW)
    allowance = newest.get(PricingRule.Kind.ALLOWANCE)
    return Rules(
        entry_point_hours=entry.amount if entry else None,
        entry_point_rule=entry.pk if entry else None,
        window_rule=window.pk if window else None,
        allowance=allowance.amount if allowance else None,
        allowance_rule=allowance.pk if allowance else None,
    )
