"""What the provider says a message cost, appended beside our estimate."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from providers.contracts import PriceReport
from providers.rates.currencies import CURRENCIES
from providers.rates.lookup import takes_for_failures
from providers.rates.tariff import MICRO, Line, Part, Price
from recontact.costs.estimate import lines_stored
from recontact.costs.price_book import NoRate, Place, PriceBook
from recontact.models import CostEntry, Message

#: No message costs so much in any currency.
_TOO_MUCH = Decimal(100_000)


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
    entry = report_entry(charged, price=price, free=free, book=PriceBook())
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


def report_entry(message: Charged, *, price: dict[str, Any], free: bool, book: PriceBook) -> CostEntry | None:
    """The price as a cost entry of the message, not stored yet; None when no rate gives the amount.

    An amount that stands for the provider's own fee alone has Meta's price by the card added to it. One in another currency
    than the card's cannot be added: then the card's own fee stands in its place, and the told one beside it.
    """
    category = str(price.get("category") or message.category)
    place = book.place(
        account_id=message.account_id, phone=message.phone, bsuid=message.bsuid, category=category, at=message.at
    )
    told = _amount(price)
    known = None if isinstance(place, NoRate) else _by_card(place, free=free, told=told, book=book)
    if known is None and told is None and not free:
        return None
    entry = CostEntry(
        message_id=message.message_id,
        kind=CostEntry.Kind.REPORT,
        amount=Decimal(0),
        currency=message.currency,
        market=place.market if isinstance(place, NoRate) else place.tariff.market,
        # A provider's words: a long one must not hide the proof that it comes with.
        category=category[:40],
        source=f"status {price.get('type') or ''}".strip()[:200],
    )
    if known is not None:
        entry.amount, entry.fee, entry.currency = known.amount, known.fee, known.currency
        entry.rate_id, entry.lines = known.rate_id, lines_stored(known.lines)
    elif told is not None:
        entry.amount, entry.currency = told
    if told is not None:
        entry.told_amount, entry.told_currency = told
    return entry


def _by_card(place: Place, *, free: bool, told: tuple[Decimal, str] | None, book: PriceBook) -> Price | None:
    """The price with the card's part in it; None where what was told is all of it."""
    tariff = place.tariff
    if told is not None and not tariff.reported_fee_only:
        return None
    charged = tariff.free() if free else tariff.price_of(tariff.tier(book.charged(place)))
    if told is None or told[1] != tariff.currency:
        return charged
    lines = (charged.lines[0], Line(Part.FEE, told[0]))
    return Price(lines, charged.currency, charged.market, charged.category)


def failed_fee_append(*, message: Message, code: str, at: datetime) -> CostEntry | None:
    """Append what the provider takes for a message that failed with its error `code`, once. None: it takes nothing."""
    if not takes_for_failures(message.account_id):
        return None
    place = PriceBook().place(
        account_id=message.account_id,
        phone=message.recipient_phone,
        bsuid=message.recipient_bsuid,
        category=message.category,
        at=at,
    )
    fee = None if isinstance(place, NoRate) else place.tariff.failed_fee(code)
    if isinstance(place, NoRate) or fee is None:
        return None
    amount, fee_id = fee
    known = CostEntry.objects.filter(message=message, kind=CostEntry.Kind.FAILED).exists()
    if known:
        return None
    return CostEntry.objects.create(
        message=message,
        kind=CostEntry.Kind.FAILED,
        amount=amount,
        fee=amount,
        currency=place.tariff.currency,
        market=place.tariff.market,
        category=message.category,
        source=place.tariff.card,
        lines=[{"part": Part.FEE.value, "amount": str(amount), "fee": fee_id}],
    )


def _amount(price: dict[str, Any]) -> tuple[Decimal, str] | None:
    """The provider's own amount with its currency; None unless it names both: an amount is in no currency of ours."""
    try:
        amount = Decimal(str(price.get("amount")))
    except InvalidOperation:
        return None
    currency = str(price.get("currency") or "").upper()
    if not amount.is_finite() or not 0 <= amount < _TOO_MUCH or currency not in CURRENCIES:
        return None
    return amount.quantize(MICRO), currency
