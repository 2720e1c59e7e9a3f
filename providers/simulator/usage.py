"""What an account was charged, message by message: the ground of every wire's usage and billing answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

from providers.simulator.identity import country_of
from providers.simulator.pricing import Charge, price
from providers.simulator.record import Message, Record
from providers.simulator.world import Account


@dataclass(frozen=True, slots=True)
class Charged:
    """One delivered message: when it was sent and delivered (UTC days), where to, as what, for how much (0 when free)."""

    sent_on: date
    delivered_on: date
    country: str
    category: str
    is_free: bool
    amount: Decimal


def charged_messages(record: Record, account: Account) -> Iterator[Charged]:
    """The account's delivered messages, priced as its statuses said."""
    for message in record.find_messages(to=None, reference=None):
        delivered = next((item for item in message.statuses if item.status in ("delivered", "read")), None)
        if message.waba_id != account.waba_id or delivered is None or message.pricing is None:
            continue
        charge = charge_of(message, at=delivered.at)
        yield Charged(
            sent_on=_day(message.at),
            delivered_on=_day(delivered.at),
            country=country_of(charge.recipient),
            category=charge.category,
            is_free=charge.pricing_type != "regular",
            amount=price(account, charge),
        )


def charge_of(message: Message, *, at: float) -> Charge:
    """The message as the invoice counts it."""
    pricing = message.pricing or {}
    return Charge(
        waba_id=message.waba_id,
        phone="",
        recipient=message.wa_id or message.user_id,
        at=at,
        category=pricing.get("category", message.category),
        pricing_type=pricing.get("type", "regular"),
    )


def between(days: Iterable[Charged], first: str, last: str, *, by: str) -> list[Charged]:
    """Those of the days from first to last (ISO, both counted), by ``sent_on`` or ``delivered_on``."""
    return [each for each in days if first <= getattr(each, by).isoformat() <= last]


def _day(at: float) -> date:
    return datetime.fromtimestamp(at, UTC).date()
