"""From lines to a statement, in one transaction: all of it, or nothing and the reason. The same one is never stored twice."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.db import transaction
from django.utils import formats
from django.utils.translation import gettext as _

from providers.rates.contents import Problem
from recontact.clock import database_now
from recontact.models import MonthClosing, Statement, StatementLine
from recontact.reconciliation.comparing import statement_compare
from recontact.reconciliation.locks import Closed, account_lock, statement_lock
from recontact.reconciliation.mapping import FEE
from recontact.reconciliation.reading import Line


class StatementRefused(Exception):
    """Nothing was stored. `problems` says why, by row and column (row 0: the whole)."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(problem.reason for problem in problems))
        self.problems = list(problems)


@dataclass(frozen=True, slots=True)
class NewStatement:
    """What is told beside the lines. `digest` is the file's, or that of what was pulled."""

    account_id: int
    kind: str
    source: str
    currency: str
    first_day: date
    last_day: date
    zone: str
    counted_by: str
    digest: str
    number: str = ""
    file_name: str = ""
    by_day: bool = True
    by_market: bool = True
    by_category: bool = True
    free: int = 0
    created_by_id: int | None = None


def file_digest(body: bytes) -> str:
    """By what two uploads of one file are told."""
    return hashlib.sha256(body).hexdigest()


def twice(new: NewStatement) -> Problem | None:
    """Why this is the same as one that stands: by its number, or by its content."""
    standing = Statement.objects.filter(account=new.account_id, withdrawn_at=None)
    same = standing.filter(number__iexact=new.number).first() if new.number else None
    if same is not None:
        words = _("The number %(number)s is there already, since %(day)s.")
        return Problem(0, "", words % {"number": new.number, "day": _day(same)})
    same = standing.filter(digest=new.digest, source=Statement.Source.FILE).first()
    if same is not None and new.source == Statement.Source.FILE:
        words = _("This very file is there already, as %(name)s, since %(day)s.")
        return Problem(0, "", words % {"name": str(same), "day": _day(same)})
    return None


def overlapping(new: NewStatement) -> list[Statement]:
    """Invoices of the same days that stand: both will count."""
    if new.kind != Statement.Kind.INVOICE:
        return []
    rows = Statement.objects.filter(
        account=new.account_id,
        withdrawn_at=None,
        kind=Statement.Kind.INVOICE,
        currency=new.currency,
        first_day__lte=new.last_day,
        last_day__gte=new.first_day,
    )
    return list(rows.order_by("first_day", "pk"))


def booked_month(account_id: int, last_day: date) -> date:
    """The month in which a statement is booked: that of its last day, or the first one after the last closed month."""
    month = last_day.replace(day=1)
    closed = (
        MonthClosing.objects.filter(account=account_id, reopened_at=None)
        .order_by("-month")
        .values_list("month", flat=True)
        .first()
    )
    return month if closed is None or month > closed else (closed + timedelta(days=32)).replace(day=1)


@transaction.atomic
def statement_store(new: NewStatement, lines: Iterable[Line]) -> Statement:
    """Store the statement with its lines, and compare it. Raises StatementRefused when it is there already."""
    # Two imports at once: the second one waits here, and then finds the first one's.
    account_lock(new.account_id)
    same = twice(new)
    if same is not None:
        raise StatementRefused([same])
    kept = list(lines)
    statement = _row(new, kept)
    statement.save()
    late = statement.month if statement.is_late else None
    StatementLine.objects.bulk_create([_line(statement, line, late) for line in kept], batch_size=2_000)
    statement_compare(statement.pk)
    # Read anew: the row above was looked at (by the audit) before it had a comparison.
    return Statement.objects.select_related("account", "comparison").get(pk=statement.pk)


def _row(new: NewStatement, lines: Sequence[Line]) -> Statement:
    """The statement of these lines, not stored yet."""
    counts = [line.count for line in lines if line.count is not None]
    amounts = [line.amount for line in lines if line.amount is not None]
    return Statement(
        account_id=new.account_id,
        kind=new.kind,
        source=new.source,
        number=new.number,
        currency=new.currency,
        first_day=new.first_day,
        last_day=new.last_day,
        zone=new.zone,
        counted_by=new.counted_by,
        month=booked_month(new.account_id, new.last_day),
        by_day=new.by_day,
        by_market=new.by_market,
        by_category=new.by_category,
        has_counts=bool(counts),
        has_amounts=bool(amounts),
        fees_apart=any(line.category == FEE for line in lines),
        digest=new.digest,
        file_name=new.file_name[:200],
        lines_count=len(lines),
        count=sum(counts) if counts else None,
        total=sum(amounts, Decimal(0)) if amounts else None,
        free=new.free,
        created_by_id=new.created_by_id,
    )


def _line(statement: Statement, line: Line, late: date | None) -> StatementLine:
    return StatementLine(
        statement=statement,
        row=line.row,
        day=line.day,
        counted_on=late or line.day,
        market=line.market,
        category=line.category,
        count=line.count,
        amount=line.amount,
        detail=line.detail,
        is_credit=line.is_credit,
    )


@transaction.atomic
def statement_withdraw(statement_id: int, *, why: str, user_id: int | None) -> Statement:
    """Take a statement out of all sums; it stays to be seen, with the reason. Raises Closed."""
    statement = statement_lock(statement_id)
    if statement.is_frozen:
        raise Closed
    statement.withdrawn_at = database_now()
    statement.withdrawn_by_id = user_id
    statement.withdrawn_why = why
    statement.save(update_fields=["withdrawn_at", "withdrawn_by", "withdrawn_why"])
    return statement


def _day(statement: Statement) -> str:
    return str(formats.date_format(statement.created_at, "SHORT_DATE_FORMAT"))


__all__ = [
    "Closed",
    "NewStatement",
    "StatementRefused",
    "booked_month",
    "file_digest",
    "overlapping",
    "statement_store",
    "statement_withdraw",
    "twice",
]
