"""Credits: a negative amount is one where the mapping or the statement says so; then every sum is lower by it."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from providers.rates.files import table_read
from recontact.costs.asked import Question
from recontact.costs.invoiced import invoiced_grouped
from recontact.models import ComparisonRow, StatementUpload
from recontact.reconciliation.closing import invoiced_in, month_close
from recontact.reconciliation.mapping import Columns, columns_guess, columns_read
from recontact.reconciliation.reading import Line, Reading, statement_read
from recontact.reconciliation.uploads import Asked, upload_keep, upload_map, upload_read, upload_store
from tests.factories import user_make
from tests.recontact.reconciliation.stage import FIRST, LAST, Month, line
from tests.recontact.reconciliation.test_closing import in_january, proofs
from tests.recontact.reconciliation.test_reading import HEADER, reasons

__all__ = ["in_january"]
pytestmark = pytest.mark.django_db

INVOICE = HEADER + "2026-10-03,AR,utility,3,0.078,USD\n2026-10-03,AR,utility,1,-0.026,USD\n"


def read(text: str, *, are_credits: bool = False, is_credit_note: bool = False) -> Reading:
    table = table_read(text.encode())
    columns = columns_guess(table.rows[0][1], Columns(credits=are_credits))
    return statement_read(table, columns, currency="USD", first=FIRST, last=LAST, is_credit_note=is_credit_note)


def credit(day: int, market: str, category: str, amount: str, count: int | None = None) -> Line:
    plain = line(day, market, category, count, amount)
    return Line(plain.row, plain.day, market, category, count, plain.amount, is_credit=True)


def uploaded(month: Month, text: str, *, kind: str, number: str) -> StatementUpload:
    asked = Asked(kind, number, "USD", FIRST, LAST, "UTC", "delivered")
    return upload_keep(account=month.account, name="oct.csv", body=text.encode(), asked=asked, user_id=user_make().pk)


def test_a_negative_amount_is_refused_with_what_to_say_if_it_is_a_credit() -> None:
    reading = read(INVOICE)

    assert reasons(reading) == [(3, "Amount")]
    assert "say that negative amounts are credits" in reading.problems[0].reason


def test_where_the_mapping_says_so_it_is_a_credit() -> None:
    reading = read(INVOICE, are_credits=True)

    assert (reading.problems, reading.credits) == ([], 1)
    assert (reading.total, reading.count) == (Decimal("0.052"), 3)
    [taken_away] = read(HEADER + "2026-10-03,AR,utility,-1,-0.026,USD\n", are_credits=True).lines
    assert taken_away.count == -1
    assert reasons(read(HEADER + "2026-10-03,AR,utility,-1,0.026,USD\n", are_credits=True)) == [(2, "Messages")]


@pytest.mark.parametrize("sign", ["", "-"])
def test_of_a_credit_note_all_is_a_credit_with_a_minus_or_without(sign: str) -> None:
    text = f"{HEADER}2026-10-03,AR,utility,{sign}2,{sign}0.052,USD\n,,IVA,,{sign}0.01,USD\n"

    reading = read(text, is_credit_note=True)

    assert reading.problems == []
    assert [(each.amount, each.count, each.is_credit) for each in reading.lines] == [
        (Decimal("-0.052"), None, True),
        (Decimal("-0.01"), None, True),
    ]


def test_a_credit_note_with_amounts_of_both_signs_is_refused() -> None:
    assert reasons(read(INVOICE, is_credit_note=True)) == [(0, "Amount")]


def test_what_the_mapping_says_is_kept_for_the_next_file() -> None:
    month = Month()
    upload = uploaded(month, INVOICE, kind="invoice", number="F-1")
    assert upload_read(upload)[1].problems
    upload_map(upload, columns_read({**upload.mapping, "credits": True}))
    upload_store(upload, user_id=upload.created_by_id)

    again = uploaded(month, INVOICE.replace("0.078", "0.08"), kind="invoice", number="F-2")

    assert not upload_read(again)[1].problems


def test_a_credit_within_an_invoice_lowers_its_row() -> None:
    month = Month()
    month.delivered(3)

    statement = month.invoice(line(3, "AR", "utility", 1, "0.052"), credit(3, "AR", "utility", "-0.026"))

    row = ComparisonRow.objects.get()
    assert (row.status, row.their_amount, row.their_count) == ("agreed", Decimal("0.026"), 1)
    assert statement.total == Decimal("0.026")


def test_a_credit_note_is_held_against_no_messages_and_lowers_what_was_invoiced() -> None:
    month = Month()
    month.delivered(3)
    month.invoice(line(3, "AR", "utility", 1, "5"))

    upload = uploaded(month, HEADER + "2026-10-03,AR,utility,1,4.974,USD\n", kind="credit", number="NC-1")
    note = upload_store(upload, user_id=upload.created_by_id)

    assert (note.total, note.count) == (Decimal("-4.974"), None)
    found = note.comparison
    assert (found.our_count, found.our_amount, found.agreed) == (0, Decimal(0), 1)
    closing = month_close(account_id=month.account.pk, month=FIRST, user_id=user_make().pk)
    assert [(each.amount, each.invoiced) for each in closing.sums.all()] == [(Decimal("0.026"), Decimal("0.026"))]
    assert proofs() == []


def test_not_even_sql_stores_a_negative_amount_that_is_no_credit() -> None:
    month = Month()

    for wrong in (line(3, "AR", "utility", 1, "-5"), credit(3, "AR", "utility", "-5", 2), credit(3, "", "", "5")):
        with pytest.raises(IntegrityError), transaction.atomic():
            month.invoice(wrong)


_amounts = st.decimals(-5, 5, places=2, allow_nan=False, allow_infinity=False)
_lines = st.lists(
    st.tuples(st.integers(1, 3), st.sampled_from(["AR", "BR"]), _amounts.filter(bool)), min_size=1, max_size=5
)


@settings(max_examples=10, deadline=None)
@given(invoice=_lines, note=_lines)
def test_whatever_is_credited_comparison_costs_and_closing_come_to_the_lines(
    invoice: list[tuple[int, str, Decimal]], note: list[tuple[int, str, Decimal]]
) -> None:
    month = Month()
    month.delivered(1)
    first = month.invoice(
        *(
            credit(day, market, "utility", str(amount)) if amount < 0 else line(day, market, "utility", 1, str(amount))
            for day, market, amount in invoice
        )
    )
    second = month.invoice(
        *(credit(day, market, "utility", str(-abs(amount))) for day, market, amount in note), kind="credit"
    )
    invoiced = sum((amount for _day, _market, amount in invoice), Decimal(0))
    credited = sum((abs(amount) for _day, _market, amount in note), Decimal(0))

    assert (first.total, second.total) == (invoiced, -credited)
    assert (first.comparison.our_amount, second.comparison.our_amount) == (Decimal("0.026"), Decimal(0))
    for statement in (first, second):
        assert sum(row.their_amount or 0 for row in statement.comparison.rows.all()) == statement.total
    assert invoiced_in(month.account.pk, FIRST) == {"USD": invoiced - credited}
    for by in ((), ("day",), ("day", "market"), ("category",)):
        question = Question(FIRST, LAST, by=by, currency="USD", only={"account": str(month.account.pk)})
        found = invoiced_grouped(question)
        assert found.total == sum((found.groups or {}).values()) == invoiced - credited
    closing = month_close(account_id=month.account.pk, month=FIRST, user_id=user_make().pk)
    assert closing.sums.get().invoiced == invoiced - credited
    assert proofs() == []
