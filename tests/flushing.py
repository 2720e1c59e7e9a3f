"""How the database is emptied after a transactional test: past the triggers that refuse it, and only what has rows.

Django empties a hundred tables, which makes a thousand files anew, and then has every app look after its permissions and roles
again. Here what is empty is left alone, and what the apps made the first time is put back.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

from django.core.management.color import Style
from django.core.management.commands import flush
from django.core.management.sql import emit_post_migrate_signal
from django.db import OperationalError, connections
from django.db.backends.postgresql.operations import DatabaseOperations

TRIES = 10
#: They follow from the code, and other processes (workers) remember their ids.
_STAY = ("django_content_type", "auth_permission")
#: What the apps make in an empty database is remembered here; anew in each session, because it follows from the code.
_KEPT = "kept_by_the_tests"
#: Under the locks that TRUNCATE takes: a worker may be at its last query. Of a table that is large the file goes too. No
#: trigger is asked, neither those that refuse it nor those of foreign keys.
_EMPTY = """
DO $$
DECLARE
    name text;
    is_filled boolean;
    large text := '';
BEGIN
    LOCK TABLE {tables} IN ACCESS EXCLUSIVE MODE;
    SET LOCAL session_replication_role = replica;
    FOREACH name IN ARRAY ARRAY[{names}] LOOP
        EXECUTE format('SELECT EXISTS (SELECT 1 FROM %I)', name) INTO is_filled;
        IF pg_relation_size(quote_ident(name)::regclass) > 1048576 THEN
            large := large || ', ' || quote_ident(name);
        ELSIF is_filled THEN
            EXECUTE format('DELETE FROM %I', name);
        END IF;
    END LOOP;
    IF large <> '' THEN
        EXECUTE 'TRUNCATE ' || ltrim(large, ', ') || ' CASCADE';
    END IF;
END $$;
"""
_KEEP = f"""
DO $$
DECLARE
    name text;
    is_filled boolean;
BEGIN
    DROP SCHEMA IF EXISTS {_KEPT} CASCADE;
    CREATE SCHEMA {_KEPT};
    FOREACH name IN ARRAY ARRAY[{{names}}] LOOP
        EXECUTE format('SELECT EXISTS (SELECT 1 FROM %I)', name) INTO is_filled;
        IF is_filled THEN
            EXECUTE format('CREATE TABLE {_KEPT}.%I AS TABLE public.%I', name, name);
        END IF;
    END LOOP;
END $$;
"""
_PUT_BACK = f"""
DO $$
DECLARE
    name text;
BEGIN
    SET LOCAL session_replication_role = replica;
    FOR name IN SELECT relname FROM pg_class WHERE relnamespace = '{_KEPT}'::regnamespace AND relkind = 'r' LOOP
        EXECUTE format('INSERT INTO public.%I SELECT * FROM {_KEPT}.%I', name, name);
    END LOOP;
END $$;
"""


def flush_quickly() -> None:
    """Let Django's flush do that, from now on."""
    DatabaseOperations.sql_flush = _sql_flush  # type: ignore[method-assign, assignment]
    _flush_again_after_deadlocks()
    _put_back_what_apps_make()


def _sql_flush(self: DatabaseOperations, _style: Style, tables: list[str], **_options: Any) -> list[str]:
    emptied = _emptied(tables)
    quoted = ", ".join(self.quote_name(table) for table in emptied)
    return [_EMPTY.format(tables=quoted, names=_literals(emptied))] if emptied else []


def _emptied(tables: Iterable[str]) -> list[str]:
    return [table for table in tables if table not in _STAY]


def _literals(names: Iterable[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)


def _flush_again_after_deadlocks() -> None:
    """A worker that is still at its last query locks tables in another order than the flush; one of both gives way."""
    execute = DatabaseOperations.execute_sql_flush

    def execute_again(self: DatabaseOperations, statements: Iterable[str]) -> None:
        again = list(statements)
        for _ in range(TRIES - 1):
            try:
                return execute(self, again)
            except OperationalError:
                time.sleep(0.2)
        return execute(self, again)

    DatabaseOperations.execute_sql_flush = execute_again  # type: ignore[method-assign, assignment]


def _put_back_what_apps_make() -> None:
    """In place of the signal by which the apps make it: only the first flush of each database in a session sends it."""
    kept: set[tuple[str, str]] = set()

    def put_back(verbosity: int, interactive: bool, db: str, **options: Any) -> None:
        connection = connections[db]
        # A test may lead everything to a server of its own.
        which = (str(connection.settings_dict["OPTIONS"].get("host", "")), connection.settings_dict["NAME"])
        if which not in kept:
            emit_post_migrate_signal(verbosity, interactive, db, **options)
        with connection.cursor() as cursor:
            if which in kept:
                cursor.execute(_PUT_BACK)
            else:
                names = _emptied(connection.introspection.django_table_names(only_existing=True, include_views=False))
                cursor.execute(_KEEP.format(names=_literals(names)))
                kept.add(which)

    flush.emit_post_migrate_signal = put_back  # type: ignore[attr-defined]  # it imports it without naming it
