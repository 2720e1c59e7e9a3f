"""Many new rows by COPY, as text that is made column by column: what all rows have in common is written down once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from operator import itemgetter
from typing import Any
from uuid import UUID

import orjson
from django.db import connection, models

_Text = Callable[[Any], str]


class JsonText(str):
    """What a JSON column of a row to be copied is to hold, written already."""

    __slots__ = ()


def rows_copy(model: type[models.Model], rows: Sequence[Any], *, left_out: str = "") -> None:
    """Store these new rows of `model` in the caller's transaction, but for the column `left_out`, whose default counts."""
    if not rows:
        return
    fields = [field for field in model._meta.concrete_fields if field.column != left_out]
    columns = ", ".join(connection.ops.quote_name(field.column or "") for field in fields)
    # As they stand in the rows: each column asked for by its attribute costs a call.
    read = itemgetter(*(field.attname for field in fields))
    by_column = zip(*(read(row.__dict__) for row in rows), strict=True)
    texts = [_texts(field, values) for field, values in zip(fields, by_column, strict=True)]
    lines = "\n".join(map("\t".join, zip(*texts, strict=True)))
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY {connection.ops.quote_name(model._meta.db_table)} ({columns}) FROM STDIN") as copy,
    ):
        copy.write(lines + "\n")


def _texts(field: models.Field[Any, Any], values: Sequence[Any]) -> Sequence[str]:
    """The column's values as COPY reads them."""
    if isinstance(field, models.JSONField):
        values = [value if type(value) is JsonText else orjson.dumps(value).decode() for value in values]
    first = values[0]
    if values.count(first) == len(values):
        return [copy_text(first)] * len(values)
    kinds = set(map(type, values))
    if kinds <= _TEXTS:
        together = "".join(values)
        # Looked through once, and seldom with anything to escape.
        is_plain = "\\" not in together and "\n" not in together and "\t" not in together and "\r" not in together
        return values if is_plain else [_escaped(value) for value in values]
    write = _WRITERS.get(kinds.pop()) if len(kinds) == 1 else None
    return [(write or copy_text)(value) for value in values]


def copy_text(value: Any) -> str:
    """A value as a column of COPY's text format. Raises TypeError for a type that no column here has."""
    if value is None:
        return r"\N"
    write = _WRITERS.get(type(value))
    if write is not None:
        return write(value)
    for kind, other in _WRITERS.items():
        if isinstance(value, kind):
            return other(value)
    raise TypeError(f"{type(value).__name__} is stored by no COPY")


def _escaped(text: str) -> str:
    if "\\" in text:
        text = text.replace("\\", "\\\\")
    if "\n" in text or "\t" in text or "\r" in text:
        text = text.replace("\n", "\\n").replace("\t", "\\t").replace("\r", "\\r")
    return text


#: bool before int, which it is one of, and text's own `str` before what choices make of it.
_WRITERS: dict[type, _Text] = {
    str: lambda text: _escaped(str.__str__(text)),
    bool: lambda flag: "t" if flag else "f",
    int: str,
    datetime: datetime.isoformat,
    date: date.isoformat,
    Decimal: str,
    UUID: str,
}
#: Texts as they are; those of choices are written otherwise.
_TEXTS = {str, JsonText}
