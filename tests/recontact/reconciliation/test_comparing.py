"""A statement against our messages: worked by hand, and whatever the figures, the rows add up to both sides."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recontact.models import ComparisonRow, Message, Statement
from recontact.reconciliation.comparing import Side, note_add, question_of, rows_of, statement_compare, status_of
from recontact.reconciliation.ours import Key, messages_behind
from tests.factories import user_make
from tests.recontact.reconciliation.stage import Month, line

pytestmark = pytest.mark.django_db

UTILITY = Decimal("0.026")


def found(statement: Statement) -> dict[tuple[int | None, str, str], ComparisonRow]:
    rows = ComparisonRow.objects.filter(comparison__statement=statement)
    return {(row.day.day if row.day else None, row.market, row.category): row for row in rows}


def test_what_both_sides_say_alike_agrees() -> None:
    month = Month()
    month.delivered(3)
    month.delivered(3, reported="0.026")

    statement = month.invoice(line(3, "AR", "utility", 2, "0.052"))

    row = found(statement)[3, "AR", "utility"]
    assert (row.status, row.our_count, row.our_amount) == ("agreed", 2, 2 * UTILITY)
    assert (row.count_difference, row.amount_difference) == (0, Decimal(0))


def test_it_tells_what_differs_and_what_is_missing_on_which_side() -> None:
    month = Month()
    month.delivered(3)
    month.delivered(4, category="marketing")
    month.delivered(5, market="BR")

    statement = month.invoice(
        line(3, "AR", "utility", 2, "0.052"),
        line(5, "BR", "utility", 1, "0.0177"),
        line(6, "AR", "utility", 1, "0.026"),
    )

    rows = found(statement)
    assert {key: row.status for key, row in rows.items()} == {
        (3, "AR", "utility"): "differing",
        (4, "AR", "marketing"): "missing_there",
        (5, "BR", "utility"): "agreed",
        (6, "AR", "utility"): "missing_here",
    }
    differing, missing = rows[3, "AR", "utility"], rows[4, "AR", "marketing"]
    assert (differing.count_difference, differing.amount_difference) == (1, UTILITY)
    assert (missing.count_difference, missing.amount_difference) == (-1, Decimal("-0.0618"))


def test_the_tolerance_is_a_setting_and_counts_have_none() -> None:
    month = Month()
    month.delivered(5, market="BR")
    statement = month.invoice(line(5, "BR", "utility", 1, "0.0177"))

    assert found(statement)[5, "BR", "utility"].status == "agreed"
    statement_compare(statement.pk, tolerance=Decimal(0))
    assert found(statement)[5, "BR", "utility"].status == "differing"
    one_more = Side(2, Decimal(1))
    assert status_of(one_more, Side(1, Decimal(1)), tolerance=Decimal(9), counts=True, amounts=True) == "differing"


def test_a_message_counts_on_the_invoices_own_day() -> None:
    month = Month(zone="America/Bogota")
    month.delivered(2, hour=4)

    by_bogota = month.invoice(line(1, "AR", "utility", 1, "0.026"))
    by_utc = month.invoice(line(2, "AR", "utility", 1, "0.026"), zone="UTC")

    assert (
        {row.status for row in found(by_bogota).values()}
        == {row.status for row in found(by_utc).values()}
        == {"agreed"}
    )


def test_it_can_count_by_the_day_it_was_sent() -> None:
    month = Month()
    message = month.delivered(2)
    Message.objects.filter(pk=message.pk).update(accepted_at="2026-10-01T12:00Z")

    statement = month.invoice(line(1, "AR", "utility", 1, "0.026"), counted_by="sent")

    assert list(found(statement)) == [(1, "AR", "utility")]


def test_an_invoice_without_days_or_countries_is_compared_as_it_is() -> None:
    month = Month()
    month.delivered(3)
    month.delivered(20, market="BR")

    statement = month.invoice(line(None, "", "utility", 2, "0.0337"), by_day=False, by_market=False)

    assert [(key, row.status) for key, row in found(statement).items()] == [((None, "", "utility"), "agreed")]


def test_the_providers_own_fee_is_compared_with_our_fees_where_it_is_told_apart() -> None:
    month = Month()
    month.delivered(3, reported="0.031", fee="0.005")
    month.delivered(4, reported="0.001", fee="0.001", state="failed", billed=False)

    statement = month.invoice(
        line(3, "AR", "utility", 1, "0.026"), line(3, "", "fee", None, "0.005"), line(4, "", "fee", None, "0.001")
    )
    undated = month.invoice(line(3, "AR", "utility", 1, "0.026"), line(None, "", "fee", None, "0.006"))

    assert (
        {row.status for row in found(statement).values()}
        == {row.status for row in found(undated).values()}
        == {"agreed"}
    )
    assert found(undated)[None, "", "fee"].our_amount == Decimal("0.006")


def test_what_is_free_or_in_another_currency_is_not_compared_and_the_latter_is_told() -> None:
    month = Month()
    month.delivered(3, billed=False)
    month.delivered(3, reported="40", currency="ARS")

    statement = month.invoice(line(3, "AR", "utility", 1, "0.026"))

    assert found(statement)[3, "AR", "utility"].status == "missing_here"
    assert statement.comparison.other_currency == 1


def test_a_statement_without_amounts_counts_messages_of_every_currency_and_adds_up_no_amounts() -> None:
    month = Month()
    month.delivered(3)
    month.delivered(3, reported="40", currency="ARS")

    statement = month.invoice(line(3, "AR", "utility", 2, None), kind="usage", number="", currency="")

    row = found(statement)[3, "AR", "utility"]
    assert (row.status, row.our_count, row.our_amount) == ("agreed", 2, None)
    assert (statement.comparison.our_amount, statement.comparison.other_currency) == (Decimal(0), 0)


def test_another_charge_is_theirs_alone() -> None:
    month = Month()

    statement = month.invoice(line(None, "", "other_charge", None, "21.00"))

    row = found(statement)[None, "", "other_charge"]
    assert (row.status, row.amount_difference) == ("missing_here", Decimal(21))


def test_behind_a_row_are_exactly_its_messages() -> None:
    month = Month()
    mine = month.delivered(3)
    with_fee = month.delivered(3, reported="0.031", fee="0.005")
    month.delivered(3, category="marketing")
    month.delivered(4)
    statement = month.invoice(line(3, "AR", "utility", 1, "0.026"), line(3, "", "fee", None, "0.005"))

    asked = question_of(statement)
    of_day = messages_behind(asked, Key(date(2026, 10, 3), "AR", "utility"))
    of_fee = messages_behind(asked, Key(date(2026, 10, 3), "", "fee"))

    assert {each.message_id for each in of_day} == {mine.pk, with_fee.pk}
    assert [(each.message_id, each.fee) for each in of_fee] == [(with_fee.pk, Decimal("0.005"))]


def test_notes_stay_with_their_row_when_it_is_compared_anew() -> None:
    month = Month()
    statement = month.invoice(line(3, "AR", "utility", 1, "0.026"))
    note_add(row=found(statement)[3, "AR", "utility"], text="asked them", user_id=user_make().pk)

    statement_compare(statement.pk)

    assert statement.comparison.notes.get().text == "asked them"


@pytest.mark.parametrize(
    "flags", [(True, True, True), (True, False, True), (False, True, False), (False, False, False)]
)
def test_its_rows_add_up_to_all_messages_and_all_lines(flags: tuple[bool, bool, bool]) -> None:
    month = Month()
    for day, market, category in [
        (1, "AR", "utility"),
        (1, "BR", "marketing"),
        (31, "AR", "marketing"),
        (31, "CL", "utility"),
    ]:
        month.delivered(day, market=market, category=category)
    month.delivered(1, month=11)
    by_day, by_market, by_category = flags
    lines = [
        line(day if by_day else None, market if by_market else "", category if by_category else "", count, amount)
        for day, market, category, count, amount in [(1, "AR", "utility", 3, "0.08"), (9, "BR", "service", 5, "7.7")]
    ]

    statement = month.invoice(*lines, by_day=by_day, by_market=by_market, by_category=by_category)

    rows = list(found(statement).values())
    prices = Decimal("0.026") + Decimal("0.0604") + Decimal("0.0618") + Decimal("0.0077")
    assert sum(row.our_count or 0 for row in rows) == statement.comparison.our_count == 4
    assert sum(row.our_amount or 0 for row in rows) == statement.comparison.our_amount == prices
    assert sum(row.their_count or 0 for row in rows) == statement.count == 8
    assert sum(row.their_amount or 0 for row in rows) == statement.total == Decimal("7.78")


_keys = st.builds(
    Key,
    st.none() | st.dates(date(2026, 10, 1), date(2026, 10, 3)),
    st.sampled_from(["", "AR", "BR"]),
    st.sampled_from(["", "utility", "fee"]),
)
_sides = st.builds(
    Side, st.none() | st.integers(0, 5), st.none() | st.decimals(0, 9, places=6, allow_nan=False, allow_infinity=False)
)


@given(
    theirs=st.dictionaries(_keys, _sides),
    ours=st.dictionaries(_keys, _sides),
    tolerance=st.sampled_from([Decimal(0), Decimal("0.01"), Decimal(5)]),
    counts=st.booleans(),
    amounts=st.booleans(),
)
def test_whatever_the_figures_no_line_and_no_message_is_lost(
    theirs: dict[Key, Side], ours: dict[Key, Side], tolerance: Decimal, counts: bool, amounts: bool
) -> None:
    rows = rows_of(theirs, ours, tolerance=tolerance, counts=counts, amounts=amounts)

    def added(sides: dict[Key, Side], part: Callable[[Side], Decimal | int | None]) -> Decimal | int:
        return sum((part(side) or 0 for side in sides.values()), Decimal(0))

    assert len(rows) == len(theirs.keys() | ours.keys())
    assert sum(row.their_amount or 0 for row in rows) == added(theirs, lambda side: side.amount)
    assert sum(row.our_amount or 0 for row in rows) == added(ours, lambda side: side.amount)
    assert sum(row.their_count or 0 for row in rows) == added(theirs, lambda side: side.count)
    assert sum(row.our_count or 0 for row in rows) == added(ours, lambda side: side.count)
    for row in rows:
        if row.status == "agreed" and amounts:
            theirs_less_ours = (row.their_amount or Decimal(0)) - (row.our_amount or Decimal(0))
            assert row.their_amount is None or abs(theirs_less_ours) <= tolerance
