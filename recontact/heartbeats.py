"""Signs of life: when a part of the portal last showed, in the database, that it is alive."""

from __future__ import annotations

from django.db import connection

from recontact.models import Heartbeat

BEAT = "beat"
DISPATCHER = "dispatcher"
FETCHER = "fetcher"


def heartbeat_record(*, name: str) -> None:
    """Note that this part is alive at the database's moment."""
    table = connection.ops.quote_name(Heartbeat._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} (name, at) VALUES (%s, clock_timestamp())"  # noqa: S608 - the table's own name
            " ON CONFLICT (name) DO UPDATE SET at = EXCLUDED.at",
            [name],
        )


def heartbeat_ages() -> dict[str, float]:
    """Seconds since each part's last sign of life, by its name; a part that never gave one is not in it."""
    table = connection.ops.quote_name(Heartbeat._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT name, extract(epoch FROM clock_timestamp() - at) FROM {table}")  # noqa: S608
        return {name: float(age) for name, age in cursor.fetchall()}
