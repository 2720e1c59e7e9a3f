"""Writing millions of rows quickly: no triggers, no syncing, and the indexes once at the end."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence

from django.db import connection

#: While rows are written nothing has to outlast a power cut: rows half written are thrown away.
_CARELESS = {"fsync": "off", "full_page_writes": "off", "max_wal_size": "'16GB'", "checkpoint_timeout": "'1h'"}
_INDEXES = """
    SELECT pg_get_indexdef(i.indexrelid), i.indexrelid::regclass::text FROM pg_index i
    WHERE i.indrelid = %s::regclass AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid)
"""
_UNIQUE = """
    SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint u WHERE conrelid = %s::regclass AND contype = 'u'
    AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = u.conindid AND c.contype = 'f')
"""


@contextlib.contextmanager
def filling(tables: Sequence[str]) -> Iterator[None]:
    """Rows of these tables are written inside; afterwards all is as it was, synced, vacuumed and analysed."""
    with connection.cursor() as cursor:
        _settings(careless=True)
        # The triggers guard what the portal does; here they would only take time.
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("SET work_mem = '256MB'; SET maintenance_work_mem = '1GB'; SET synchronous_commit = off")
        again = [statement for table in tables for statement in _taken_off(table)]
        yield
        for statement in again:
            cursor.execute(statement)
        cursor.execute("RESET session_replication_role; RESET work_mem; RESET synchronous_commit")
        cursor.execute(f"VACUUM ANALYZE {', '.join(tables)}")
        cursor.execute("RESET maintenance_work_mem")
        _settings(careless=False)
        # With the settings that sync: what was written without is on the disk from here on.
        cursor.execute("CHECKPOINT")


def _taken_off(table: str) -> list[str]:
    """Drop what slows the writing of a table; the statements that bring it back."""
    again = []
    with connection.cursor() as cursor:
        cursor.execute(_UNIQUE, [table])
        for name, definition in cursor.fetchall():
            cursor.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
            again.append(f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {definition}')
        cursor.execute(_INDEXES, [table])
        for definition, name in cursor.fetchall():
            cursor.execute(f"DROP INDEX {name}")
            again.append(definition)
    return again


def _settings(*, careless: bool) -> None:
    with connection.cursor() as cursor:
        for name, value in _CARELESS.items():
            cursor.execute(f"ALTER SYSTEM SET {name} = {value}" if careless else f"ALTER SYSTEM RESET {name}")
        cursor.execute("SELECT pg_reload_conf()")
