"""What the apps above show on the pages of accounts, numbers and deliveries: they register a panel per kind of row.

A panel is called as `panel(request, row)` and returns HTML, or "" for nothing. It checks the reader's permissions itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from django.db.models import Model
from django.http import HttpRequest

ModelT = TypeVar("ModelT", bound=Model)
Panel = Callable[[HttpRequest, Any], str]

_PANELS: dict[type[Model], list[Panel]] = {}


def panel_of(
    model: type[ModelT],
) -> Callable[[Callable[[HttpRequest, ModelT], str]], Callable[[HttpRequest, ModelT], str]]:
    """Register the decorated function for the pages of `model`."""

    def register(panel: Callable[[HttpRequest, ModelT], str]) -> Callable[[HttpRequest, ModelT], str]:
        panels = _PANELS.setdefault(model, [])
        if panel not in panels:
            panels.append(panel)
        return panel

    return register


def panels_for(request: HttpRequest, row: Model) -> list[str]:
    """The panels of the row's page that have something to show, in order of registration."""
    shown = (panel(request, row) for panel in _PANELS.get(type(row), []))
    return [html for html in shown if html]
