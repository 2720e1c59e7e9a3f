"""Who wants to know what a provider reports: the apps above register handlers per type of event.

A handler is called as `handler(account_id, event)`, once per event and run of a delivery; it must be idempotent.
Apps register in `AppConfig.ready` by importing their `receivers`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from providers.contracts import Event

EventT = TypeVar("EventT", bound=Event)

Handler = Callable[[int, Any], None]


class CannotHandle(Exception):
    """An event that cannot be applied as things are. Its message is kept with the delivery: a sentence without personal data."""


_HANDLERS: dict[type[Any], list[Handler]] = {}


def handles(event_type: type[EventT]) -> Callable[[Callable[[int, EventT], None]], Callable[[int, EventT], None]]:
    """Register the decorated function for events of exactly this type."""

    def register(handler: Callable[[int, EventT], None]) -> Callable[[int, EventT], None]:
        handlers = _HANDLERS.setdefault(event_type, [])
        if handler not in handlers:
            handlers.append(handler)
        return handler

    return register


def handlers_for(event: Event) -> tuple[Handler, ...]:
    """The handlers of the event's type, in order of registration."""
    return tuple(_HANDLERS.get(type(event), ()))
