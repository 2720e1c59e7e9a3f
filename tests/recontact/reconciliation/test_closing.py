"""A closed month never changes; what becomes known of it later is booked in the next one, as late."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from auditlog.models import LogEntry
from django.db import DatabaseError, connection, transaction

from recontact.books import checks, differences
from recontact.models import Comparison, ComparisonRow, Message, MonthClosing, Statement
from recontact.reconciliation.closing import CannotClose, invoiced_in, late_figures, month_close, month_reopen, summed
from recontact.reconciliation.comparing import note_add, statement_compare
from recontact.reconciliation.locks import Closed
from recontact.reconciliation.storing import statement_withdraw
from tests.factories import user_make
from tests.recontact.reconciliation.stage import FIRST, Month, line

pytestmark = pytest.mark.django_db

SEPTEMBER, NOVEMBER = date(2026, 9, 1), date(2026, 11, 1)
LATE_NOVEMBER = {"first_day": date(2026, 11, 1), "last_day": date(2026, 11, 30)}


@pytest.fixture(autouse=True)
def in_january(monkeypatch: pytest.MonkeyPatch) -> None:
    """The database's clock is today's, whenever these tests run."""
    monkeypatch.setattr("recontact.reconciliation.closing.database_now", lambda: datetime(2027, 1, 15, tzinfo=UTC))


def closed(month: Month, first: date = FIRST) -> MonthClosing:
    return month_close(account_id=month.account.pk, month=first, user_id=user_make().pk)


def sums(closing: MonthClosing) -> dict[str, tuple[int, Decimal, int, Decimal, Decimal]]:
    return {
        each.currency: (each.messages, each.amount, each.late_messages, each.late_amount, each.invoiced)
        for each in closing.sums.all()
    }


def proofs() -> list[str]:
    return [found.check for found in differences() if "closed" in found.check or "statement" in found.check]


def test_it_keeps_the_figures_of_messages_and_invoices_by_currency() -> None:
    month = Month()
    month.delivered(1)
    month.delivered(31, reported="0.03")
    month.delivered(2, reported="40", currency="ARS")
    month.delivered(1, month=11)
    month.invoice(line(1, "AR", "utility", 2, "0.05"))
    month.invoice(line(1, "AR", "utility", 2, "9"), kind="usage", number="")

    closing = closed(month)

    assert sums(closing) == {
        "ARS": (1, Decimal(40), 0, Decimal(0), Decimal(0)),
        "USD": (2, Decimal("0.056"), 0, Decimal(0), Decimal("0.05")),
    }
    assert proofs() == []


def test_from_then_on_lines_comparison_and_notes_stay_as_they_are() -> None:
    month = Month()
    month.delivered(1)
    statement = month.invoice(line(1, "AR", "utility", 2, "0.05"))
    row = ComparisonRow.objects.get()
    closed(month)
    row = ComparisonRow.objects.get()
    month.delivered(1)

    with pytest.raises(Closed):
        statement_compare(statement.pk)
    with pytest.raises(Closed):
        statement_withdraw(statement.pk, why="wrong", user_id=None)
    with pytest.raises(Closed):
        note_add(row=row, text="too late", user_id=user_make().pk)
    for sql in (
        "UPDATE recontact_comparisonrow SET our_count = 7",
        "DELETE FROM recontact_comparisonrow",
        "UPDATE recontact_comparison SET tolerance = 7",
        "UPDATE recontact_statement SET closing_id = NULL",
        "UPDATE recontact_statement SET withdrawn_at = now()",
        "INSERT INTO recontact_statementline (statement_id, row, market, category, detail)"
        " SELECT id, 9, '', '', '' FROM recontact_statement",
        "UPDATE recontact_closedsum SET amount = 7",
        "DELETE FROM recontact_closedrow",
        "UPDATE recontact_monthclosing SET month = '2026-01-01'",
        "DELETE FROM recontact_monthclosing",
    ):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)
    assert (Comparison.objects.get().our_count, row.our_count) == (1, 1)


def test_what_comes_late_is_late_for_the_month_and_booked_in_the_next() -> None:
    month = Month()
    message = month.delivered(1)
    october = closed(month)
    before = sums(october)
    month.delivered(1)
    Message.objects.filter(pk=message.pk).update(billed=False)
    month.delivered(30)

    late = late_figures(month.account.pk)
    assert {first: summed(found)["USD"].messages for first, found in late.items()} == {FIRST: 1}
    november = closed(month, NOVEMBER)

    assert sums(october) == before == {"USD": (1, Decimal("0.026"), 0, Decimal(0), Decimal(0))}
    assert sums(november) == {"USD": (0, Decimal(0), 1, Decimal("0.026"), Decimal(0))}
    assert set(november.rows.values_list("late_for", flat=True)) == {FIRST}
    assert late_figures(month.account.pk) == {}
    assert proofs() == []


def test_an_invoice_that_comes_late_is_booked_in_the_next_open_month() -> None:
    month = Month()
    october = closed(month)

    statement = month.invoice(line(1, "AR", "utility", 2, "5"))

    assert (statement.month, statement.is_late) == (NOVEMBER, True)
    assert statement.lines.get().counted_on == NOVEMBER
    assert (invoiced_in(month.account.pk, FIRST), invoiced_in(month.account.pk, NOVEMBER)) == ({}, {"USD": Decimal(5)})
    assert sums(october) == {}
    assert sums(closed(month, NOVEMBER)) == {"USD": (0, Decimal(0), 0, Decimal(0), Decimal(5))}
    with pytest.raises(DatabaseError), transaction.atomic():
        Statement.objects.filter(pk=statement.pk).update(month=FIRST)


def test_months_are_closed_in_their_order_when_they_are_over() -> None:
    month = Month()
    closed(month, SEPTEMBER)

    for first in (SEPTEMBER, date(2026, 8, 1), NOVEMBER):
        with pytest.raises(CannotClose):
            closed(month, first)
    closed(month)
    closed(month, NOVEMBER)
    closed(month, date(2026, 12, 1))
    with pytest.raises(CannotClose, match="not over"):
        closed(month, date(2027, 1, 1))


def test_only_the_last_one_is_reopened_with_a_reason_that_stays_in_the_audit() -> None:
    month, user = Month(), user_make()
    statement = month.invoice(line(1, "AR", "utility", 2, "5"))
    october = closed(month)
    november = closed(month, NOVEMBER)

    with pytest.raises(CannotClose):
        month_reopen(october.pk, why="wrong rate", user_id=user.pk)
    with pytest.raises(CannotClose):
        month_reopen(november.pk, why="  ", user_id=user.pk)
    month_reopen(november.pk, why="late invoice", user_id=user.pk)
    month_reopen(october.pk, why="wrong rate", user_id=user.pk)
    with pytest.raises(CannotClose):
        month_reopen(october.pk, why="again", user_id=user.pk)

    statement.refresh_from_db()
    assert statement.closing is None
    entries = LogEntry.objects.get_for_object(october).filter(action=LogEntry.Action.UPDATE)
    assert entries.get().changes_dict["reopened_why"][1] == "wrong rate"
    statement_withdraw(statement.pk, why="was another account's", user_id=user.pk)
    again = closed(month)
    assert (again.pk != october.pk, sums(again)) == (True, {})
    assert proofs() == []


@pytest.mark.django_db(transaction=True)
def test_of_two_who_close_at_once_one_does_and_an_invoice_beside_them_is_in_or_late() -> None:
    month, user = Month(), user_make()

    def act(turn: int) -> str:
        try:
            if turn == 2:
                return str(month.invoice(line(1, "AR", "utility", 2, "5")).month)
            month_close(account_id=month.account.pk, month=FIRST, user_id=user.pk)
        except CannotClose:
            return "refused"
        finally:
            connection.close()
        return "closed"

    with ThreadPoolExecutor(3) as pool:
        outcomes = list(pool.map(act, range(3)))

    assert sorted(outcomes[:2]) == ["closed", "refused"]
    statement, closing = Statement.objects.get(), MonthClosing.objects.get()
    assert (statement.closing_id == closing.pk) is not statement.is_late
    assert proofs() == []


def test_the_books_tell_when_a_closed_figure_is_not_its_rows() -> None:
    month = Month()
    month.delivered(1)
    month.invoice(line(1, "AR", "utility", 2, "5"))
    closed(month)

    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE recontact_closedrow SET amount = amount + 1")
        cursor.execute("UPDATE recontact_statement SET total = 6")
        cursor.execute("UPDATE recontact_comparisonrow SET our_count = 9 WHERE our_count = 1")

    assert set(proofs()) >= {
        "a closed month's figures are those of its rows",
        "what a closed month was invoiced is what its invoices come to",
        "a statement comes to its lines",
        "a comparison's rows are all of its statement and of our messages",
    }
    assert set(proofs()) <= checks().keys()
