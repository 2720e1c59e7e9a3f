"""A statement is stored whole or not at all, and the same one never twice, also when two people bring it at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, transaction

from recontact.models import Statement, StatementLine, StatementMapping, StatementUpload
from recontact.reconciliation.locks import Closed
from recontact.reconciliation.mapping import columns_read
from recontact.reconciliation.storing import (
    NewStatement,
    StatementRefused,
    overlapping,
    statement_store,
    statement_withdraw,
)
from recontact.reconciliation.uploads import Asked, upload_keep, upload_map, upload_read, upload_store, uploads_expire
from tests.factories import user_make
from tests.recontact.reconciliation.stage import FIRST, LAST, Month, line

pytestmark = pytest.mark.django_db

TEXT = "Fecha,Pais,Rubro,Cantidad,Importe\n2026-10-03,Argentina,Avisos,2,0.052\n"


def uploaded(month: Month, text: str = TEXT, *, number: str = "F-1", kind: str = "invoice") -> StatementUpload:
    asked = Asked(kind, number, "USD", FIRST, LAST, "UTC", "delivered")
    return upload_keep(account=month.account, name="oct.csv", body=text.encode(), asked=asked, user_id=user_make().pk)


def mapped(month: Month, text: str = TEXT, *, number: str = "F-1") -> StatementUpload:
    upload = uploaded(month, text, number=number)
    told = {**upload.mapping["columns"], "category": "Rubro"}
    upload_map(upload, columns_read({"columns": told, "words": {"category": {"avisos": "utility"}}}))
    return upload


def test_an_upload_becomes_a_statement_with_its_lines_and_is_forgotten() -> None:
    month = Month()
    month.delivered(3)
    upload = mapped(month)

    statement = upload_store(upload, user_id=upload.created_by_id)

    assert (statement.total, statement.count, statement.lines.count()) == (Decimal("0.052"), 2, 1)
    assert (statement.by_day, statement.by_market, statement.by_category) == (True, True, True)
    assert statement.comparison.differing == 1
    assert not StatementUpload.objects.exists()


def test_the_mapping_is_kept_for_the_next_file_of_the_account_and_of_its_provider() -> None:
    month = Month()
    upload_store(mapped(month), user_id=user_make().pk)
    other = Month()

    for again in (uploaded(month, number="F-2"), uploaded(other)):
        _table, reading = upload_read(again)
        assert [line.category for line in reading.lines] == ["utility"]


def test_a_file_with_a_problem_leaves_nothing_behind() -> None:
    month = Month()
    upload = mapped(month, TEXT + "2026-10-04,Argentina,Avisos,2,minus\n")

    with pytest.raises(StatementRefused) as refused:
        upload_store(upload, user_id=upload.created_by_id)

    assert [(problem.row, problem.column) for problem in refused.value.problems] == [(3, "Importe")]
    assert not Statement.objects.exists()
    assert not StatementLine.objects.exists()
    assert not StatementMapping.objects.exists()


def test_the_same_invoice_is_refused_by_its_number_and_by_its_content() -> None:
    month = Month()
    upload_store(mapped(month), user_id=user_make().pk)

    for again in (mapped(month, TEXT + "2026-10-05,AR,Avisos,1,1\n", number="f-1"), mapped(month, number="F-9")):
        with pytest.raises(StatementRefused):
            upload_store(again, user_id=again.created_by_id)

    assert Statement.objects.count() == StatementLine.objects.count() == 1
    elsewhere = mapped(Month())
    assert upload_store(elsewhere, user_id=elsewhere.created_by_id).number == "F-1"


def test_a_withdrawn_one_may_be_brought_again() -> None:
    month = Month()
    first = upload_store(mapped(month), user_id=user_make().pk)

    statement_withdraw(first.pk, why="wrong month", user_id=user_make().pk)
    upload_store(mapped(month), user_id=user_make().pk)

    assert Statement.objects.filter(withdrawn_at=None).count() == 1
    with pytest.raises(Closed):
        statement_withdraw(first.pk, why="again", user_id=None)


@pytest.mark.django_db(transaction=True)
def test_of_two_imports_of_one_invoice_at_once_one_is_stored() -> None:
    month = Month()
    new = month.new(number="F-7")

    def bring(_turn: int) -> bool:
        try:
            statement_store(new, [line(3, "AR", "utility", 1, "0.026")])
        except StatementRefused:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(4) as pool:
        stored = list(pool.map(bring, range(4)))

    assert sorted(stored) == [False, False, False, True]
    assert Statement.objects.count() == StatementLine.objects.count() == 1


def test_not_even_sql_stores_it_twice_or_changes_a_line() -> None:
    month = Month()
    statement = month.invoice(line(3, "AR", "utility", 1, "0.026"))

    for sql in (
        "UPDATE recontact_statementline SET amount = 1",
        "DELETE FROM recontact_statementline",
        "UPDATE recontact_statement SET total = 1",
        "DELETE FROM recontact_statement",
    ):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)

    assert statement.lines.get().amount == Decimal("0.026")


def test_an_invoice_of_the_same_days_is_told_before_both_count() -> None:
    month = Month()
    first = month.invoice(line(3, "AR", "utility", 1, "0.026"))

    assert overlapping(month.new(first_day=date(2026, 10, 31), last_day=date(2026, 11, 30))) == [first]
    assert overlapping(month.new(first_day=date(2026, 11, 1), last_day=date(2026, 11, 30))) == []
    usage: NewStatement = month.new(kind="usage")
    assert overlapping(usage) == []


def test_an_upload_that_nobody_stores_is_thrown_away_after_a_week() -> None:
    old, _new = uploaded(Month()), uploaded(Month())
    StatementUpload.objects.filter(pk=old.pk).update(created_at="2026-01-01T00:00Z")

    assert uploads_expire() == 1
