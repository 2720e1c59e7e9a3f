"""What the provider says a message cost, appended beside our estimate."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from providers.rates.lookup import rate_for
from providers.rates.markets import market_of
from recontact.models import CostEntry, Message

#: The provider's words for categories that are priced as one of ours.
_PRICED_AS = {"marketing_lite": "marketing", "authentication_international": "authentication"}


def report_append(*, message: Message, price: dict[str, Any], free: bool) -> CostEntry | None:
    """Append the provider's price of a delivered message, once. None: it was said before, or no rate gives the amount.

    A provider that names only the category (Meta) is taken at its word, by the card in force when the message left.
    """
    if CostEntry.objects.filter(message=message, kind=CostEntry.Kind.REPORT).exists():
        return None
    category = str(price.get("category") or message.category)
    market = market_of(phone=message.recipient_phone, bsuid=message.recipient_bsuid)
    amount, currency, rate = Decimal(0), message.currency, None
    if price.get("amount") is not None:
        amount, currency = Decimal(str(price["amount"])), str(price.get("currency") or message.currency)
    elif not free:
        rate = rate_for(
            account_id=message.account_id,
            market=market,
            category=_PRICED_AS.get(category, category),
            at=message.accepted_at or message.created_at,
        )
        if rate is None:
            return None
        amount, currency = rate.price, rate.card.currency
    return CostEntry.objects.create(
        message=message,
        kind=CostEntry.Kind.REPORT,
        amount=amount,
        currency=currency,
        market=rate.market if rate is not None else market,
        category=category,
        rate=rate,
        source=f"status {price.get('type') or ''}".strip(),
    )
