"""Long lists as one place of a statement: PostgreSQL's array literals, and the lookup `among` that compares with one.

`__in` makes one place of each value, and writing five hundred of them down takes longer than the query that they are for.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.sql.compiler import SQLCompiler


def array_literal(values: Iterable[int | str | None]) -> str:
    """The values as PostgreSQL reads an array, to be cast to its type: `{1,2}` or `{"a","b"}`; None is NULL."""
    elements = list(values)
    kinds = set(map(type, elements))
    if kinds == {str}:
        quoted = '","'.join(map(str, elements))
        # No quotes but those between the elements, and nothing else to be written otherwise.
        if "\\" not in quoted and quoted.count('"') == 2 * (len(elements) - 1):
            return f'{{"{quoted}"}}'
    # Ids, nearly always.
    write = str if kinds == {int} else _element
    return "{" + ",".join(map(write, elements)) + "}"


def _element(value: int | str | None) -> str:
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    return "NULL" if value is None else str(int(value))


class Among(models.Lookup[Any]):
    """`field__among=values`: any of these integers or texts; nothing for none. The values are compared as they are."""

    lookup_name = "among"
    prepare_rhs = False

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, tuple[str | int, ...]]:
        column, parameters = self.process_lhs(compiler, connection)
        field = self.lhs.output_field
        # A foreign key's column has the type of what it refers to. As `varchar(20)` a longer value would lose its end.
        referred = getattr(field, "target_field", field)
        kind = "text" if isinstance(referred, models.CharField) else referred.rel_db_type(connection)
        return f"{column} = ANY(%s::{kind}[])", (*parameters, array_literal(self.rhs))


for field in (models.AutoField, models.BigAutoField, models.IntegerField, models.CharField, models.ForeignKey):
    field.register_lookup(Among)
