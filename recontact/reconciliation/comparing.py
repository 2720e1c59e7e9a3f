"""A statement held against our messages: agreed, differing, missing here, missing there. Every line and every message is in
exactly one row, so the rows add up to both."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from django.db import transaction
from django.db.models import Sum

from recontact.clock import database_now
from recontact.models import Comparison, ComparisonNote, ComparisonRow, Statement
from recontact.reconciliation.locks import Closed, statement_lock
from recontact.reconciliation.mapping import FEE
from recontact.reconciliation.ours import Asked, Key, Ours, asked_of, ours_summed

Status = ComparisonRow.Status


@dataclass(frozen=True, slots=True)
class Side:
    """What one side says of a key; None = it says none."""

    count: int | None = None
    amount: Decimal | None = None


def status_of(theirs: Side | None, ours: Side | None, *, tolerance: Decimal, counts: bool, amounts: bool) -> Status:
    """How two sides of a row stand to each other. `counts` and `amounts`: what the statement tells at all. Pure."""
    count = (theirs.count or 0 if theirs else 0) - (ours.count or 0 if ours else 0)
    counted = counts and not (theirs is not None and theirs.count is None)
    priced = amounts and not (theirs is not None and theirs.amount is None)
    amount = (theirs.amount or Decimal(0) if theirs else Decimal(0)) - (
        ours.amount or Decimal(0) if ours else Decimal(0)
    )
    if not (counted and count) and not (priced and abs(amount) > tolerance):
        return Status.AGREED
    if theirs is None:
        return Status.MISSING_THERE
    return Status.MISSING_HERE if ours is None else Status.DIFFERING


def rows_of(
    theirs: Mapping[Key, Side], ours: Mapping[Key, Side], *, tolerance: Decimal, counts: bool, amounts: bool
) -> list[ComparisonRow]:
    """One row for each key of either side, not stored yet. Pure."""
    rows = []
    for key in theirs.keys() | ours.keys():
        their, our = theirs.get(key), ours.get(key)
        status = status_of(their, our, tolerance=tolerance, counts=counts, amounts=amounts)
        their, our = their or Side(), our or Side()
        rows.append(
            ComparisonRow(
                day=key.day,
                market=key.market,
                category=key.category,
                status=status,
                their_count=their.count,
                their_amount=their.amount,
                our_count=our.count,
                our_amount=our.amount,
            )
        )
    return rows


@transaction.atomic
def statement_compare(statement_id: int, *, tolerance: Decimal | None = None) -> Comparison:
    """Compare with the messages as they are now, in place of what was compared before; notes stay. Raises Closed.

    `tolerance` None = as it was (a cent at first).
    """
    statement = statement_lock(statement_id)
    if statement.is_frozen:
        raise Closed
    theirs = _theirs(statement)
    # A credit note corrects invoices: it is held against no messages, and so nothing of it differs.
    found = [] if statement.is_credit_note else ours_summed(replace(question_of(statement), currency=""))
    ours, elsewhere = _ours(statement.currency, found)
    comparison = Comparison.objects.filter(statement=statement).first() or Comparison(statement=statement)
    if tolerance is not None:
        comparison.tolerance = tolerance
    rows = rows_of(
        theirs,
        ours,
        tolerance=comparison.tolerance,
        counts=statement.has_counts and not statement.is_credit_note,
        amounts=statement.has_amounts and not statement.is_credit_note,
    )
    _sum_up(comparison, rows)
    comparison.other_currency = elsewhere
    comparison.compared_at = database_now()
    comparison.save()
    comparison.rows.all().delete()
    for row in rows:
        row.comparison = comparison
    ComparisonRow.objects.bulk_create(rows, batch_size=2_000)
    return comparison


def question_of(statement: Statement) -> Asked:
    """What the statement asks of our messages; its fees are by day when all of them are."""
    undated = statement.fees_apart and statement.lines.filter(category=FEE, day=None).exists()
    return asked_of(statement, fees_by_day=statement.by_day and not undated)


def note_add(*, row: ComparisonRow, text: str, user_id: int) -> ComparisonNote:
    """Keep what a person found out about a row. Raises Closed."""
    with transaction.atomic():
        if statement_lock(row.comparison.statement_id).is_frozen:
            raise Closed
        return ComparisonNote.objects.create(
            comparison_id=row.comparison_id,
            day=row.day,
            market=row.market,
            category=row.category,
            text=text,
            created_by_id=user_id,
        )


def _theirs(statement: Statement) -> dict[Key, Side]:
    """The lines added up by key."""
    undated = statement.fees_apart and statement.lines.filter(category=FEE, day=None).exists()
    sides: dict[Key, Side] = {}
    lines = statement.lines.order_by().values_list("day", "market", "category")
    for day, market, category, count, amount in lines.annotate(n=Sum("count"), total=Sum("amount")):
        key = Key(None if category == FEE and undated else day, market, category)
        sides[key] = _joined(sides.get(key, Side()), Side(count, amount))
    return sides


def _ours(currency: str, found: Iterable[Ours]) -> tuple[dict[Key, Side], int]:
    """Our side in the statement's currency, and how many messages are in others. A statement without amounts has none: then
    messages are counted whatever they cost, because amounts of several currencies are never added up."""
    sides: dict[Key, Side] = {}
    elsewhere = 0
    for each in found:
        if currency and each.currency != currency:
            elsewhere += each.count or 0
        elif currency or each.count is not None:
            side = Side(each.count, each.amount if currency else None)
            sides[each.key] = _joined(sides.get(each.key, Side()), side)
    return sides, elsewhere


def _joined(one: Side, other: Side) -> Side:
    """Both together; what neither says stays unsaid."""
    count = None if one.count is None and other.count is None else (one.count or 0) + (other.count or 0)
    amount = (
        None
        if one.amount is None and other.amount is None
        else (one.amount or Decimal(0)) + (other.amount or Decimal(0))
    )
    return Side(count, amount)


def _sum_up(comparison: Comparison, rows: Iterable[ComparisonRow]) -> None:
    comparison.our_count = sum(row.our_count or 0 for row in rows)
    comparison.our_amount = sum((row.our_amount or Decimal(0) for row in rows), Decimal(0))
    for status in Status.values:
        setattr(comparison, status, sum(row.status == status for row in rows))


__all__ = ["Closed", "Side", "note_add", "question_of", "rows_of", "statement_compare", "status_of"]
