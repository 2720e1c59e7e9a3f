"""The providers' monthly fees as costs of their account: once for each month in which a card with one is in force.

They are a consequence of the cards alone, which never change once they are published, so nothing is stored. They are part of no
message and of no budget.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal

from providers.models import RateCard, RateFee
from recontact.clock import database_now
from recontact.costs.asked import months_before
from recontact.models.rollup_triggers import MEASURES, MILLION


@dataclass(frozen=True, slots=True)
class MonthlyFee:
    """One account's fee for the month of `day`, in the card's currency. `category` is '' unless the fee is for one alone."""

    account_id: int
    day: date
    category: str
    currency: str
    amount: Decimal


def monthly_fees(first: date, last: date) -> list[MonthlyFee]:
    """The fees dated from `first` to `last` (both count) and not in the future. Two queries, one where no card has any.

    A month's card is the one in force at its first moment, in the account's time zone, and then the fee is of that day; else the
    first that comes into force in the month, and it is of the day when it does.
    """
    fees: dict[int, list[RateFee]] = defaultdict(list)
    for fee in RateFee.objects.filter(kind=RateFee.Kind.MONTHLY, value__gt=0, card__status=RateCard.Status.PUBLISHED):
        fees[fee.card_id].append(fee)
    if not fees:
        return []
    cards: dict[int, list[RateCard]] = defaultdict(list)
    published = RateCard.objects.filter(status=RateCard.Status.PUBLISHED, account__rate_cards__in=fees.keys())
    for card in published.select_related("account").distinct().order_by("valid_from"):
        cards[card.account_id].append(card)
    now = database_now()
    return [
        MonthlyFee(card.account_id, day, fee.category, card.currency, fee.value)
        for of_account in cards.values()
        for card, day in _months(of_account, first, min(last, now.astimezone(of_account[0].account.zone).date()))
        for fee in fees.get(card.pk, ())
    ]


def _months(cards: Sequence[RateCard], first: date, last: date) -> Iterator[tuple[RateCard, date]]:
    """For each month between the days the account's card, and the day that its fee is of."""
    month = first.replace(day=1)
    while month <= last:
        after = months_before(month, -1)
        found = _card(cards, month, after)
        if found is not None and first <= found[1] <= last:
            yield found
        month = after


def _card(cards: Sequence[RateCard], month: date, after: date) -> tuple[RateCard, date] | None:
    zone = cards[0].account.zone
    begin, end = (datetime.combine(day, time(0), tzinfo=zone) for day in (month, after))
    for card in cards:
        if card.valid_from < end and (card.valid_to is None or card.valid_to > begin):
            return card, max(begin, card.valid_from.astimezone(zone)).date()
    return None


def fees_as_json(fees: Sequence[MonthlyFee]) -> str:
    """The fees as `with_fees` reads them."""
    return json.dumps(
        [
            {
                "day": fee.day.isoformat(),
                "account_id": fee.account_id,
                "category": fee.category,
                "currency": fee.currency,
                "monthly": int(fee.amount * MILLION),
            }
            for fee in fees
        ]
    )


def with_fees(cells: str, *, any_fees: bool) -> str:
    """SQL: the cells (a subquery) with one more amount, `monthly`, and the fees of %(fees)s as cells that count no message."""
    if not any_fees:
        return f"(SELECT x.*, 0::bigint AS monthly FROM {cells} x)"  # noqa: S608 -- only our own names go in
    zeros = ", ".join("0" for _name in MEASURES)
    return f"""(
        SELECT x.*, 0::bigint AS monthly FROM {cells} x
        UNION ALL SELECT f.day, f.account_id, 0, '', f.category, 0, 0, 0, f.currency, '', false, {zeros}, f.monthly
        FROM json_to_recordset(%(fees)s::json)
            AS f(day date, account_id bigint, category varchar(20), currency varchar(3), monthly bigint))"""  # noqa: S608
