"""Rows as instances, without what Django does for each: many at once, on the way of each message."""

from __future__ import annotations

from typing import Any, TypeVar

from django.db import models
from django.db.models.base import ModelState

_Row = TypeVar("_Row", bound=models.Model)


def row_like(row: _Row, **values: Any) -> _Row:
    """A new row, not stored yet, with the values of `row` but for these, by their columns' attributes: a tenth of the time that
    making one takes."""
    made = type(row).__new__(type(row))
    made.__dict__.update(row.__dict__, _state=ModelState(), **values)
    return made


def rows_knowing(rows: models.QuerySet[_Row], *names: str) -> list[_Row]:
    """The rows as `only(*names)` gives them (another column is asked for when it is read), in a fifth of the time: nothing
    listens to the making of one."""
    columns = ["pk", *names]
    fields = [rows.model._meta.pk if name == "pk" else rows.model._meta.get_field(name) for name in columns]
    attributes = [field.attname for field in fields if isinstance(field, models.Field)]
    found = []
    for values in rows.values_list(*attributes):
        made = rows.model.__new__(rows.model)
        made.__dict__.update(zip(attributes, values, strict=True), _state=ModelState())
        made._state.adding, made._state.db = False, rows.db
        found.append(made)
    return found
