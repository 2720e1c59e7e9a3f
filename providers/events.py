"""Who wants to know what a provider reports: the apps above register handlers per type of event.

A handler is called as `handler(account_id, event)`, once per event and run of a delivery; it must be idempotent.
Apps register in `AppConfig.ready` by importing their `receivers`.

A handler may have a second form for many events at once, `in_bulk`. It applies those it can exactly as the handler would, one
after the other, in the caller's transaction, and returns the positions of those it left: the handler gets these.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set
from typing import Any, TypeVar

from providers.contracts import Event

EventT = TypeVar("EventT", bound=Event)

Handler = Callable[[int, Any], None]
BulkHandler = Callable[[Sequence[tuple[int, Any]]], Set[int]]


class CannotHandle(Exception):
    """An event that cannot be applied as things are. Its message is kept with the delivery: a sentence without personal data."""


_HANDLERS: dict[type[Any], list[Handler]] = {}
_IN_BULK: dict[Handler, BulkHandler] = {}


def handles(
    event_type: type[EventT], *, in_bulk: BulkHandler | None = None
) -> Callable[[Callable[[int, EventT], None]], Callable[[int, EventT], None]]:
    """Register the decorated function for events of exactly this type, with its form for many at once if it has one."""

    def register(handler: Callable[[int, EventT], None]) -> Callable[[int, EventT], None]:
        handlers = _HANDLERS.setdefault(event_type, [])
        if handler not in handlers:
            handlers.append(handler)
        if in_bulk is not None:
            _IN_BULK[handler] = in_bulk
        return handler

    return register


def handlers_for(event: Event) -> tuple[Handler, ...]:
    """The handlers of the event's type, in order of registration."""
    return tuple(_HANDLERS.get(type(event), ()))


def bulk_form_of(handler: Handler) -> BulkHandler | None:
    """The handler's form for many events at once, if it has one."""
    return _IN_BULK.get(handler)
