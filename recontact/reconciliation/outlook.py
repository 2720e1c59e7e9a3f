"""What an open month would be closed with: added up by a worker and kept, because it reads every message of the month."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from providers.models import ProviderAccount
from recontact.clock import database_now
from recontact.models import MonthClosing, MonthOutlook
from recontact.reconciliation.closing import Figures, closing_refused, late_figures, month_figures, summed

#: Older figures are added up anew when somebody looks.
FRESH_FOR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Outlook:
    """The month's own figures by currency, and those late for closed months, as they were at `counted_at`."""

    counted_at: datetime
    is_stale: bool
    own: Mapping[str, Figures]
    late: Mapping[date, Mapping[str, Figures]]


def outlook_count(account_id: int, month: date) -> None:
    """Add up the month (its first day) as it is now, and keep that; with what came late, if it is the one closed next."""
    account = ProviderAccount.objects.get(pk=account_id)
    found: list[tuple[date | None, Mapping[str, Figures]]] = [
        (None, summed(month_figures(account_id, month, account.zone.key)))
    ]
    if not closing_refused(account, month):
        found += [(earlier, summed(figures)) for earlier, figures in sorted(late_figures(account_id).items())]
    sums = [
        {
            "late_for": None if late_for is None else late_for.isoformat(),
            "currency": currency,
            "messages": figures.messages,
            "amount": str(figures.amount),
        }
        for late_for, by_currency in found
        for currency, figures in by_currency.items()
    ]
    MonthOutlook.objects.update_or_create(
        account_id=account_id, month=month, defaults={"counted_at": database_now(), "sums": sums}
    )


def outlook_read(account_id: int, month: date) -> Outlook | None:
    """What was added up last; None: never. It is stale when it is old, or a month was closed or reopened since."""
    kept = MonthOutlook.objects.filter(account=account_id, month=month).first()
    if kept is None:
        return None
    own: dict[str, Figures] = {}
    late: dict[date, dict[str, Figures]] = {}
    for each in kept.sums:
        into = own if each["late_for"] is None else late.setdefault(date.fromisoformat(each["late_for"]), {})
        into[each["currency"]] = Figures(each["messages"], Decimal(each["amount"]))
    return Outlook(kept.counted_at, _is_stale(kept), own, late)


def _is_stale(kept: MonthOutlook) -> bool:
    if database_now() - kept.counted_at > FRESH_FOR:
        return True
    closings = MonthClosing.objects.filter(account=kept.account_id)
    return (
        closings.filter(closed_at__gt=kept.counted_at).exists()
        or closings.filter(reopened_at__gt=kept.counted_at).exists()
    )
