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
