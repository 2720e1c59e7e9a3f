"""The 24-hour service window of a customer with a sender number."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import connection

from recontact.models import ServiceWindow
from recontact.prepared import Prepared

WINDOW = timedelta(hours=24)


def window_extend(
    *, customer_id: int, sender_number_id: int, inbound_at: datetime, from_advertisement: bool = False
) -> None:
    """The customer wrote at `inbound_at`: the window is open until 24 h later. An older message never shortens it, nor does one
    that came by no advertisement take away that he came by one."""
    table = ServiceWindow._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            INSERT INTO {table} AS w (customer_id, sender_number_id, last_inbound_at, expires_at, entry_point_at)
            VALUES (%s, %s, %s, %s, %s)
            ON CONFLICT (customer_id, sender_number_id) DO UPDATE
            SET last_inbound_at = greatest(w.last_inbound_at, EXCLUDED.last_inbound_at),
                expires_at = greatest(w.expires_at, EXCLUDED.expires_at),
                entry_point_at = greatest(w.entry_point_at, EXCLUDED.entry_point_at)
            WHERE w.last_inbound_at < EXCLUDED.last_inbound_at
               OR EXCLUDED.entry_point_at > coalesce(w.entry_point_at, '-infinity')
            """,  # noqa: S608 -- the table's own name
            [
                customer_id,
                sender_number_id,
                inbound_at,
                inbound_at + WINDOW,
                inbound_at if from_advertisement else None,
            ],
        )


def window_expires_at(*, customer_id: int, sender_number_id: int) -> datetime | None:
    """When the window closes (or closed); None when the customer never wrote to this number."""
    return next(iter(_EXPIRES(customer=customer_id, number=sender_number_id)), None)


_EXPIRES = Prepared(
    lambda customer, number: ServiceWindow.objects.filter(customer=customer, sender_number=number).values_list(
        "expires_at", flat=True
    )
)
