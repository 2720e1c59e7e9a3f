"""A price in words: the lines that it is the sum of, each with the tier, the fee or the rule that it comes from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from providers.models import PricingRule, Rate, RateFee
from providers.rates.tariff import Line, Part
from recontact.costs.estimate import Estimate

__all__ = ["PricePart", "lines_read", "lines_worded", "price_parts"]


@dataclass(frozen=True, slots=True)
class PricePart:
    """One line: whose it is and by which measure, what else there is to say of it (a tier, why it is free), and its amount."""

    words: str
    note: str
    amount: Decimal
    currency: str


def price_parts(estimate: Estimate) -> Sequence[PricePart]:
    """The lines of one price; none where Meta's price, the same for every message, is all of it. Three queries at most."""
    [parts] = lines_worded([(estimate.lines, estimate.currency)])
    return parts if len(parts) > 1 or any(part.note for part in parts) else []


def lines_worded(prices: Sequence[tuple[Sequence[Line], str]]) -> list[list[PricePart]]:
    """The lines of many prices, each with its currency, in their order. Three queries at most, however many there are."""
    every = [line for lines, _currency in prices for line in lines]
    rates: Mapping[int, Rate] = Rate.objects.in_bulk(_ids(line.rate_id for line in every))
    fees: Mapping[int, RateFee] = RateFee.objects.in_bulk(_ids(line.fee_id for line in every))
    rules: Mapping[int, PricingRule] = PricingRule.objects.in_bulk(_ids(line.rule_id for line in every))
    return [
        [
            PricePart(
                words=_whose(line, fees.get(line.fee_id or 0)),
                note=_rule_words(rules.get(line.rule_id or 0)) or _tier_words(rates.get(line.rate_id or 0)),
                amount=line.amount,
                currency=currency,
            )
            for line in lines
        ]
        for lines, currency in prices
    ]


def lines_read(stored: Iterable[Mapping[str, Any]]) -> tuple[Line, ...]:
    """Lines as they are kept with an entry (costs.estimate.lines_stored)."""
    return tuple(
        Line(Part(line["part"]), Decimal(line["amount"]), line.get("rate"), line.get("fee"), line.get("rule"))
        for line in stored
    )


def _ids(found: Iterable[int | None]) -> set[int]:
    return {each for each in found if each is not None}


def _whose(line: Line, fee: RateFee | None) -> str:
    if line.part == Part.META:
        return _("Meta's price")
    match fee.kind if fee is not None else "":
        case RateFee.Kind.PERCENT if fee is not None:
            share = formats.number_format(fee.value.normalize(), use_l10n=True)
            return _("Provider's fee: %(share)s %% of Meta's price") % {"share": share}
        case RateFee.Kind.FAILED:
            return _("Provider's fee for a message that failed")
        case RateFee.Kind.PER_MESSAGE:
            return _("Provider's fee for each message")
        case _:
            return _("Provider's fee")


def _rule_words(rule: PricingRule | None) -> str:
    match rule.kind if rule is not None else "":
        case PricingRule.Kind.WINDOW:
            return _("free inside the 24 h window")
        case PricingRule.Kind.ENTRY_POINT if rule is not None:
            return _("free for %(hours)s h: the customer came by an advertisement") % {"hours": rule.amount}
        case PricingRule.Kind.ALLOWANCE if rule is not None:
            return ngettext(
                "free: the month's first %(count)s of each number",
                "free: the month's first %(count)s of each number",
                rule.amount or 0,
            ) % {"count": _figure(rule.amount or 0)}
        case _:
            return ""


def _tier_words(rate: Rate | None) -> str:
    """Nothing where there is one tier alone."""
    if rate is None or (rate.tier_from == 0 and rate.tier_to is None):
        return ""
    first = _figure(rate.tier_from + 1)
    if rate.tier_to is None:
        return _("from the month's message %(first)s on") % {"first": first}
    return _("the month's messages %(first)s to %(last)s") % {"first": first, "last": _figure(rate.tier_to)}


def _figure(count: int) -> str:
    return formats.number_format(count, 0, use_l10n=True, force_grouping=True)
