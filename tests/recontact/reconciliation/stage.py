"""A month of one account, with messages that were delivered where and when a test wants."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from providers.models import ProviderAccount, SenderNumber
from recontact.models import CostEntry, Message, Statement
from recontact.reconciliation.mapping import Columns
from recontact.reconciliation.reading import Line
from recontact.reconciliation.storing import NewStatement, statement_store
from tests.factories import (
    account_make,
    customer_make,
    message_make,
    query_make,
    rate_card_make,
    sender_number_make,
    template_make,
)

FIRST, LAST = date(2026, 10, 1), date(2026, 10, 31)
#: By market, a phone's beginning.
PHONES = {"AR": "+54911", "BR": "+55119", "CL": "+56911"}
_count = iter(range(10**6))


class Month:
    """October 2026 of an account in UTC, whose card costs 0.0618 and 0.0260 in Argentina and 0.0604 and 0.0077 elsewhere."""

    def __init__(self, *, zone: str = "UTC", provider: str = "meta") -> None:
        self.account: ProviderAccount = account_make(time_zone=zone, provider=provider)
        self.number: SenderNumber = sender_number_make(account=self.account)
        rate_card_make(account=self.account, valid_from=datetime(2026, 1, 1, tzinfo=UTC))
        self.templates = {
            category: template_make(account=self.account, name=f"aviso_{category}", category=category)
            for category in ("utility", "marketing")
        }

    def delivered(
        self,
        day: int,
        *,
        market: str = "AR",
        category: str = "utility",
        month: int = 10,
        hour: int = 12,
        reported: str = "",
        currency: str = "USD",
        fee: str = "0",
        state: str = "delivered",
        billed: bool = True,
    ) -> Message:
        """A message that was delivered on that day at that hour (UTC)."""
        phone = f"{PHONES[market]}{next(_count):06d}00"[: 13 if market == "CL" else 14]
        query = query_make(customer=customer_make(phone=phone), sender_number=self.number)
        message = message_make(query=query, template=self.templates[category])
        at = datetime(2026, month, day, hour, tzinfo=UTC)
        Message.objects.filter(pk=message.pk).update(state="sending", created_at=at)
        Message.objects.filter(pk=message.pk).update(state=state, billed=billed, accepted_at=at, delivered_at=at)
        if reported:
            CostEntry.objects.create(
                message=message,
                kind="failed" if state == "failed" else "report",
                amount=Decimal(reported),
                fee=Decimal(fee),
                currency=currency,
                market=market,
                category=category,
            )
        message.refresh_from_db()
        return message

    def new(self, **fields: Any) -> NewStatement:
        """An invoice of the month."""
        number = next(_count)
        told: dict[str, Any] = {
            "account_id": self.account.pk,
            "kind": Statement.Kind.INVOICE,
            "source": Statement.Source.FILE,
            "currency": "USD",
            "first_day": FIRST,
            "last_day": LAST,
            "zone": self.account.zone.key,
            "counted_by": Statement.CountedBy.DELIVERED,
            "digest": f"{number:064d}",
            "number": f"F-{number}",
        }
        return NewStatement(**{**told, **fields})

    def invoice(self, *lines: Line, **fields: Any) -> Statement:
        """An invoice with these lines, stored and compared."""
        return statement_store(self.new(**fields), lines)


def line(
    day: int | None, market: str, category: str, count: int | None, amount: str | None, *, month: int = 10
) -> Line:
    """A line of an invoice."""
    on = None if day is None else date(2026, month, day)
    return Line(1, on, market, category, count, None if amount is None else Decimal(amount))


ALL_COLUMNS = Columns({name: name for name in ("day", "market", "category", "count", "amount", "currency")})
