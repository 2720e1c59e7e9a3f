"""Storing many new messages by COPY, their estimates by price, and new customers as one JSON text: a fraction of the time of an
INSERT with as many places."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from operator import itemgetter

import orjson
from django.db import connection

from recontact.arrays import array_literal
from recontact.clock import database_now
from recontact.copy_rows import rows_copy
from recontact.costs.estimate import Estimate, estimate_entry
from recontact.models import CostEntry, Customer, Message


def messages_copy(messages: Sequence[Message]) -> None:
    """Store these new messages, in the caller's transaction. They get their ids and the database's moment."""
    now = database_now()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)",
            [Message._meta.db_table, len(messages)],
        )
        ids = [row[0] for row in cursor.fetchall()]
    for message, pk in zip(messages, ids, strict=True):
        message.pk, message.created_at = pk, now
    rows_copy(Message, messages)


def estimates_insert(messages: Sequence[Message], estimates: Sequence[Estimate]) -> None:
    """Append each message's estimate to its cost entries, in the caller's transaction: a statement for each price there is."""
    of_price: dict[Estimate, list[Message]] = defaultdict(list)
    for message, estimate in zip(messages, estimates, strict=True):
        of_price[estimate].append(message)
    fields = [field for field in CostEntry._meta.concrete_fields if field.column not in ("id", "message_id")]
    columns = ", ".join(connection.ops.quote_name(field.column or "") for field in fields)
    now = database_now()
    with connection.cursor() as cursor:
        for estimate, priced in of_price.items():
            entry = estimate_entry(message=priced[0], estimate=estimate)
            entry.created_at = now
            cursor.execute(
                _ESTIMATES.format(columns=columns, values=", ".join(["%s"] * len(fields))),
                [
                    *(field.get_db_prep_save(getattr(entry, field.attname), connection) for field in fields),
                    array_literal(each.pk for each in priced),
                ],
            )


_ESTIMATES = """
    INSERT INTO recontact_costentry ({columns}, message_id) SELECT {values}, unnest(%s::bigint[])
"""


def cost_entries_copy(entries: Sequence[CostEntry]) -> None:
    """Append these entries, each of its own amount, in the caller's transaction. They get no id here."""
    now = database_now()
    for entry in entries:
        entry.created_at = now
    rows_copy(CostEntry, entries, left_out="id")


def customers_insert(customers: Sequence[Customer]) -> dict[str, int]:
    """Store these new customers, but for those whose phone somebody else's has by now. Returns the ids by phone."""
    if not customers:
        return {}
    now = database_now().isoformat()
    fields = [field for field in Customer._meta.concrete_fields if field.column != "id"]
    names = [field.column or "" for field in fields]
    read = itemgetter(*(field.attname for field in fields))
    rows = [dict(zip(names, read(each.__dict__), strict=True), created_at=now) for each in customers]
    columns = ", ".join(connection.ops.quote_name(field.column or "") for field in fields)
    with connection.cursor() as cursor:
        cursor.execute(_CUSTOMERS.format(columns=columns), [orjson.dumps(rows).decode()])
        return dict(cursor.fetchall())


_CUSTOMERS = """
    INSERT INTO recontact_customer ({columns})
    SELECT {columns} FROM json_populate_recordset(NULL::recontact_customer, %s::json)
    ON CONFLICT DO NOTHING RETURNING phone, id
"""
