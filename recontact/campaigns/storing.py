"""Storing many new messages by COPY, their estimates by price, and new customers column by column: a fraction of the time of an
INSERT with as many places."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

from django.db import connection
from psycopg.sql import quote

from recontact.arrays import array_literal
from recontact.clock import database_now
from recontact.copy_rows import rows_copy
from recontact.costs.estimate import Estimate, estimate_entry
from recontact.models import CostEntry, Customer, Message

# The sequence is looked up once, not for each id.
_IDS = """
    SELECT array_agg(nextval(s.sequence)), min(s.moment)
    FROM (SELECT pg_get_serial_sequence(%s, 'id')::regclass AS sequence, clock_timestamp() AS moment OFFSET 0) AS s,
         generate_series(1, %s)
"""


def messages_copy(messages: Sequence[Message]) -> None:
    """Store these new messages, in the caller's transaction. They get their ids and the database's moment."""
    if not messages:
        return
    with connection.cursor() as cursor:
        cursor.execute(_IDS, [Message._meta.db_table, len(messages)])
        ids, now = cursor.fetchone()
    for message, pk in zip(messages, ids, strict=True):
        message.id, message.created_at = pk, now
    rows_copy(Message, messages)


def estimates_insert(messages: Sequence[Message], estimates: Sequence[Estimate]) -> None:
    """Append each message's estimate to its cost entries, of the message's moment, in the caller's transaction: a statement for
    each price there is."""
    # By what is the same object: an estimator makes one for each price, and telling two apart by all they hold takes a while.
    of_price: dict[int, list[Message]] = defaultdict(list)
    for message, estimate in zip(messages, estimates, strict=True):
        of_price[id(estimate)].append(message)
    made = {id(estimate): estimate for estimate in estimates}
    fields = [field for field in CostEntry._meta.concrete_fields if field.column not in ("id", "message_id")]
    columns = ", ".join(connection.ops.quote_name(field.column or "") for field in fields)
    with connection.cursor() as cursor:
        for which, priced in of_price.items():
            entry = estimate_entry(message=priced[0], estimate=made[which])
            entry.created_at = priced[0].created_at
            cursor.execute(
                _ESTIMATES.format(columns=columns, values=", ".join(["%s"] * len(fields))),
                [
                    *(field.get_db_prep_save(getattr(entry, field.attname), connection) for field in fields),
                    array_literal(each.id for each in priced),
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


class NewCustomer(NamedTuple):
    """What new customers of a campaign do not have in common, by their columns."""

    phone: str
    name: str
    country: str
    search: str
    sort_name: str


def customers_insert(customers: Sequence[NewCustomer]) -> dict[str, int]:
    """Store these new customers, but for those whose phone somebody else's has by now. Returns the ids by phone."""
    if not customers:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_customers_sql(), list(map(array_literal, zip(*customers, strict=True))))
        return dict(cursor.fetchall())


@cache
def _customers_sql() -> str:
    """The statement, with what all new customers have in common written into it."""
    own = NewCustomer._fields
    common = [field for field in Customer._meta.concrete_fields if field.column not in ("id", "created_at", *own)]
    nobody = Customer()
    values = [quote(field.get_db_prep_save(getattr(nobody, field.attname), connection)) for field in common]
    return f"""
        INSERT INTO recontact_customer ({", ".join((*own, *(field.column or "" for field in common)))}, created_at)
        SELECT p.*, {", ".join(value.replace("%", "%%") for value in values)}, (SELECT clock_timestamp())
        FROM unnest({", ".join(["%s::text[]"] * len(own))}) AS p
        ON CONFLICT (phone) WHERE phone IS NOT NULL DO NOTHING RETURNING phone, id
    """  # noqa: S608 -- columns and defaults of the model
