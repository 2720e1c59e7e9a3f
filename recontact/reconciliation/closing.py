"""Closing a month of an account: its figures, statements and comparisons stay as they are from then on.

What becomes known of a closed month later is booked in the next one to be closed, as late for it. Months are closed in their
order, and only the last closed one can be reopened, so that nothing is booked twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import Sum
from django.utils import formats
from django.utils.translation import gettext as _

from providers.models import ProviderAccount
from recontact.clock import database_now
from recontact.models import ClosedRow, ClosedSum, MonthClosing, Statement
from recontact.reconciliation.comparing import statement_compare
from recontact.reconciliation.locks import account_lock
from recontact.reconciliation.ours import Asked, ours_summed

#: So many closed months are looked at for what became known late: a message's fate and price are long decided then.
LATE_MONTHS = 3


class CannotClose(Exception):
    """The month stays as it is; the message says why, to a person."""


@dataclass(frozen=True, slots=True)
class RowKey:
    """What a closed row is of."""

    day: date
    market: str
    category: str
    currency: str


@dataclass(frozen=True, slots=True)
class Figures:
    """Messages and what they come to."""

    messages: int = 0
    amount: Decimal = Decimal(0)

    def __add__(self, other: Figures) -> Figures:
        return Figures(self.messages + other.messages, self.amount + other.amount)

    def __sub__(self, other: Figures) -> Figures:
        return Figures(self.messages - other.messages, self.amount - other.amount)

    def __bool__(self) -> bool:
        return bool(self.messages or self.amount)


def month_after(month: date) -> date:
    """The first day of the next month."""
    return (month + timedelta(days=32)).replace(day=1)


def last_closed(account_id: int) -> MonthClosing | None:
    """The account's last closed month."""
    return MonthClosing.objects.filter(account=account_id, reopened_at=None).order_by("-month").first()


def closing_refused(account: ProviderAccount, month: date) -> str:
    """Why the month cannot be closed now, as a sentence; "" = it can."""
    last = last_closed(account.pk)
    if last is not None and month <= last.month:
        return _("It is closed.")
    if last is not None and month != month_after(last.month):
        return _("Months are closed in their order: %(month)s comes first.") % {
            "month": _words(month_after(last.month))
        }
    ends_at = datetime.combine(month_after(month), time.min, tzinfo=account.zone)
    return "" if ends_at <= database_now() else _("The month is not over yet.")


def _untold(_done: int, _of: int) -> None:
    """Nobody looks on."""


@transaction.atomic
def month_close(
    *, account_id: int, month: date, user_id: int, on_step: Callable[[int, int], None] = _untold
) -> MonthClosing:
    """Close the month (its first day): keep its figures, and freeze the statements booked in it, compared once more. Raises
    CannotClose. `on_step` is told after each step how many are done, of how many."""
    account_lock(account_id)
    account = ProviderAccount.objects.get(pk=account_id)
    refusal = closing_refused(account, month)
    if refusal:
        raise CannotClose(refusal)
    zone = account.zone.key
    statements = Statement.objects.filter(account=account_id, month=month, withdrawn_at=None)
    to_compare = list(statements.order_by("pk").values_list("pk", flat=True))
    steps = 2 + len(to_compare)
    on_step(0, steps)
    rows: list[tuple[date | None, RowKey, Figures]] = [
        (None, key, figures) for key, figures in month_figures(account_id, month, zone).items()
    ]
    on_step(1, steps)
    for earlier, late in late_figures(account_id).items():
        rows += [(earlier, key, figures) for key, figures in late.items()]
    on_step(2, steps)
    for done, pk in enumerate(to_compare, start=3):
        statement_compare(pk)
        on_step(done, steps)
    closing = MonthClosing.objects.create(account=account, month=month, zone=zone, closed_by_id=user_id)
    ClosedRow.objects.bulk_create(
        [
            ClosedRow(
                closing=closing,
                late_for=late_for,
                day=key.day,
                market=key.market,
                category=key.category,
                currency=key.currency,
                messages=figures.messages,
                amount=figures.amount,
            )
            for late_for, key, figures in rows
        ],
        batch_size=2_000,
    )
    ClosedSum.objects.bulk_create(_sums(closing, rows, invoiced_in(account_id, month)))
    statements.update(closing=closing)
    return closing


