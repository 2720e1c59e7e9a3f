"""A provider's file becomes lines, or every reason why not, by row and column."""

from __future__ import annotations

import io
from datetime import date
from decimal import Decimal
from typing import Any

import openpyxl
import pytest

from providers.rates.files import table_read
from recontact.reconciliation.mapping import Columns, columns_guess
from recontact.reconciliation.numbers import amount_read, count_read, days_read, decimal_mark
from recontact.reconciliation.reading import Reading, statement_read
from tests.recontact.reconciliation.stage import FIRST, LAST

HEADER = "Day,Country,Category,Messages,Amount,Currency\n"


def read(text: str | bytes, *, words: dict[str, dict[str, str]] | None = None, currency: str = "USD") -> Reading:
    table = table_read(text if isinstance(text, bytes) else text.encode())
    columns = columns_guess(table.rows[0][1], Columns(words=words or {}))
    return statement_read(table, columns, currency=currency, first=FIRST, last=LAST)


def reasons(reading: Reading) -> list[tuple[int, str]]:
    return [(problem.row, problem.column) for problem in reading.problems]


def test_a_plain_file_is_read_by_the_names_of_its_columns() -> None:
    reading = read(HEADER + "2026-10-03,Argentina,Utility,2,0.052,USD\n2026-10-04,BR,marketing,1,0.0604,usd\n")

    assert reading.problems == []
    first, second = reading.lines
    assert (first.day, first.market, first.category, first.count, first.amount) == (
        date(2026, 10, 3), "AR", "utility", 2, Decimal("0.052"),
    )  # fmt: skip
    assert (second.market, second.row) == ("BR", 3)
    assert (reading.count, reading.total) == (3, Decimal("0.1124"))


def test_a_spanish_file_with_commas_and_points_the_other_way_round_is_read_too() -> None:
    reading = read(
        "Fecha;País;Categoría;Cantidad;Importe\n3/10/2026;Argentina;Utilidad;1.200;1.031,20\n14/10/2026;AR;marketing;1;0,5\n"
    )

    assert reading.problems == []
    assert [(line.day, line.count, line.amount) for line in reading.lines] == [
        (date(2026, 10, 3), 1200, Decimal("1031.20")),
        (date(2026, 10, 14), 1, Decimal("0.5")),
    ]


def test_a_workbook_is_read_as_it_is_with_its_days_and_numbers() -> None:
    book = openpyxl.Workbook()
    sheet: Any = book.active
    sheet.append(["Date", "Country", "Type", "Quantity", "Total"])
    sheet.append([date(2026, 10, 3), "Argentina", "AUTHENTICATION-INTERNATIONAL", 3, 0.1 + 0.2])
    body = io.BytesIO()
    book.save(body)

    [line] = read(body.getvalue()).lines

    assert (line.day, line.category, line.count, line.amount) == (
        date(2026, 10, 3), "authentication_international", 3, Decimal("0.3"),
    )  # fmt: skip


def test_fees_other_charges_and_sums_are_told_from_messages() -> None:
    reading = read(
        HEADER + "2026-10-03,AR,utility,2,0.052,USD\n,,Platform fee,2,0.01,USD\n,,IVA,,0.02,USD\n,,Total,,0.082,USD\n"
    )

    assert reading.problems == []
    assert [(line.category, line.market, line.count) for line in reading.lines] == [
        ("utility", "AR", 2), ("fee", "", None), ("other_charge", "", None),
    ]  # fmt: skip
    assert (reading.sums, reading.total) == (1, Decimal("0.082"))


