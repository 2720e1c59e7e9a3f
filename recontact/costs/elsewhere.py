"""What a period's messages would have cost with another account: its rate cards over what was delivered, day by day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal

from django.db.models.functions import Now
from django.utils import timezone

from providers.models import ProviderAccount, RateCard
from providers.rates.lookup import TariffBook
from providers.rates.tariff import Circumstances, Tariff
from recontact.costs.asked import Question
from recontact.costs.estimate import SERVICE
from recontact.costs.grouped import traffic


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """One account: what all would have cost by its cards, in one currency; of the messages it has no price for, how many."""

    account: ProviderAccount
    currency: str
    amount: Decimal
    priced: int
    unpriced: int


def costs_elsewhere(question: Question) -> Sequence[Elsewhere]:
    """Every active account with a rate card, the cheapest of those that price everything first.

    Each day's delivered messages at the price in force at its noon, by market and category, through the volume tiers of its
    month; free text as inside its window, and free as far as each number's allowance of the month goes (of a month that the
    period begins in the middle of, as if nothing came before). A card in another currency than the one before it makes a
    line of its own: nothing converts silently.
    """
    sent = traffic(question)
    cards = RateCard.objects.filter(status=RateCard.Status.PUBLISHED, valid_from__lte=Now())
    accounts = ProviderAccount.objects.filter(is_active=True, pk__in=cards.values("account")).order_by("name")
    found = [line for account in accounts for line in _by_cards(account, sent)]
    return sorted(found, key=lambda line: (line.unpriced > 0, line.currency, line.amount))


def _by_cards(account: ProviderAccount, sent: Sequence[tuple[date, str, str, int, int]]) -> list[Elsewhere]:
    book, amounts, priced, unpriced = TariffBook(), dict[str, Decimal](), dict[str, int](), 0
    charged: Counter[tuple[str, str, int, int]] = Counter()
    used: Counter[tuple[int, str, int, int]] = Counter()
    for day, market, category, number, count in sent:
        noon = datetime.combine(day, time(12), tzinfo=timezone.get_default_timezone())
        tariff = book.tariff(account_id=account.pk, market=market, category=category, at=noon)
        if tariff is None:
            unpriced += count
            continue
        of_market, of_number = (market, category, day.year, day.month), (number, category, day.year, day.month)
        free, rule = _free(tariff, noon, used[of_number], count)
        amount = tariff.free(rule).amount * free + _price(tariff, charged[of_market], count - free)
        amounts[tariff.currency] = amounts.get(tariff.currency, Decimal(0)) + amount
        priced[tariff.currency] = priced.get(tariff.currency, 0) + count
        used[of_number] += count
        charged[of_market] += count - free
    return [
        Elsewhere(account, currency, total, priced[currency], sum(priced.values()) - priced[currency] + unpriced)
        for currency, total in amounts.items()
    ]


def _free(tariff: Tariff, at: datetime, used: int, count: int) -> tuple[int, int | None]:
    """How many of so many messages Meta does not charge after the number's `used` ones of the month, and by which rule."""
    rule = tariff.free_by(at, Circumstances(used=used, window_open=tariff.category == SERVICE))
    if rule is None:
        return 0, None
    allowance = tariff.rules.allowance
    left = allowance - used if rule == tariff.rules.allowance_rule and allowance is not None else count
    return min(left, count), rule


def _price(tariff: Tariff, charged: int, count: int) -> Decimal:
    """What so many messages cost that are charged, after `charged` others of the month."""
    amount = Decimal(0)
    for tier, room in tariff.tiers_ahead(charged):
        here = count if room is None else min(count, room)
        amount += tariff.price_of(tier).amount * here
        count -= here
        if not count:
            break
    return amount