@transaction.atomic
def month_reopen(closing_id: int, *, why: str, user_id: int) -> MonthClosing:
    """Open the account's last closed month again, with a reason; what was closed stays to be seen. Raises CannotClose."""
    account_lock(MonthClosing.objects.values_list("account_id", flat=True).get(pk=closing_id))
    closing = MonthClosing.objects.get(pk=closing_id)
    last = last_closed(closing.account_id)
    if closing.reopened_at is not None or last is None:
        raise CannotClose(_("It is not closed."))
    if last.pk != closing.pk:
        raise CannotClose(_("%(month)s is closed after it: reopen that one first.") % {"month": _words(last.month)})
    if not why.strip():
        raise CannotClose(_("Say why."))
    closing.reopened_at, closing.reopened_by_id, closing.reopened_why = database_now(), user_id, why.strip()
    closing.save(update_fields=["reopened_at", "reopened_by", "reopened_why"])
    Statement.objects.filter(closing=closing).update(closing=None)
    return closing


def month_figures(account_id: int, month: date, zone: str) -> dict[RowKey, Figures]:
    """What the messages of a month come to now, by day, market, category and currency."""
    asked = Asked(
        account_id=account_id,
        first=month,
        last=month_after(month) - timedelta(days=1),
        zone=zone,
        counted_by=Statement.CountedBy.DELIVERED,
    )
    return {
        RowKey(each.key.day, each.key.market, each.key.category, each.currency): Figures(each.count or 0, each.amount)
        for each in ours_summed(asked)
        if each.key.day is not None
    }


def late_figures(account_id: int) -> dict[date, dict[RowKey, Figures]]:
    """Closed month -> what its messages come to now, less what was closed and booked as late before. Months without a difference
    are left out."""
    closings = list(MonthClosing.objects.filter(account=account_id, reopened_at=None).order_by("-month")[:LATE_MONTHS])
    late: dict[date, dict[RowKey, Figures]] = {}
    for closing in closings:
        booked = _booked(closing)
        now = month_figures(account_id, closing.month, closing.zone)
        found = {
            key: difference
            for key in now.keys() | booked.keys()
            if (difference := now.get(key, Figures()) - booked.get(key, Figures()))
        }
        if found:
            late[closing.month] = found
    return late


def _booked(closing: MonthClosing) -> dict[RowKey, Figures]:
    """What was closed of a month: its own rows, and those that later closings hold as late for it."""
    own = ClosedRow.objects.filter(closing=closing, late_for=None)
    later = ClosedRow.objects.filter(
        closing__account=closing.account_id, closing__reopened_at=None, late_for=closing.month
    )
    booked: dict[RowKey, Figures] = {}
    for row in (*own, *later):
        key = RowKey(row.day, row.market, row.category, row.currency)
        booked[key] = booked.get(key, Figures()) + Figures(row.messages, row.amount)
    return booked


def invoiced_in(account_id: int, month: date) -> dict[str, Decimal]:
    """Currency -> what the invoices booked in the month come to, less the credit notes."""
    rows = Statement.objects.filter(
        account=account_id, month=month, withdrawn_at=None, kind__in=Statement.INVOICED
    ).order_by("currency")
    return {
        currency: total or Decimal(0)
        for currency, total in rows.values_list("currency").annotate(sum=Sum("total")).values_list("currency", "sum")
    }


def summed(figures: Mapping[RowKey, Figures]) -> dict[str, Figures]:
    """Currency -> the sum."""
    sums: dict[str, Figures] = {}
    for key, each in figures.items():
        sums[key.currency] = sums.get(key.currency, Figures()) + each
    return dict(sorted(sums.items()))


def _sums(
    closing: MonthClosing, rows: Iterable[tuple[date | None, RowKey, Figures]], invoiced: Mapping[str, Decimal]
) -> list[ClosedSum]:
    own: dict[str, Figures] = {}
    late: dict[str, Figures] = {}
    for late_for, key, figures in rows:
        sums = own if late_for is None else late
        sums[key.currency] = sums.get(key.currency, Figures()) + figures
    return [
        ClosedSum(
            closing=closing,
            currency=currency,
            messages=own.get(currency, Figures()).messages,
            amount=own.get(currency, Figures()).amount,
            late_messages=late.get(currency, Figures()).messages,
            late_amount=late.get(currency, Figures()).amount,
            invoiced=invoiced.get(currency, Decimal(0)),
        )
        for currency in sorted({*own, *late, *invoiced})
    ]


def _words(month: date) -> str:
    return str(formats.date_format(month, "F Y"))
