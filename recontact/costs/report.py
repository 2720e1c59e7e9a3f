"""What the provider says a message cost, appended beside our estimate."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from providers.contracts import PriceReport
from providers.rates.lookup import RateFor, rate_for
from providers.rates.markets import market_of
from recontact.models import CostEntry, Message

_MICRO = Decimal("0.000001")
#: No message costs so much in any currency.
_TOO_MUCH = Decimal(100_000)
_CURRENCY = re.compile(r"[A-Z]{3}")
#: The provider's words for categories that are priced as one of ours.
_PRICED_AS = {"marketing_lite": "marketing", "authentication_international": "authentication"}


def price_stored(price: PriceReport) -> dict[str, Any]:
    """A price as it is kept beside a status: JSON-able, its amount as text."""
    return {
        "billable": price.billable,
        "category": price.category,
        "type": price.pricing_type,
        "amount": None if price.amount is None else str(price.amount),
        "currency": price.currency,
    }


def is_free(price: dict[str, Any] | None) -> bool:
    """Whether the price (as stored) says that the message costs nothing."""
    return price is not None and (price.get("billable") is False or str(price.get("type", "")).startswith("free_"))


def delivered_charge(*, message: Message, price: dict[str, Any] | None) -> CostEntry | None:
    """A delivered message is billed, unless its price (as stored) says that it was free. Returns the entry appended."""
    free = is_free(price)
    if message.billed is None or free:
        Message.objects.filter(pk=message.pk).update(billed=not free)
    return None if price is None else report_append(message=message, price=price, free=free)


def report_append(*, message: Message, price: dict[str, Any], free: bool) -> CostEntry | None:
    """Append the provider's price of a delivered message, once. None: it was said before, or no rate gives the amount.

    A provider that names only the category (Meta) is taken at its word, by the card in force when the message left.
    """
    if CostEntry.objects.filter(message=message, kind=CostEntry.Kind.REPORT).exists():
        return None
    charged = Charged(
        message_id=message.pk,
        account_id=message.account_id,
        category=message.category,
        phone=message.recipient_phone,
        bsuid=message.recipient_bsuid,
        currency=message.currency,
        at=message.accepted_at or message.created_at,
    )
    entry = report_entry(charged, price=price, free=free, rate_for=rate_for)
    if entry is not None:
        entry.save()
    return entry


@dataclass(frozen=True, slots=True)
class Charged:
    """A message as its price depends on it: `currency` is its estimate's, `at` when the provider accepted it."""

    message_id: int
    account_id: int
    category: str
    phone: str
    bsuid: str
    currency: str
    at: datetime


def report_entry(message: Charged, *, price: dict[str, Any], free: bool, rate_for: RateFor) -> CostEntry | None:
    """The price as a cost entry of the message, not stored yet; None when no rate gives the amount."""
    category = str(price.get("category") or message.category)
    market = market_of(phone=message.phone, bsuid=message.bsuid)
    amount, currency, rate = Decimal(0), message.currency, None
    told = _amount(price)
    if told is not None:
        amount, currency = told
    elif not free:
        priced_as = _PRICED_AS.get(category, category)
        rate = rate_for(account_id=message.account_id, market=market, category=priced_as, at=message.at)
        if rate is None:
            return None
        amount, currency = rate.price, rate.card.currency
    return CostEntry(
        message_id=message.message_id,
        kind=CostEntry.Kind.REPORT,
        amount=amount,
        currency=currency,
        market=rate.market if rate is not None else market,
        category=category,
        rate=rate,
        source=f"status {price.get('type') or ''}".strip(),
    )


def _amount(price: dict[str, Any]) -> tuple[Decimal, str] | None:
    """The provider's own amount with its currency; None unless it names both: an amount is in no currency of ours."""
    try:
        amount = Decimal(str(price.get("amount")))
    except InvalidOperation:
        return None
    currency = str(price.get("currency") or "").upper()
    if not amount.is_finite() or not 0 <= amount < _TOO_MUCH or not _CURRENCY.fullmatch(currency):
        return None
    return amount.quantize(_MICRO), currency
