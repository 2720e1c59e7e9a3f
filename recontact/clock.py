"""The database's clock: due, lease and expiry are compared with it, never with a worker's own."""

from __future__ import annotations

from datetime import datetime

from django.db import connection

from providers.clock import ClockTimestamp

__all__ = ["ClockTimestamp", "database_now"]


def database_now() -> datetime:
    """The database's moment, aware."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        moment: datetime = cursor.fetchone()[0]
    return moment
