"""What keeps storing, withdrawing, comparing and closing apart: one of them at a time for each account."""

from __future__ import annotations

from django.db import connection

from recontact.models import Statement

#: The triggers of Statement take the same one.
_CLASS = 7310419


class Closed(Exception):
    """The month is closed, or the statement was withdrawn: nothing of it changes any more."""


def account_lock(account_id: int) -> None:
    """Hold the account's statements and closings until the transaction ends. Nothing else is locked by whoever holds it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_CLASS, account_id])


def account_try_lock(account_id: int) -> bool:
    """As account_lock, but False at once when somebody else holds it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [_CLASS, account_id])
        return bool(cursor.fetchone()[0])


def statement_lock(statement_id: int) -> Statement:
    """The statement, as it is once its account is held."""
    account_lock(Statement.objects.values_list("account_id", flat=True).get(pk=statement_id))
    return Statement.objects.select_related("account").get(pk=statement_id)
