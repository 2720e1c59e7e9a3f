"""How the database means to read something, whatever it happens to know of the tests' few rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import connection


def plan_explain(
    statement: str,
    arguments: Sequence[Any] | None = None,
    *,
    without: Sequence[str] = (),
    large: bool = False,
    only: Sequence[str] = (),
) -> str:
    """The plan of a statement, inside the test's transaction.

    `without`: what it shall do only if there is no other way ("seqscan", "sort", ...), for of a handful of rows every plan is
    as good. `only`: the indexes that their tables are left with: where an index is asked whether it can serve, no other one that
    is cheaper today shall answer. `large`: as if each table that has a row had a million. What autovacuum last counted, on the
    rows of some other test, is forgotten first: by it a table may be empty, and then every index serves. Without any count
    PostgreSQL takes a table for ten pages at least.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT pg_clear_relation_stats(n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
               WHERE n.nspname = 'public' AND c.relkind IN ('r', 'i')"""
        )
        cursor.execute(
            """DELETE FROM pg_statistic WHERE starelid IN
               (SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'public')"""
        )
        if large:
            # So many to a page: the pages themselves are counted anew for each plan.
            cursor.execute(
                """SELECT pg_restore_relation_stats('schemaname', n.nspname::text, 'relname', c.relname::text,
                                                    'relpages', 1, 'reltuples', 1000000::real)
                   FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'public' AND c.relkind = 'r'"""
            )
        cursor.execute(
            """UPDATE pg_index SET indisvalid = false WHERE indexrelid <> ALL(%(left)s::regclass[])
               AND indrelid IN (SELECT indrelid FROM pg_index WHERE indexrelid = ANY(%(left)s::regclass[]))""",
            {"left": list(only)},
        )
        for way in without:
            cursor.execute(f"SET LOCAL enable_{way} = off")
        # A prepared one, as it was captured, is planned without its values.
        generic = "(GENERIC_PLAN)" if arguments is None and "$1" in statement else ""
        cursor.execute(f"EXPLAIN {generic} {statement}", arguments)
        return "\n".join(row[0] for row in cursor.fetchall())


@contextmanager
def joined_by_loops() -> Iterator[None]:
    """The database joins in the one way that looks at the inner side anew for each row of the outer one."""
    ways = ("hashjoin", "mergejoin", "hashagg", "sort", "material", "indexscan", "bitmapscan", "indexonlyscan")
    with connection.cursor() as cursor:
        for way in ways:
            cursor.execute(f"SET enable_{way} = off")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            for way in ways:
                cursor.execute(f"RESET enable_{way}")