def test_words_that_nobody_knows_are_asked_for_once_and_then_known() -> None:
    text = HEADER + "2026-10-03,Argentine,Promo,2,0.1,USD\n2026-10-04,Argentine,promo,2,0.1,USD\n"

    reading = read(text)
    known = read(text, words={"category": {"promo": "marketing"}, "market": {"argentine": "AR"}})

    assert reading.unknown == {"category": ["Promo"], "market": ["Argentine"]}
    assert reasons(reading) == [(2, "Category"), (2, "Country"), (3, "Category"), (3, "Country")]
    assert {(line.market, line.category) for line in known.lines} == {("AR", "marketing")}


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("2026-10-03,AR,utility,2,abc,USD", "Amount"),
        ("2026-10-03,AR,utility,2,,USD", "Amount"),
        ("2026-10-03,AR,utility,2,-0.05,USD", "Amount"),
        ("2026-10-03,AR,utility,2,1e3,USD", "Amount"),
        ("2026-10-03,AR,utility,2,NaN,USD", "Amount"),
        ("2026-10-03,AR,utility,2,Infinity,USD", "Amount"),
        ("2026-10-03,AR,utility,2,=1+1,USD", "Amount"),
        ("2026-10-03,AR,utility,2,9999999999999,USD", "Amount"),
        ("2026-10-03,AR,utility,-2,0.05,USD", "Messages"),
        ("2026-10-03,AR,utility,2.5,0.05,USD", "Messages"),
        ("2026-10-03,AR,utility,2,0.05,EUR", "Currency"),
        ("2026-10-03,AR,utility,2,0.05,", "Currency"),
        ("2026-11-03,AR,utility,2,0.05,USD", "Day"),
        ("someday,AR,utility,2,0.05,USD", "Day"),
        (",AR,utility,2,0.05,USD", "Day"),
        ("2026-10-03,Atlantis,utility,2,0.05,USD", "Country"),
        ("2026-10-03,,utility,2,0.05,USD", "Country"),
        ("2026-10-03,AR,gossip,2,0.05,USD", "Category"),
        ("2026-10-03,AR,,2,0.05,USD", "Category"),
    ],
)
def test_what_is_wrong_is_named_by_row_and_column(row: str, column: str) -> None:
    reading = read(HEADER + "2026-10-02,AR,utility,1,0.026,USD\n" + row + "\n")

    assert reasons(reading) == [(3, column)]
    assert reading.problems[0].reason


def test_a_column_that_is_missing_or_stands_there_twice_is_named() -> None:
    no_amount = read("Day,Country\n2026-10-03,AR\n")
    twice = read("Day,Amount,Amount\n2026-10-03,1,2\n")
    gone = statement_read(
        table_read(b"Day,Amount\n2026-10-03,1\n"),
        Columns({"amount": "Amount", "market": "Land"}),
        currency="USD",
        first=FIRST,
        last=LAST,
    )

    assert [problem.column for problem in no_amount.problems] == ["Amount"]
    assert [problem.column for problem in twice.problems] == ["Amount"]
    assert [problem.column for problem in gone.problems] == ["Land"]


def test_lines_that_come_to_more_than_can_be_kept_are_refused_before_they_are_stored() -> None:
    row = "2026-10-03,AR,utility,{count},{amount},USD\n"
    amounts = read(HEADER + row.format(count=1, amount=600_000_000_000) * 2)
    counts = read(HEADER + row.format(count=999_999_999_999_999, amount=1) * 2)

    assert reasons(amounts) == [(0, "Amount")]
    assert reasons(counts) == [(0, "Messages")]


def test_a_file_without_lines_says_so() -> None:
    assert reasons(read(HEADER)) == [(0, "")]


@pytest.mark.parametrize(
    ("column", "comma", "amounts"),
    [
        (["1,234.50", "0.5"], False, ["1234.50", "0.5"]),
        (["1.234,50", "0,5"], True, ["1234.50", "0.5"]),
        (["1,234", "2,345"], False, ["1234", "2345"]),
        (["1,5", "2,345"], False, ["1.5", "2.345"]),
        (["1.5", "1234"], True, ["1.5", "1234"]),
        (["US$ 3.20", "$1,000.00"], False, None),
        (["$3.20", "€ 1,000.00"], False, ["3.20", "1000"]),
        (["0.1234565"], False, ["0.123456"]),
    ],
)
def test_a_column_of_amounts_is_read_in_one_way(column: list[str], comma: bool, amounts: list[str] | None) -> None:
    mark = decimal_mark(column, comma_is_decimal=comma)

    found = [amount_read(text, mark) for text in column]

    assert found == ([Decimal(each) for each in amounts] if amounts else [None, Decimal(1000)])


def test_days_are_read_in_the_one_way_that_fits_the_period() -> None:
    assert days_read(["03/10/2026", "10/10/2026"], first=FIRST, last=LAST) == [date(2026, 10, 3), date(2026, 10, 10)]
    assert days_read(["10/03/2026", "10/10/2026"], first=FIRST, last=LAST) == [date(2026, 10, 3), date(2026, 10, 10)]
    assert days_read(["2026-10-03T00:00:00Z", "20261004"], first=FIRST, last=LAST) == [date(2026, 10, 3), None]


def test_counts_have_thousands_or_not() -> None:
    found = [count_read(text) for text in ("1200", "1,200", "1.200", "12.0", "1.5", "", "x", "-3")]

    assert found == [1200, 1200, 1200, 12, None, None, None, -3]
